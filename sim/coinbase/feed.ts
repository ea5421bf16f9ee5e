import type { Random } from '../../src/core/random.ts'
import type { FaultTarget } from '../faults/board.ts'
import type { Fill } from '../market/ledger.ts'
import type { Market } from '../market/market.ts'
import type { Connection } from './connection.ts'

/** One WebSocket service of the venue: its clients and what they are told. */
export interface Feed extends FaultTarget {
  readonly connections: number
  /** Clients that hold a subscription to trades. */
  readonly subscribers: number
  accept(connection: Connection): void
  /** Takes a client's message. */
  receive(connection: Connection, text: string): void
  forget(connection: Connection): void
  /** Passes a trade on to who wants it. */
  trade(fill: Fill): void
  /** A taker order is filled, whatever became of its trades on the way. */
  order(last: Fill): void
  /** A whole second of wall time. */
  second(timeUs: number): void
  /** A quarter of a second of wall time. */
  quarter(timeUs: number): void
  /** Every turn: deadlines, stalls, late acks. */
  tick(nowUs: number): void
}

/** What both feeds are built from. */
export interface FeedOptions {
  readonly market: Market
  readonly random: Random
  readonly nowUs: () => number
  /** A client that has not subscribed by then is cut. */
  readonly subscribeDeadlineMs: number
}

/** What both kinds of session keep of a muted symbol. */
export interface Mute {
  readonly untilUs: number
  /** The trade id heartbeats stay at; `null` tells the true one. */
  readonly frozenId: number | null
}

/** Whether `product` is muted at `timeUs`; forgets a mute that is over. */
export function isMuted(mutes: Map<string, Mute>, product: string, timeUs: number): boolean {
  const mute = mutes.get(product)
  if (mute === undefined) return false
  if (timeUs < mute.untilUs) return true
  mutes.delete(product)
  return false
}

/** Whether a client has let its time to subscribe pass; says so once. */
export function isOverdue(
  session: { readonly connection: Connection; greeted: boolean },
  nowUs: number,
  deadlineMs: number,
): boolean {
  if (session.greeted || nowUs - session.connection.openedUs <= deadlineMs * 1000) return false
  session.greeted = true
  return true
}

/** Returns a list in another order: acks name products in no particular one. */
export function shuffled(random: Random, list: Iterable<string>): readonly string[] {
  return [...list]
    .map((item) => ({ item, key: random.next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** Applies `act` to each connection that is open and not stalled; returns how many. */
export function forEachLive(
  connections: Iterable<Connection>,
  act: (connection: Connection) => void,
): number {
  let count = 0
  for (const connection of connections) {
    if (!connection.open || connection.stalled) continue
    act(connection)
    count += 1
  }
  return count
}
