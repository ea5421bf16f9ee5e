import type { RejectReason, VenueCandle, Witness } from '../market/event.ts'
import type { Listing } from '../market/instrument.ts'
import type { Origin } from '../market/record.ts'
import type { SelfEvent } from '../market/self-record.ts'
import type { MarketSnapshot } from '../market/snapshot.ts'
import type { TapeKey, TradeColumns } from '../market/trade-columns.ts'

/** Trades of one batch are decoded until about this many; a record's own are never split. */
export const BATCH_TRADES = 16_384

/** A refused event or frame, with what a person needs to look into it. */
export interface RejectedEvent {
  readonly pos: number
  readonly item: number
  readonly reason: RejectReason
  readonly detail: string
  /** The start of the payload as text, at most 512 characters. */
  readonly sample: string
  readonly dialect: string
  readonly receivedTimeUs: number
}

/** The minutes an imported file's trades, or candles, touch. */
export interface ImportSpan {
  readonly key: number
  /** What the scope is known by: the file. */
  readonly evidence: string
  fromUs: number
  toUs: number
}

/** A venue candle with what decides between two reports of it. */
export interface CandleReport {
  readonly venue: string
  readonly origin: Origin
  readonly receivedTimeUs: number
  readonly candle: VenueCandle
}

/** A snapshot with when it was asked for, when it came, and where it stands in its log. */
export interface SnapshotReport {
  readonly venue: string
  readonly snapshot: MarketSnapshot
  readonly polledUs: number
  readonly receivedTimeUs: number
  readonly pos: number
}

/** How many frames turned out to be what, for accounting to the frame. */
export interface FrameTally {
  frames: number
  event: number
  control: number
  raw_only: number
  rejected: number
  self: number
}

/**
 * What one stretch of one log holds, decoded and validated, before it meets what is stored.
 *
 * It knows nothing of the warehouse, so that it can be made in another thread.
 */
export interface Batch {
  readonly log: string
  /** Every record below this position has been decoded once this batch is merged. */
  checkpoint: number
  /** Greatest receive time read so far from this log. */
  timeUs: number
  trades: TradeColumns
  /** Tape keys by the index that `trades.key` uses; grows over the life of a stage. */
  readonly keys: readonly TapeKey[]
  spans: ImportSpan[]
  rejected: RejectedEvent[]
  candles: CandleReport[]
  /** An aggregator's candles, whatever their width. */
  ohlc: CandleReport[]
  witnesses: { readonly venue: string; readonly witness: Witness }[]
  listings: { readonly venue: string; readonly listing: Listing; readonly receivedTimeUs: number }[]
  snapshots: SnapshotReport[]
  /** `evidence` names the live scope an entry opens: the log, or the replayed file. */
  selves: { readonly event: SelfEvent; readonly timeUs: number; readonly evidence: string }[]
  tally: FrameTally
  /** Whether any record carries an order book, which another reader folds. */
  hasBooks: boolean
}

/** Returns a tally of nothing. */
export function emptyTally(): FrameTally {
  return { frames: 0, event: 0, control: 0, raw_only: 0, rejected: 0, self: 0 }
}
