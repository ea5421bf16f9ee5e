/** The taker's (aggressor's) side of a trade. */
export type Side = 'buy' | 'sell' | 'unknown'

/** Sides by stored code: the code of a side is its index here. */
export const SIDES: readonly Side[] = ['buy', 'sell', 'unknown']

/** One execution, or one aggregate of executions, as people and programs are given it. */
export interface Trade {
  readonly venue: string
  readonly symbol: string
  /** `0` is the venue's own numbering; any other is an imported file's. */
  readonly tape: string
  readonly tradeId: number
  readonly eventTimeUs: number
  /** Canonical decimal text, in quote units per base unit. */
  readonly price: string
  /** Canonical decimal text, in base units. */
  readonly size: string
  readonly side: Side
}

/**
 * A trade on its way from a decoder to a sink.
 *
 * One slot is filled again and again, so that decoding a million trades allocates nothing:
 * a sink reads it before it returns and keeps no reference. Price and size are left as the
 * bytes the venue sent, `bytes[priceStart, priceEnd)`; the sink parses them exactly.
 */
export interface TradeSlot {
  /** Ordinal of the event within its record, from 0. */
  item: number
  symbol: string
  /** Empty for the venue's own numbering, else the hash of the file that numbers its lines. */
  tape: string
  tradeId: number
  /** First and last trade id an aggregate stands for; both `tradeId` for a plain trade. */
  firstId: number
  lastId: number
  tradeCount: number
  eventTimeUs: number
  /** Index into {@link SIDES}. */
  side: number
  bytes: Uint8Array
  priceStart: number
  priceEnd: number
  sizeStart: number
  sizeEnd: number
}

/** Returns an empty slot for a decoder to own. */
export function createTradeSlot(): TradeSlot {
  return {
    item: 0,
    symbol: '',
    tape: '',
    tradeId: 0,
    firstId: 0,
    lastId: 0,
    tradeCount: 1,
    eventTimeUs: 0,
    side: 2,
    bytes: new Uint8Array(0),
    priceStart: 0,
    priceEnd: 0,
    sizeStart: 0,
    sizeEnd: 0,
  }
}
