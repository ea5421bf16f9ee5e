import { Buffer } from 'node:buffer'
import { TradeColumns } from '../../../src/market/trade-columns.ts'
import type {
  GoldCandleRow,
  InstrumentRow,
  MinuteRow,
  TradeInsert,
  TradeRow,
  VenueCandleRow,
} from '../../../src/warehouse/index.ts'

/** A whole minute in the past, on which test data stands. */
export const MINUTE = 1_790_689_500_000_000

/** Returns an instrument's row. */
export function instrumentRow(row: Partial<InstrumentRow> = {}): InstrumentRow {
  return {
    instrument_id: 1,
    venue: 'coinbase',
    symbol: 'BTC-USD',
    listed_from_us: 0,
    delisted_us: null,
    kind: 'spot',
    base: 'BTC',
    quote: 'USD',
    multiplier: 1,
    price_step: '0.01',
    size_step: null,
    listing_us: 0,
    ...row,
  }
}

/** Returns a trade's row. */
export function tradeRow(row: Partial<TradeRow> = {}): TradeRow {
  return {
    instrument_id: 1,
    tape_id: 0,
    trade_id: 1,
    first_id: null,
    last_id: null,
    event_time_us: MINUTE,
    price: '64000.01',
    size: '0.5',
    side: 0,
    trade_count: 1,
    origin: 0,
    received_time_us: MINUTE + 40_000,
    log_id: 1,
    pos: 1,
    item: 0,
    ...row,
  }
}

/** Returns a minute's row, traded and complete unless it is said otherwise. */
export function minuteRow(row: Partial<MinuteRow> = {}): MinuteRow {
  return {
    instrument_id: 1,
    open_time_us: MINUTE,
    open: '1',
    high: '2',
    low: '0.5',
    close: '1.5',
    volume: '10',
    notional: '12',
    taker_buy_volume: '4',
    trade_count: 3,
    tape_id: 0,
    first_trade_us: MINUTE,
    first_trade_id: 1,
    last_trade_us: MINUTE + 5,
    last_trade_id: 3,
    min_id: 1,
    max_id: 3,
    other_count: 0,
    source: 'trades',
    status: 'traded',
    complete: 1,
    repaired: 0,
    revision: 0,
    change_seq: 1,
    ...row,
  }
}

/** Returns a larger candle's row, of an hour, traded and complete unless it is said otherwise. */
export function goldCandleRow(row: Partial<GoldCandleRow> = {}): GoldCandleRow {
  return {
    instrument_id: 1,
    interval_us: 60 * 60_000_000,
    open_time_us: MINUTE - (MINUTE % (60 * 60_000_000)),
    open: '1',
    high: '2',
    low: '0.5',
    close: '1.5',
    volume: '10',
    notional: '12',
    taker_buy_volume: '4',
    trade_count: 3,
    status: 'traded',
    complete: 1,
    repaired: 0,
    minutes_traded: 60,
    minutes_known: 60,
    revision: 0,
    change_seq: 1,
    ...row,
  }
}

/** Returns a closed venue candle's row. */
export function venueCandleRow(row: Partial<VenueCandleRow> = {}): VenueCandleRow {
  return {
    instrument_id: 1,
    open_time_us: MINUTE,
    source: 1,
    open: '100',
    high: '101',
    low: '99',
    close: '100.5',
    volume: '7',
    notional: '701',
    taker_buy_volume: null,
    trade_count: null,
    vwap: null,
    closed: 1,
    received_time_us: MINUTE + 61_000_000,
    change_seq: 2,
    ...row,
  }
}

/** Returns what `insertTrades` takes, for rows of one instrument, tape and log. */
export function tradeInsert(rows: readonly TradeRow[]): TradeInsert {
  const columns = new TradeColumns(Math.max(1, rows.length))
  let text = ''
  rows.forEach((row, index) => {
    columns.tradeId[index] = row.trade_id
    columns.firstId[index] = row.first_id ?? row.trade_id
    columns.lastId[index] = row.last_id ?? row.trade_id
    columns.tradeCount[index] = row.trade_count
    columns.eventTimeUs[index] = row.event_time_us
    columns.side[index] = row.side
    columns.origin[index] = row.origin
    columns.receivedTimeUs[index] = row.received_time_us
    columns.pos[index] = row.pos
    columns.item[index] = row.item
    columns.priceStart[index] = text.length
    text += row.price
    columns.priceEnd[index] = text.length
    text += row.size
    columns.sizeEnd[index] = text.length
  })
  columns.count = rows.length
  columns.textLength = text.length
  columns.text = Buffer.from(text, 'latin1')
  return {
    columns,
    text,
    rows: Int32Array.from(rows.keys()),
    from: 0,
    to: rows.length,
    instrumentId: rows[0]?.instrument_id ?? 1,
    tapeId: rows[0]?.tape_id ?? 0,
    logId: rows[0]?.log_id ?? 1,
  }
}
