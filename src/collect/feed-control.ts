import type { Feed, Route } from '../venues/venue.ts'
import type { FeedOptions } from './feed-options.ts'
import { createRateBudget } from './rate-budget.ts'
import type { Socket } from './socket.ts'
import type { SubscriptionState, Subscriptions } from './subscriptions.ts'
import { applyAck, applyRefusal } from './subscriptions.ts'
import type { Stale } from './watchdog.ts'

/** Everything of a feed that outlives a connection. */
export interface FeedContext {
  readonly options: FeedOptions
  readonly feed: Feed
  readonly url: string
  /** The address as it may be told: without its secrets. */
  readonly shownUrl: string
  readonly subscriptions: Subscriptions
  /** Counted over all connections. */
  readonly counts: { frames: number; bytes: number; paused: boolean }
  /** The venue's last words of complaint: a repeated one is not logged again. */
  readonly heard: { complaint: string }
  readonly onOpen: () => void
}

/** Sends text frames, in order. */
export type Speaker = (texts: readonly string[]) => void

/** Returns a speaker that is no faster than the venue bears; what waits is dropped on abort. */
export function createSpeaker(
  context: FeedContext,
  to: { readonly socket: Socket; readonly signal: AbortSignal },
): Speaker {
  const ratePerSecond = context.feed.limits.messagesPerSecond
  const burst = Math.max(1, ratePerSecond)
  const budget = createRateBudget({ ratePerSecond, burst, clock: context.options.clock })
  const say = async (text: string) => {
    await budget.take('live', to.signal).catch(() => undefined)
    if (!to.signal.aborted) to.socket.send(text)
  }
  let line = Promise.resolve()
  return (texts) => {
    for (const text of texts) line = line.then(() => say(text))
  }
}

/** Writes into the diary what is now subscribed, an entry per channel. */
export function enterScope(context: FeedContext, subs: readonly SubscriptionState[]): void {
  const { options, feed } = context
  for (const [channel, members] of Map.groupBy(subs, (sub) => sub.channel)) {
    const symbols = members.map((sub) => sub.symbol).filter((symbol) => symbol !== '')
    for (const sub of members) sub.inScope = true
    const fact = channel === feed.factChannel
    options.diary.write({ event: 'subscribe', venue: options.venue.id, channel, symbols, fact })
  }
}

/** Takes a frame about the connection itself: an ack or a complaint. Neither closes it. */
export function hearControl(context: FeedContext, route: Route): void {
  const { subscriptions } = context
  if (route.kind === 'ack') applyAck(subscriptions, route.acked ?? [])
  else if (route.kind === 'error') hearComplaint(context, route)
  const late = subscriptions.all.filter((sub) => sub.acked && !sub.inScope)
  if (late.length > 0) enterScope(context, late)
}

function hearComplaint(context: FeedContext, route: Route): void {
  const { options, subscriptions } = context
  const { diary, venue, log } = options
  const facts = { venue: venue.id, words: route.message }
  const refused = applyRefusal(subscriptions, route)
  if (refused.length === 0) {
    const complaint = route.message ?? ''
    if (complaint !== context.heard.complaint) log.warn(facts, `${venue.name} complains`)
    context.heard.complaint = complaint
    return
  }
  for (const symbol of new Set(refused.map((sub) => sub.symbol))) {
    log.warn(facts, `${venue.name} refuses ${symbol}; the other products go on`)
  }
  for (const sub of refused) {
    if (!sub.inScope) continue
    sub.inScope = false
    const { channel, fact, symbol } = sub
    diary.write({ event: 'unsubscribe', venue: venue.id, channel, symbols: [symbol], fact })
  }
  if (subscriptions.all.every((sub) => sub.symbol === '' || sub.refused !== null)) {
    log.error(facts, `${venue.name} refuses every product; asking again, slowly`)
  }
}

/** Asks again for what was neither confirmed nor flows. */
export function askAgain(
  context: FeedContext,
  subs: readonly SubscriptionState[],
  speak: Speaker,
): void {
  const { log, venue } = context.options
  const names = subs.map((sub) => `${sub.channel} ${sub.symbol}`.trim())
  log.warn({ venue: venue.id, names }, `${venue.name} has not confirmed everything; asking again`)
  speak(context.feed.subscribe(subs))
}

/** Drives one subscription anew and says so in the diary. */
export function redrive(context: FeedContext, stale: Stale, speak: Speaker): void {
  const { feed, options } = context
  const { sub, silentMs, why } = stale
  const { channel, symbol } = sub
  options.diary.write({ event: 'stale', venue: options.venue.id, channel, symbol, silentMs })
  options.log.warn({ venue: options.venue.id, why }, `${symbol} ${channel} is stale: driven anew`)
  sub.askedMs = options.clock.monotonicMs()
  // Asking first keeps what still flows; only when that did not help is it dropped and asked anew.
  if (sub.tries > 1) speak(feed.unsubscribe([sub]))
  speak(feed.subscribe([sub]))
}
