import type { EventSink, FrameKind } from '../market/event.ts'
import type { Listing } from '../market/instrument.ts'
import type { RawRecord, RecordRequest } from '../market/record.ts'

/** Reads one record; pure and total: never throws, keeps no state, reads no clock. */
export type Decoder = (record: RawRecord, sink: EventSink) => FrameKind

/** One (channel, symbol) the collector wants to flow. */
export interface Subscription {
  readonly channel: string
  readonly symbol: string
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
  /** `ack`: every (channel, symbol) the venue holds for this connection now. */
  readonly acked?: readonly Subscription[]
  /** `error`: the venue's words. */
  readonly message?: string
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
  /** Text frames to send for these subscriptions. */
  subscribe(subscriptions: readonly Subscription[]): readonly string[]
  unsubscribe(subscriptions: readonly Subscription[]): readonly string[]
  route(frame: Uint8Array): Route
  readonly limits: {
    readonly connectsPerSecond: number
    readonly messagesPerSecond: number
    /** Silence of every channel for this long means the connection is dead. */
    readonly silenceMsMax: number
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
  | { readonly done: false; readonly request: RestRequest; readonly state: unknown }
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
  next(range: HistoryRange, previous: { page: PageSummary; state: unknown } | null): HistoryStep
  /** The venue's own one-minute candles over a span. */
  nextCandles(
    range: HistoryRange,
    previous: { page: PageSummary; state: unknown } | null,
  ): HistoryStep
}

/** One venue, whole: data and pure functions. */
export interface Venue {
  readonly id: string
  readonly name: string
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
