import type { Feed, Route, Subscription } from '../venues/venue.ts'
import type { Pace } from './pace.ts'
import { createPace, learnGap } from './pace.ts'

/**
 * One (channel, symbol) that is wanted, beside what the venue says of it and what flows.
 *
 * What is known of it goes on from connection to connection; see {@link succeed}. Times ending
 * in `Ms` are monotonic; -1 stands for never.
 */
export interface SubscriptionState extends Subscription {
  /** The venue's symbol; empty for a channel that concerns no product. */
  readonly symbol: string
  readonly fact: boolean
  /** Whether it is the order book's: its breaks are told by silver, not by its silence. */
  readonly book: boolean
  readonly pace: Pace
  /** Whether its frames are heartbeats. */
  heartbeat: boolean
  /** Whether the venue has said, on this connection, that it is subscribed. */
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
  /** The id a heartbeat named ahead of `lastId` (of a fact), and since when data is owed. */
  owedId: number
  owedSinceMs: number
  /** Re-drives of this suspicion, when the last was, and fruitless ones since data flowed. */
  tries: number
  triedMs: number
  doubts: number
  /** When this subscription may next cost the whole connection, and how often it did. */
  escalateAtMs: number
  escalations: number
  /** The newest trade known to be none of this subscription's debts; -1 while not known. */
  clearedId: number
  /** Of a fact: proofs of missed trades in a row. Of others: trades that did not move it. */
  strikes: number
  /** Whether REST is being asked about it, when it last was, and when it may be on suspicion. */
  witnessing: boolean
  witnessedMs: number
  witnessAtMs: number
  /** Times in a row that REST gave no answer. */
  unheard: number
}

/** All subscriptions of a connection. */
export interface Subscriptions {
  readonly all: readonly SubscriptionState[]
  find(channel: string, symbol: string): SubscriptionState | undefined
  /** Every subscription of one symbol. */
  of(symbol: string): Iterable<SubscriptionState>
  /** The fact subscription of a symbol. */
  fact(symbol: string): SubscriptionState | undefined
}

/** What a feed should carry. */
export interface Wanted {
  readonly feed: Feed
  readonly products: readonly string[]
  /** Order books as well, where the feed has them. */
  readonly books: boolean
}

/** Returns what a feed should carry; paces are looked up by `paceOf`. */
export function createSubscriptions(
  { feed, products, books }: Wanted,
  paceOf: (channel: string, symbol: string) => Pace | undefined,
): Subscriptions {
  const channels = [...feed.channels]
  if (books && feed.bookChannel !== null) channels.push(feed.bookChannel)
  const make = (channel: string, symbol: string): SubscriptionState => ({
    ...IDLE,
    channel,
    symbol,
    fact: channel === feed.factChannel,
    book: channel === feed.bookChannel,
    pace: { ...(paceOf(channel, symbol) ?? createPace()) },
  })
  return indexed([
    ...products.flatMap((symbol) => channels.map((channel) => make(channel, symbol))),
    ...feed.globalChannels.map((channel) => make(channel, '')),
  ])
}

/**
 * Returns the subscriptions in `wanted` for a connection that stands beside the present one, or
 * follows it: what is known of each goes on, and frames are counted from 0.
 */
export function succeed(present: Subscriptions, wanted: Subscriptions): Subscriptions {
  return indexed(
    wanted.all.map((sub) => {
      const known = present.find(sub.channel, sub.symbol) ?? sub
      return { ...known, frames: 0, witnessing: false }
    }),
  )
}

/** Adds to `next` what its predecessor counted and saw while both stood. */
export function carryOver(next: Subscriptions, before: Subscriptions): void {
  for (const sub of next.all) {
    const old = before.find(sub.channel, sub.symbol)
    if (old === undefined) continue
    sub.frames += old.frames
    sub.lastId = Math.max(sub.lastId, old.lastId)
    sub.lastEventTimeUs = Math.max(sub.lastEventTimeUs, old.lastEventTimeUs)
    if (old.heartbeat) sub.heartbeat = true
  }
}

function indexed(all: readonly SubscriptionState[]): Subscriptions {
  const bySymbol = new Map<string, Map<string, SubscriptionState>>()
  const facts = new Map<string, SubscriptionState>()
  for (const sub of all) {
    const channels = bySymbol.get(sub.symbol) ?? new Map<string, SubscriptionState>()
    bySymbol.set(sub.symbol, channels.set(sub.channel, sub))
    if (sub.fact) facts.set(sub.symbol, sub)
  }
  return {
    all,
    find: (channel, symbol) => bySymbol.get(symbol)?.get(channel),
    of: (symbol) => bySymbol.get(symbol)?.values() ?? [],
    fact: (symbol) => facts.get(symbol),
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
  clearedId: -1,
  strikes: 0,
  witnessing: false,
  witnessedMs: -1,
  witnessAtMs: 0,
  unheard: 0,
}

/** Forgets what belonged to the last connection; every subscription is about to be asked for. */
export function resetForConnection(subscriptions: Subscriptions, nowMs: number): void {
  for (const sub of subscriptions.all) {
    sub.acked = false
    sub.seenMs = -1
    sub.asks = 0
    sub.freshMs = nowMs
    sub.tries = 0
    sub.triedMs = -1
    noteAsked(sub, nowMs)
  }
}

/** Notes that a subscription is asked for now: what was missed before is none of its debts. */
export function noteAsked(sub: SubscriptionState, nowMs: number): void {
  sub.askedMs = nowMs
  sub.asks += 1
  sub.owedSinceMs = -1
  sub.clearedId = -1
  sub.strikes = 0
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
  const moved = route.eventTimeUs > sub.lastEventTimeUs
  if (moved) {
    // The gap across a connection is the outage's, not the market's.
    const gapMs = (route.eventTimeUs - sub.lastEventTimeUs) / 1000
    if (sub.freshMs > sub.askedMs) learnGap(sub.pace, gapMs)
    sub.lastEventTimeUs = route.eventTimeUs
    sub.freshMs = now.ms
    sub.doubts = 0
    sub.strikes = 0
  }
  if (route.kind === 'heartbeat') {
    sub.heartbeat = true
    const fact = subscriptions.fact(symbol)
    if (fact !== undefined) hearWitness(fact, route.lastId, now.ms)
    return
  }
  if (route.lastId > sub.lastId) sub.lastId = route.lastId
  if (!sub.fact) {
    sub.owedSinceMs = -1
    sub.strikes = 0
    return
  }
  if (route.lastId > sub.clearedId) sub.clearedId = route.lastId
  if (sub.owedSinceMs >= 0 && sub.lastId >= sub.owedId) sub.owedSinceMs = -1
  if (moved) oweCompanions(subscriptions, symbol, now.ms)
}

// A venue that names id 0 or none says nothing (Coinbase sent 0 for a year).
function hearWitness(fact: SubscriptionState, lastId: number, nowMs: number): void {
  if (lastId <= 0 || lastId <= fact.lastId || fact.owedSinceMs >= 0) return
  fact.owedId = lastId
  fact.owedSinceMs = nowMs
}

/** A trade moves the symbol's ticker and candle as well: their frames are owed from now. */
function oweCompanions(subscriptions: Subscriptions, symbol: string, nowMs: number): void {
  for (const sub of subscriptions.of(symbol)) {
    if (sub.fact || sub.book || sub.heartbeat) continue
    // Of a channel that never moved it is not known what moves it.
    if (sub.pace.samples === 0) continue
    sub.strikes += 1
    if (sub.owedSinceMs < 0) sub.owedSinceMs = nowMs
  }
}

/** Whether frames have come since it was last asked for. */
export function isFlowing(sub: SubscriptionState): boolean {
  return sub.seenMs >= sub.askedMs && sub.seenMs >= 0
}
