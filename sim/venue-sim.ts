import type { Random } from '../src/core/random.ts'
import type { FaultRequest, OpenFault } from './faults/fault.ts'
import type { SymbolFaults } from './faults/symbol-faults.ts'
import type { BookTop } from './market/depth-book.ts'
import type { Fill } from './market/ledger.ts'
import type { Market } from './market/market.ts'
import type { Bans } from './service/bans.ts'
import type { CandleHoles } from './service/candle-holes.ts'
import type { Connection } from './service/connection.ts'
import type { RateLimitOptions } from './service/rate-limit.ts'
import type { RestAnswer } from './service/rest-answer.ts'
import type { VenueId } from './venue-id.ts'

/**
 * Fills of one taker order that the venue tells in one frame of its fact channel: never empty,
 * of one product, their ids contiguous and ascending. Faults lose, repeat and delay it whole.
 */
export type Print = readonly Fill[]

/** Clocks too long to wait for, in milliseconds, already scaled. */
export interface LongClocks {
  /** A connection is ended when it is this old. 24 h on Binance.US. */
  readonly connectionLifeMs: number
  /** How often the server pings. 3 min on Binance.US. */
  readonly pingEveryMs: number
  /** How long the server waits for the pong. 10 min on Binance.US. */
  readonly pongWithinMs: number
  /** The shortest ban. 2 min on Binance.US. */
  readonly banMs: number
  /** A connection without any traffic is ended after so long. 1 min on Kraken, never scaled. */
  readonly idleMs: number
}

/** Counters of one venue since the start. */
export interface VenueCounters {
  framesSent: number
  bytesSent: number
  slowConsumersCut: number
  upgrades: number
  upgradesRefused: number
  restRequests: number
  restLimited: number
  /** REST requests in spite of an unexpired ban or `Retry-After`. */
  requestsWhileBanned: number
  /** Client messages beyond what the venue allows; the feed counts them. */
  messagesOverLimit: number
  /** Upgrades asked for, refused ones too, by client address. */
  readonly connectsPerIp: Record<string, number>
}

/** What a venue is built from. Each venue has its own market, seeded by its name. */
export interface VenueContext {
  readonly market: Market
  /** Draws scenery (order of acks, lateness); never what is traded. */
  readonly random: Random
  readonly nowUs: () => number
  readonly clocks: LongClocks
  readonly counters: VenueCounters
  /**
   * Faults that lie in wait for a subscription, a candle or a book of one product:
   * `ack_withheld`, `reject`, `kline_late`, `kline_missing`, `book_corrupt`. A feed asks
   * `take(kind, product)` where one strikes.
   */
  readonly symbolFaults: SymbolFaults
  /** Minutes that REST candles lack (`kline_hole`): ask `has(product, openTimeUs)`. */
  readonly candleHoles: CandleHoles
  /** Clients that may not ask for now; a venue's own limit may `start` a ban too. */
  readonly bans: Bans
  /**
   * Notes that trades of the fact channel went out to somebody (`Connection.send` said true),
   * in an update or in a snapshot: what is never told is what a client has to find and repair.
   */
  readonly told: (product: string, firstId: number, lastId: number) => void
  /** A client that has not subscribed by then is cut, where the venue does so. */
  readonly subscribeDeadlineMs: number
  /** Limits of the test's choosing: `undefined` for the venue's own, `null` for none. */
  readonly rateLimit: RateLimitOptions | null | undefined
  /** Whether an answer of the rate limit says when to come back, where the venue does not. */
  readonly retryAfter: boolean
}

/** What a feed can be made to do to its clients; each returns how many connections it hit. */
export interface FaultTarget {
  /** Stalls every live connection: see `Connection.stall`. */
  stall(fault: OpenFault, untilUs: number): number
  /** Stops a product's trades until `untilUs` or until it is subscribed to again. */
  mute(product: string, mute: Mute): number
  /** Sends a spoilt copy of the product's last trade frame; `garbageBytes` makes it. */
  garbage(request: FaultRequest, product: string): number
  /** Sends one frame of `bytes`. */
  oversized(bytes: number): number
  /** Closes every connection with a code, or resets it. */
  disconnect(code: number | null): number
  /** Ends every connection by the venue's own rule, with the manners it has for that. */
  plannedCut(): number
  /** Holds the next `count` acks back for `ms`; data goes first. */
  delayAcks(ms: number, count: number): void
}

/** What a session keeps of a muted symbol. */
export interface Mute {
  readonly fault: OpenFault
  readonly untilUs: number
  /** The trade id heartbeats stay at; `null` tells the true one. */
  readonly frozenId: number | null
}

/** One WebSocket service of a venue: its clients and what they are told. */
export interface Feed extends FaultTarget {
  readonly connections: number
  /** Clients that hold a subscription to trades. */
  readonly subscribers: number
  /** Takes a new client; `url` is its request's, path and query as sent. */
  accept(connection: Connection, url: URL): void
  /** Takes a client's message. */
  receive(connection: Connection, text: string): void
  /** Takes a client's ping (its pong is already sent) or pong, where the venue cares. */
  heard?(connection: Connection, frame: 'ping' | 'pong'): void
  forget(connection: Connection): void
  /** Passes a print on to who wants it. Use `isWithheld` per session, `told` once. */
  trade(print: Print): void
  /** A taker order is filled, whatever became of its trades on the way. */
  order(last: Fill): void
  /** A whole second of market time; every trade before it was offered. */
  second(timeUs: number): void
  /** A quarter of a second of market time. */
  quarter(timeUs: number): void
  /** Every turn (5 ms): deadlines, stalls (`connection.tick`), late acks. */
  tick(nowUs: number): void
}

/** One REST request, as much of it as the answer depends on. */
export interface RestRequest {
  /** Without the venue's prefix: `/products`, `/api/v3/klines`, `/0/public/OHLC`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly address: string
  readonly nowUs: number
  readonly nowMs: number
}

/** How a fault bends a page: rows kept (0 for none), or rows repeated that were told before. */
export interface PageBend {
  /** Rows kept, counted from where the page starts; `null` for all. */
  readonly rowsMax: number | null
  /** Rows put before the page's first that a client walking on already has. */
  readonly overlap: number
}

/** A page as the venue means it. */
export const WHOLE_PAGE: PageBend = { rowsMax: null, overlap: 0 }

/** Why a request is turned down. */
export interface Refusal {
  /** `limited`: too fast. `banned`: asked during a ban. `failed`: the venue has a problem. */
  readonly reason: 'limited' | 'banned' | 'failed'
  /** HTTP status the fault asks for; `null` leaves it to the venue. */
  readonly status: number | null
  /** When to come back; `null` does not say. */
  readonly retryAfterSeconds: number | null
  /** End of the ban, epoch microseconds, where there is one. */
  readonly untilUs: number | null
}

/** The REST side of a venue. What it says is JSON text; faults and bans come around it. */
export interface VenueRest {
  /** Part of the path under which trades are paged: where page faults strike by default. */
  readonly tradesPath: string
  /** The venue's own rate limit: the refusal of this request, or `null` to let it pass. */
  admit(request: RestRequest): RestAnswer | null
  /**
   * Answers; an unknown path with the venue's own "not found". Rows of trades leave out what
   * `ledger.isHidden(id)` (REST lacks them for good), rows of candles what `candleHoles` has.
   */
  answer(request: RestRequest, bend: PageBend): RestAnswer
  /** Returns the venue's words for a refusal. */
  refuse(refusal: Refusal): RestAnswer
}

/** One simulated venue: a feed per WebSocket service, and REST. */
export interface VenueSim {
  readonly id: VenueId
  /** Empty where there is REST only. */
  readonly feeds: readonly Feed[]
  readonly rest: VenueRest
  /** The feed that serves an upgrade of this path (the venue's prefix cut off), if any. */
  feedAt(path: string): Feed | null
  /** Cuts the fills of one taker order into the frames the venue tells them in. */
  prints(fills: readonly Fill[]): readonly Print[]
  /** The best of a product's book as it is told; `null` where it is told nobody. */
  bookTop?(product: string): BookTop | null
}
