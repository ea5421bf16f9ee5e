import { MINUTE_US } from '../market/bucket.ts'
import type { Decimal } from '../market/decimal.ts'
import {
  addDecimal,
  compareDecimal,
  decimalText,
  multiplyDecimal,
  parseDecimal,
  sumDecimal,
} from '../market/decimal.ts'
import type { TradeColumns } from '../market/trade-columns.ts'
import type { MinuteRow, TradeRow } from '../warehouse/index.ts'
import type { MinuteFold } from './minute-fold.ts'

const BUY = 0

/** The part of a minute's row that is folded from trades. */
export type MinuteFacts = Pick<
  MinuteRow,
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'volume'
  | 'notional'
  | 'taker_buy_volume'
  | 'trade_count'
  | 'first_trade_us'
  | 'first_trade_id'
  | 'last_trade_us'
  | 'last_trade_id'
  | 'min_id'
  | 'max_id'
  | 'other_count'
>

/** Facts of a minute in which nothing is held. */
export const NO_FACTS: MinuteFacts = {
  open: null,
  high: null,
  low: null,
  close: null,
  volume: '0',
  notional: '0',
  taker_buy_volume: '0',
  trade_count: 0,
  first_trade_us: null,
  first_trade_id: null,
  last_trade_us: null,
  last_trade_id: null,
  min_id: null,
  max_id: null,
  other_count: 0,
}

/** Returns the row of a minute nothing is known of yet. */
export function emptyMinute(instrumentId: number, openTimeUs: number): MinuteRow {
  return {
    instrument_id: instrumentId,
    open_time_us: openTimeUs,
    ...NO_FACTS,
    tape_id: 0,
    source: 'unscoped',
    status: 'unknown',
    complete: 0,
    repaired: 0,
    revision: 0,
    change_seq: 0,
  }
}

/** Writes out what a batch folded. `text` is the batch's decimal text. */
export function factsOfFold(fold: MinuteFold, columns: TradeColumns, text: string): MinuteFacts {
  const price = (row: number) => text.substring(columns.priceStart[row] ?? 0, columns.priceEnd[row])
  return {
    open: price(fold.openRow),
    high: price(fold.highRow),
    low: price(fold.lowRow),
    close: price(fold.closeRow),
    volume: decimalText(sumDecimal(fold.volume)),
    notional: decimalText(sumDecimal(fold.notional)),
    taker_buy_volume: decimalText(sumDecimal(fold.takerBuy)),
    trade_count: fold.count,
    first_trade_us: columns.eventTimeUs[fold.openRow] as number,
    first_trade_id: columns.tradeId[fold.openRow] as number,
    last_trade_us: columns.eventTimeUs[fold.closeRow] as number,
    last_trade_id: columns.tradeId[fold.closeRow] as number,
    min_id: fold.minId,
    max_id: fold.maxId,
    other_count: fold.otherCount,
  }
}

/** Merges two aggregates of disjoint trades of one minute and tape; the order is no matter. */
export function mergeFacts(a: MinuteFacts, b: MinuteFacts): MinuteFacts {
  if (a.trade_count === 0) return b
  if (b.trade_count === 0) return a
  const first = isEarlier(a.first_trade_us, a.first_trade_id, b.first_trade_us, b.first_trade_id)
  const last = isEarlier(a.last_trade_us, a.last_trade_id, b.last_trade_us, b.last_trade_id)
  const opening = first ? a : b
  const closing = last ? b : a
  return {
    open: opening.open,
    high: greater(a.high, b.high),
    low: greater(a.low, b.low) === a.low ? b.low : a.low,
    close: closing.close,
    volume: sumText(a.volume, b.volume),
    notional: sumText(a.notional, b.notional),
    taker_buy_volume: sumText(a.taker_buy_volume, b.taker_buy_volume),
    trade_count: a.trade_count + b.trade_count,
    first_trade_us: opening.first_trade_us,
    first_trade_id: opening.first_trade_id,
    last_trade_us: closing.last_trade_us,
    last_trade_id: closing.last_trade_id,
    min_id: Math.min(a.min_id as number, b.min_id as number),
    max_id: Math.max(a.max_id as number, b.max_id as number),
    other_count: a.other_count + b.other_count,
  }
}

/** Folds stored trades anew, for a minute in which one was replaced. */
export function factsOfTrades(trades: readonly TradeRow[]): MinuteFacts {
  return trades.map(factsOfTrade).reduce(mergeFacts, NO_FACTS)
}

function factsOfTrade(trade: TradeRow): MinuteFacts {
  const notional = multiplyDecimal(exact(trade.price), exact(trade.size))
  return {
    open: trade.price,
    high: trade.price,
    low: trade.price,
    close: trade.price,
    volume: trade.size,
    notional: decimalText(notional),
    taker_buy_volume: trade.side === BUY ? trade.size : '0',
    trade_count: trade.trade_count,
    first_trade_us: trade.event_time_us,
    first_trade_id: trade.trade_id,
    last_trade_us: trade.event_time_us,
    last_trade_id: trade.trade_id,
    min_id: trade.first_id ?? trade.trade_id,
    max_id: trade.last_id ?? trade.trade_id,
    other_count: trade.origin === 0 ? 0 : trade.trade_count,
  }
}

/** Returns the start of the minute that holds a time. */
export function minuteOf(timeUs: number): number {
  return timeUs - (timeUs % MINUTE_US)
}

function isEarlier(
  timeA: number | null,
  idA: number | null,
  timeB: number | null,
  idB: number | null,
): boolean {
  if (timeA !== timeB) return (timeA as number) < (timeB as number)
  return (idA as number) < (idB as number)
}

function exact(text: string | null): Decimal {
  return parseDecimal(text ?? '0') as Decimal
}

function greater(a: string | null, b: string | null): string | null {
  return compareDecimal(exact(a), exact(b)) >= 0 ? a : b
}

function sumText(a: string, b: string): string {
  return decimalText(addDecimal(exact(a), exact(b)))
}
