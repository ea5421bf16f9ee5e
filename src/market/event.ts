import type { Listing } from './instrument.ts'
import type { MarketSnapshot } from './snapshot.ts'
import type { TradeSlot } from './trade.ts'

/**
 * What one frame turned out to be.
 *
 * `event` carries facts; `control` is about the connection (acks, heartbeats, errors);
 * `raw_only` is understood and kept in bronze but not turned into facts; `rejected` could
 * not be understood as what it claims to be.
 */
export type FrameKind = 'event' | 'control' | 'raw_only' | 'rejected'

/** Why data was refused; a closed list, because reasons are counted and re-driven by name. */
export type RejectReason =
  | 'malformed'
  | 'not_json'
  | 'missing_field'
  | 'bad_id'
  | 'bad_time'
  | 'bad_decimal'
  | 'bad_symbol'
  | 'bad_side'
  | 'not_positive'
  | 'too_precise'
  | 'time_implausible'
  | 'unknown_dialect'
  | 'conflict'
  | 'fold_failed'

/** One refusal: of an event, or of a whole frame when `item` is 0 and nothing was read. */
export interface Rejection {
  readonly item: number
  readonly reason: RejectReason
  /** One sentence for a person; holds no secret and at most 200 characters. */
  readonly detail: string
  /** Byte offset within the payload where reading failed, or 0. */
  readonly offset: number
}

/** A venue's own candle: a witness beside the candles folded from trades. */
export interface VenueCandle {
  readonly item: number
  readonly symbol: string
  readonly openTimeUs: number
  /** Length of the candle in microseconds. */
  readonly intervalUs: number
  /** Canonical decimal text, here and below. */
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  /** `null` where the venue does not say, here and below. */
  readonly notional: string | null
  readonly takerBuyVolume: string | null
  readonly tradeCount: number | null
  /** The venue's own volume-weighted average price, by its own rounding. */
  readonly vwap: string | null
  /** Whether the venue says, or its rules imply, that the candle will not change. */
  readonly closed: boolean
}

/** A venue's word on its newest trade of a symbol at a time: nothing after `lastId` before it. */
export interface Witness {
  readonly symbol: string
  readonly lastId: number
  /** The venue's clock, epoch microseconds. */
  readonly timeUs: number
}

/** Receives what a decoder finds in a record, in the order of the record. */
export interface EventSink {
  /** @param slot borrowed: read it before returning. */
  trade(slot: Readonly<TradeSlot>): void
  candle(candle: VenueCandle): void
  witness(witness: Witness): void
  listing(listing: Listing): void
  snapshot(snapshot: MarketSnapshot): void
  reject(rejection: Rejection): void
}

const ignore = () => {}

/** Takes nothing: for those who want events of one kind, and spread it beneath their own. */
export const IGNORE_EVENTS: EventSink = {
  trade: ignore,
  candle: ignore,
  witness: ignore,
  listing: ignore,
  snapshot: ignore,
  reject: ignore,
}
