import type { Feed, Route } from '../venues/venue.ts'
import type { RequestLog } from './acks.ts'
import { applyAck, applyRefusal } from './acks.ts'
import type { FeedOptions } from './feed-options.ts'
import type { Line } from './line.ts'
import type { SubscriptionState, Subscriptions } from './subscriptions.ts'
import { noteAsked } from './subscriptions.ts'
import type { Stale } from './watchdog.ts'

/** Everything of a feed that outlives a connection. */
export interface FeedContext {
  readonly options: FeedOptions
  readonly feed: Feed
  readonly url: string
  /** The address as it may be told: without its secrets. */
  readonly shownUrl: string
  /** Counted over all connections. */
  readonly counts: { frames: number; bytes: number; paused: boolean }
  /** The venue's last words of complaint: a repeated one is not logged again. */
  readonly heard: { complaint: string }
}

/** What a connection that stands says and has asked for. */
export interface Conversation {
  readonly context: FeedContext
  readonly subscriptions: Subscriptions
  readonly requests: RequestLog
  readonly line: Line
}

/** Asks for subscriptions, or to be rid of them. */
export function request(
  { context, requests, line }: Conversation,
  kind: 'subscribe' | 'unsubscribe',
  subs: readonly SubscriptionState[],
): void {
  const ask = kind === 'subscribe' ? context.feed.subscribe : context.feed.unsubscribe
  line.say(requests.note(kind, ask(subs, requests.nextId)))
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

/** Writes into the diary what is not subscribed any more, of what it says is. */
export function leaveScope(context: FeedContext, subs: readonly SubscriptionState[]): void {
  const { diary, venue } = context.options
  for (const sub of subs) {
    if (!sub.inScope) continue
    sub.inScope = false
    const { channel, fact, symbol } = sub
    const symbols = symbol === '' ? [] : [symbol]
    diary.write({ event: 'unsubscribe', venue: venue.id, channel, symbols, fact })
  }
}

/** Takes a frame about the connection itself: an ack or a complaint. Neither closes it. */
export function hearControl(talk: Conversation, route: Route): void {
  const { context, subscriptions, requests } = talk
  if (route.kind === 'ack' && route.ack) {
    applyAck(subscriptions, { ack: route.ack, symbol: route.symbol }, requests)
  } else if (route.kind === 'error') hearComplaint(talk, route)
  const late = subscriptions.all.filter((sub) => sub.acked && !sub.inScope)
  if (late.length === 0) return
  enterScope(context, late)
  for (const { channel, symbol } of late) {
    context.options.incidents.close({ cause: 'refused', channel, symbol })
  }
}

function hearComplaint(talk: Conversation, route: Route): void {
  const { context, subscriptions, requests } = talk
  const { venue, log, incidents } = context.options
  const words = route.message ?? ''
  const facts = { venue: venue.id, words }
  const { refused, suspects } = applyRefusal(subscriptions, route, requests)
  if (suspects.length > 0) {
    log.warn(facts, `${venue.name} refuses a request of several; each is asked for by itself`)
    for (const sub of suspects) request(talk, 'subscribe', [sub])
    return
  }
  if (refused.length === 0) {
    if (words !== context.heard.complaint) log.warn(facts, `${venue.name} complains`)
    context.heard.complaint = words
    return
  }
  for (const symbol of new Set(refused.map((sub) => sub.symbol))) {
    log.warn(facts, `${venue.name} refuses ${symbol}; the other products go on`)
  }
  for (const { channel, symbol } of refused) {
    incidents.open({ cause: 'refused', channel, symbol, detail: words })
  }
  leaveScope(context, refused)
  if (subscriptions.all.every((sub) => sub.symbol === '' || sub.refused !== null)) {
    log.error(facts, `${venue.name} refuses every product; asking again, slowly`)
  }
}

/** Asks again for what was neither confirmed nor flows. */
export function askAgain(talk: Conversation, subs: readonly SubscriptionState[]): void {
  const { log, venue } = talk.context.options
  const names = subs.map((sub) => `${sub.channel} ${sub.symbol}`.trim())
  log.warn({ venue: venue.id, names }, `${venue.name} has not confirmed everything; asking again`)
  request(talk, 'subscribe', subs)
}

/** Drives one subscription anew and says so in the diary. */
export function redrive(talk: Conversation, stale: Stale, isProven: boolean): void {
  const { options } = talk.context
  const { sub, silentMs, why } = stale
  const { channel, symbol } = sub
  const { clock, venue, incidents } = options
  options.diary.write({ event: 'stale', venue: venue.id, channel, symbol, silentMs })
  const fromUs = clock.nowUs() - silentMs * 1000
  incidents.open({ cause: 'stale', channel, symbol, fromUs, detail: why })
  options.log.warn({ venue: venue.id, why }, `${symbol} ${channel} is stale: driven anew`)
  const { asks } = sub
  noteAsked(sub, clock.monotonicMs())
  sub.asks = asks
  // Asking first keeps what still flows. Where it is proven that nothing does, or asking did not
  // help, it is dropped and asked for anew: many venues do nothing for one they think they serve.
  if (isProven || sub.tries > 1) request(talk, 'unsubscribe', [sub])
  request(talk, 'subscribe', [sub])
}

/** Ends the incidents of subscriptions that flow again, or about which nobody complains. */
export function settleStale(talk: Conversation): void {
  const { incidents } = talk.context.options
  for (const incident of incidents.current) {
    const { cause, channel, symbol } = incident
    if (cause !== 'stale' || channel === null || symbol === null) continue
    const sub = talk.subscriptions.find(channel, symbol)
    if (sub === undefined || sub.tries === 0 || sub.freshMs > sub.triedMs) {
      incidents.close({ cause, channel, symbol })
    }
  }
}
