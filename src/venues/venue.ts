import type { EventSink, FrameKind } from '../market/event.ts'
import type { Listing } from '../market/instrument.ts'
import type { RawRecord, RecordRequest } from '../market/record.ts'
import type { BookSource } from './book-source.ts'
import type { SnapshotSource } from './snapshot-source.ts'

/** Reads one record; pure and total: never throws, keeps no state, reads no clock. */
export type Decoder = (record: RawRecord, sink: EventSink) => FrameKind

/** One (channel, symbol) the collector wants to flow. */
export interface Subscription {
  readonly channel: string
  readonly symbol: string
}

/**
 * What a venue says is subscribed on this connection.
 *
 * `whole`: these and no others (Coinbase). `added` and `removed`: these, beside what was said
 * before (Kraken). `request`: whatever was asked for under this id (Binance).
 */
export type Ack =
  | {
      readonly kind: 'whole' | 'added' | 'removed'
      readonly subscriptions: readonly Subscription[]
    }
  | { readonly kind: 'request'; readonly id: number }

/** A text frame to send, the id it bears where the venue repeats ids, and what it asks for. */
export interface Ask {
  readonly id: number
  readonly text: string
  readonly subscriptions: readonly Subscription[]
}

/**
 * What the collector learns of a frame, its only look inside.
 *
 * `data` flows on a subscription; `heartbeat` proves the connection and, with a `lastId`, is a
 * witness for its symbol; `ack` lists what the venue says is subscribed; `error` is the venue's
 * complaint; `unknown` is kept raw all the same.
 */
export interface Route {
  readonly kind: 'data' | 'heartbeat' | 'ack' | 'error' | 'unknown'
  readonly channel: string
  readonly symbol: string | null
  /** Highest trade id the frame speaks of, or -1. */
  readonly lastId: number
  /** Event time in epoch microseconds, or 0 where the frame has none. */
  readonly eventTimeUs: number
  readonly ack?: Ack
  /** `error`: the venue's words, and the id of the request they answer, where it says. */
  readonly message?: string
  readonly requestId?: number
  /** The venue announces that it will end this connection: another is opened beside it. */
  readonly endsSoon?: true
}

/** How to stream from a venue: data and pure functions; `collect` holds the socket. */
export interface Feed {
  /** Dialect of the frames that come. */
  readonly dialect: string
  readonly url: string
  /** The one channel whose trades are facts. */
  readonly factChannel: string
  /** Channels subscribed for each product, the fact channel among them. */
  readonly channels: readonly string[]
  /** Channels whose frames concern no product and are subscribed once. */
  readonly globalChannels: readonly string[]
  /** Channel of order books, subscribed only where books are asked for; `null` without one. */
  readonly bookChannel: string | null
  /** Text frames to send for these subscriptions; the first bears `id`, the next `id + 1` … */
  subscribe(subscriptions: readonly Subscription[], id: number): readonly Ask[]
  unsubscribe(subscriptions: readonly Subscription[], id: number): readonly Ask[]
  route(frame: Uint8Array): Route
  /** Text to send after so much of our own silence; `null` where ping frames do. */
  readonly keepAlive: { readonly text: string; readonly everyMs: number } | null
  readonly limits: {
    readonly connectsPerSecond: number
    readonly messagesPerSecond: number
    /** Silence of every channel, pings and pongs too, for this long: the connection is dead. */
    readonly silenceMsMax: number
    /** Ping frames we send so that a silent connection answers; `null` where none are wanted. */
    readonly pingEveryMs: number | null
    /** Age at which the venue cuts a connection; another is opened before. `null`: never. */
    readonly lifeMsMax: number | null
    /** A first subscription must be sent within this long of connecting. */
    readonly subscribeWithinMs: number
    readonly frameBytesMax: number
    /** Whether heartbeats name each symbol's last trade id. */
    readonly heartbeatWitness: boolean
  }
}

/** A REST request to make: the URL's path and query, without the host. */
export interface RestRequest {
  readonly channel: string
  readonly symbol: string | null
  readonly path: string
  /** What it costs of the venue's allowance. @default 1 */
  readonly weight?: number
}

/**
 * What an answer says beside, or instead of, what was asked for.
 *
 * `limited`: ask nothing for so long (`null`: for as long as the client thinks fit), then ask
 * again. `unavailable`: ask again with a pause. `refused`: a definite no. `slow_down`: the
 * answer stands, but the allowance is nearly used up: pause for so long.
 */
export type Heed =
  | { readonly kind: 'limited'; readonly afterMs: number | null; readonly message: string }
  | { readonly kind: 'unavailable' | 'refused'; readonly message: string }
  | { readonly kind: 'slow_down'; readonly afterMs: number }

/** An answer as it came, for {@link History.heed}. Header names are in lower case. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly nowUs: number
}

/** What the backfill driver learned of a page that came back, from its decoder. */
export interface PageSummary {
  readonly request: RestRequest
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Trades on the page, and its extreme ids and times; zeros when empty. */
  readonly count: number
  readonly leastId: number
  readonly greatestId: number
  readonly leastTimeUs: number
  readonly greatestTimeUs: number
}

/** History wanted: a half-open time span, and inclusive ids where they are known. */
export interface HistoryRange {
  readonly symbol: string
  readonly fromUs: number
  readonly toUs: number
  readonly firstId: number | null
  readonly lastId: number | null
}

/** A step of paging: ask this next (with state for the step after), or there is no more. */
export type HistoryStep =
  | {
      readonly done: false
      readonly request: RestRequest
      readonly state: unknown
      /**
       * The range's beginning is only looked for, by a bounded number of such steps: each looks
       * elsewhere, though in a quiet market it may find what the one before it found.
       */
      readonly isLook?: boolean
    }
  | { readonly done: true }

/** How to page a venue's history over REST. Pure; the driver holds the socket and the state. */
export interface History {
  readonly restUrl: string
  readonly dialect: string
  /** Requests per second sustained, and the burst above it. */
  readonly ratePerSecond: number
  readonly burst: number
  /** Headers of an answer worth keeping with the record, in lower case. */
  readonly headersKept: readonly string[]
  readonly listing: RestRequest
  /**
   * Requests that tell the newest trade of these symbols, asked when a symbol has been silent:
   * by trades (facts as any) or by a witness of the last id. `null` where heartbeats tell.
   */
  witness(symbols: readonly string[]): readonly RestRequest[] | null
  /** Reads complaints out of an answer, whatever its status; `null` for a plain answer. */
  heed(answer: Answer): Heed | null
  next(range: HistoryRange, previous: { page: PageSummary; state: unknown } | null): HistoryStep
  /** The venue's own one-minute candles over a span. */
  nextCandles(
    range: HistoryRange,
    previous: { page: PageSummary; state: unknown } | null,
  ): HistoryStep
}

/** How a venue's own one-minute candles differ from ours (WIRE-FORMATS 6). */
export interface CandleRules {
  /** What stands for a minute without trades, over each of the two ways. */
  readonly emptyMinutes: { readonly ws: 'omitted' | 'flat'; readonly rest: 'omitted' | 'flat' }
  /** How the venue's average price is cut to the price step; `none` where it gives none. */
  readonly vwap: 'none' | 'truncated'
  /** Fields its candles have beside open, high, low, close and volume. */
  readonly fields: readonly ('notional' | 'takerBuyVolume' | 'tradeCount' | 'vwap')[]
  /** How far back REST candles reach, in minutes; `null` for all of history. */
  readonly restMinutesMax: number | null
}

/** One venue, whole: data and pure functions. */
export interface Venue {
  readonly id: string
  readonly name: string
  /** `exchange`: it trades. `aggregator`: it tells of coins, in snapshots, and has no feed. */
  readonly kind: 'exchange' | 'aggregator'
  /** Products collected where none are named, `BASE-QUOTE`; coins of an aggregator. */
  readonly defaultProducts: readonly string[]
  /** The venue's likely symbol of a pair, where no listing is at hand. */
  spell(base: string, quote: string): string
  readonly candleRules: CandleRules
  /** How its order books are kept; `null` where they are not. */
  readonly books: BookSource | null
  /** How its snapshots are asked for; `null` of an exchange. */
  readonly snapshots: SnapshotSource | null
  /** Feeds by name; the first is the default. */
  readonly feeds: Readonly<Record<string, Feed>>
  readonly history: History
  /** Decoders by dialect. */
  readonly decoders: Readonly<Record<string, Decoder>>
  /** Reads a capture's REST answer or frame into a dialect and channel for `replay`. */
  classify(url: string, kind: 'ws' | 'rest'): { readonly dialect: string; readonly channel: string }
  /** The listing's products, from one listing record. */
  listings(record: RawRecord): readonly Listing[]
}

/** Keeps only the named headers of an answer, in lower case. */
export function keepHeaders(
  headers: Iterable<readonly [string, string]>,
  kept: readonly string[],
): NonNullable<RecordRequest['headers']> {
  const out: Record<string, string> = {}
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (kept.includes(lower)) out[lower] = value
  }
  return out
}
