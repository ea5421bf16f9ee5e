import type { Feed, Route, Subscription } from '../venues/venue.ts'
import type { Pace } from './pace.ts'
import { createPace, learnGap } from './pace.ts'

/**
 * One (channel, symbol) that is wanted, beside what the venue says of it and what flows.
 *
 * Lives as long as the feed, not as long as a connection. Times ending in `Ms` are monotonic;
 * -1 stands for never.
 */
export interface SubscriptionState extends Subscription {
  /** The venue's symbol; empty for a channel that concerns no product. */
  readonly symbol: string
  readonly fact: boolean
  readonly pace: Pace
  /** Whether its frames are heartbeats. */
  heartbeat: boolean
  /** Whether the venue's last ack of this connection names it. */
  acked: boolean
  /** The venue's words, while it refuses the product. */
  refused: string | null
  askedMs: number
  asks: number
  /** Whether the diary says that it is subscribed. */
  inScope: boolean
  frames: number
  lastId: number
  lastEventTimeUs: number
  lastReceivedUs: number
  /** When its last frame came, and when its event time last moved on. */
  seenMs: number
  freshMs: number
  /** The id a heartbeat named ahead of `lastId`, and since when it is owed. */
  owedId: number
  owedSinceMs: number
  /** Re-drives of this suspicion, when the last was, and fruitless ones since data flowed. */
  tries: number
  triedMs: number
  doubts: number
  /** When this subscription may next cost the whole connection, and how often it did. */
  escalateAtMs: number
  escalations: number
}

/** All subscriptions of a feed. */
export interface Subscriptions {
  readonly all: readonly SubscriptionState[]
  find(channel: string, symbol: string): SubscriptionState | undefined
  /** Every subscription of one symbol. */
  of(symbol: string): Iterable<SubscriptionState>
  /** The fact subscription of a symbol. */
  fact(symbol: string): SubscriptionState | undefined
}

/** Returns what `feed` should carry for these products; paces are looked up by `paceOf`. */
export function createSubscriptions(
  feed: Feed,
  products: readonly string[],
  paceOf: (channel: string, symbol: string) => Pace | undefined,
): Subscriptions {
  const make = (channel: string, symbol: string): SubscriptionState => ({
    ...IDLE,
    channel,
    symbol,
    fact: channel === feed.factChannel,
    pace: { ...(paceOf(channel, symbol) ?? createPace()) },
  })
  const all = [
    ...products.flatMap((symbol) => feed.channels.map((channel) => make(channel, symbol))),
    ...feed.globalChannels.map((channel) => make(channel, '')),
  ]
  const bySymbol = new Map<string, Map<string, SubscriptionState>>()
  for (const sub of all) {
    const channels = bySymbol.get(sub.symbol) ?? new Map<string, SubscriptionState>()
    bySymbol.set(sub.symbol, channels.set(sub.channel, sub))
  }
  return {
    all,
    find: (channel, symbol) => bySymbol.get(symbol)?.get(channel),
    of: (symbol) => bySymbol.get(symbol)?.values() ?? [],
    fact: (symbol) => bySymbol.get(symbol)?.get(feed.factChannel),
  }
}

const IDLE = {
  heartbeat: false,
  acked: false,
  refused: null,
  askedMs: -1,
  asks: 0,
  inScope: false,
  frames: 0,
  lastId: -1,
  lastEventTimeUs: 0,
  lastReceivedUs: 0,
  seenMs: -1,
  freshMs: -1,
  owedId: -1,
  owedSinceMs: -1,
  tries: 0,
  triedMs: -1,
  doubts: 0,
  escalateAtMs: 0,
  escalations: 0,
}

/** Forgets what belonged to the last connection; every subscription is about to be asked for. */
export function resetForConnection(subscriptions: Subscriptions, nowMs: number): void {
  for (const sub of subscriptions.all) {
    sub.acked = false
    sub.askedMs = nowMs
    sub.asks = 1
    sub.seenMs = -1
    sub.freshMs = nowMs
    sub.owedSinceMs = -1
    sub.tries = 0
    sub.triedMs = -1
  }
}

/** Notes one frame of data or heartbeat; the one piece of bookkeeping done for every frame. */
export function observeFrame(
  subscriptions: Subscriptions,
  route: Route,
  now: { readonly us: number; readonly ms: number },
): void {
  const symbol = route.symbol ?? ''
  const sub = subscriptions.find(route.channel, symbol)
  if (sub === undefined) return
  sub.frames += 1
  sub.seenMs = now.ms
  sub.lastReceivedUs = now.us
  if (route.eventTimeUs > sub.lastEventTimeUs) {
    // The gap across a connection is the outage's, not the market's.
    const gapMs = (route.eventTimeUs - sub.lastEventTimeUs) / 1000
    if (sub.freshMs > sub.askedMs) learnGap(sub.pace, gapMs)
    sub.lastEventTimeUs = route.eventTimeUs
    sub.freshMs = now.ms
    sub.doubts = 0
  }
  if (route.kind === 'heartbeat') {
    sub.heartbeat = true
    const fact = subscriptions.fact(symbol)
    if (fact !== undefined) hearWitness(fact, route.lastId, now.ms)
    return
  }
  if (route.lastId > sub.lastId) sub.lastId = route.lastId
  if (sub.owedSinceMs >= 0 && sub.lastId >= sub.owedId) sub.owedSinceMs = -1
}

// A venue that names id 0 or none says nothing (Coinbase sent 0 for a year).
function hearWitness(fact: SubscriptionState, lastId: number, nowMs: number): void {
  if (lastId <= 0 || lastId <= fact.lastId || fact.owedSinceMs >= 0) return
  fact.owedId = lastId
  fact.owedSinceMs = nowMs
}

/** Takes an ack, the venue's whole word on what this connection carries. */
export function applyAck(subscriptions: Subscriptions, acked: readonly Subscription[]): void {
  const held = new Set(acked.map(({ channel, symbol }) => `${channel} ${symbol}`))
  const channels = new Set(acked.map(({ channel }) => channel))
  for (const sub of subscriptions.all) {
    const { channel, symbol } = sub
    sub.acked = symbol === '' ? channels.has(channel) : held.has(`${channel} ${symbol}`)
    if (sub.acked) sub.refused = null
  }
}

/**
 * Marks as refused what a complaint of the venue is about: the unacknowledged subscriptions of
 * the symbol it names. Returns those that were not refused before.
 */
export function applyRefusal(
  subscriptions: Subscriptions,
  route: Route,
): readonly SubscriptionState[] {
  const words = route.message ?? ''
  const fresh: SubscriptionState[] = []
  for (const sub of subscriptions.all) {
    if (sub.symbol === '' || sub.acked) continue
    if (route.symbol === null ? !names(words, sub.symbol) : route.symbol !== sub.symbol) continue
    if (sub.refused === null) fresh.push(sub)
    sub.refused = words
  }
  return fresh
}

/** Whether `words` name the symbol by itself: `BTC-USDC` does not name `BTC-USD`. */
function names(words: string, symbol: string): boolean {
  for (let at = words.indexOf(symbol); at >= 0; at = words.indexOf(symbol, at + 1)) {
    const around = (words[at - 1] ?? ' ') + (words[at + symbol.length] ?? ' ')
    if (!/[\w/-]/.test(around)) return true
  }
  return false
}

/** Whether frames have come since it was last asked for. */
export function isFlowing(sub: SubscriptionState): boolean {
  return sub.seenMs >= sub.askedMs && sub.seenMs >= 0
}
