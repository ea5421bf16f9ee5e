import { MINUTE_US } from '../../market/bucket.ts'
import type { EventSink } from '../../market/event.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { readTapeTimeUs } from '../tape/index.ts'
import { type CandleFault, COLUMN, createCandleText, readCandle } from './candle.ts'
import { createColumns, readColumns } from './columns.ts'
import { readWhole } from './fields.ts'

/** One row of a page. */
export interface RestRow {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly item: number
  readonly symbol: string
}

/** Columns of a trade: price, volume, time, side, limit or market, miscellaneous, id. */
const [PRICE, SIZE, TRADE_TIME, SIDE, TRADE_ID] = [0, 1, 2, 3, 6]

/** Columns of a candle: time, then these decimals, then the count. */
const OPEN_TIME = 0
const FIRST_DECIMAL = 1
const DECIMALS = ['open', 'high', 'low', 'close', 'vwap', 'volume'] as const
const COUNT = 7

const BUY = 0x62
const SELL = 0x73

const columns = createColumns()
const slot = createTradeSlot()
const text = createCandleText()

/**
 * Reads a row of `Trades` and hands it on, or says what is wrong with it.
 *
 * The time is a number of seconds with seven decimals, more than a double has room for: it is
 * read from its digits. Ids order trades, times do not. Rows of old recordings have no id.
 */
export function takeTradeRow(row: RestRow, sink: EventSink): CandleFault | null {
  const { bytes, item, symbol } = row
  if (!readColumns(columns, bytes, row.start, row.end) || !columns.plain) {
    return { reason: 'malformed', detail: 'a trade is no row of plain columns' }
  }
  const { starts, ends, count } = columns
  if (count <= TRADE_ID) return { reason: 'missing_field', detail: 'a trade has no id' }
  const id = readWhole(bytes, starts[TRADE_ID] as number, ends[TRADE_ID] as number)
  if (!(id > 0)) return { reason: 'bad_id', detail: 'a trade id is no whole number from 1' }
  const sideStart = starts[SIDE] as number
  const side = (ends[SIDE] as number) - sideStart === 1 ? bytes[sideStart] : 0
  if (side !== BUY && side !== SELL) return { reason: 'bad_side', detail: 'a side is not b or s' }
  const [timeStart, timeEnd] = [starts[TRADE_TIME] as number, ends[TRADE_TIME] as number]
  const timeUs = readTapeTimeUs(bytes, timeStart, timeEnd, 's')
  if (!(timeUs > 0)) return { reason: 'bad_time', detail: 'a time is no count of seconds' }
  slot.item = item
  slot.symbol = symbol
  slot.tradeId = id
  slot.firstId = id
  slot.lastId = id
  slot.eventTimeUs = timeUs
  slot.side = side === BUY ? 0 : 1
  slot.bytes = bytes
  slot.priceStart = starts[PRICE] as number
  slot.priceEnd = ends[PRICE] as number
  slot.sizeStart = starts[SIZE] as number
  slot.sizeEnd = ends[SIZE] as number
  sink.trade(slot)
  return null
}

/** A row of candles: how wide they are, and whether Kraken has committed this one. */
export interface CandleRow extends RestRow {
  readonly widthMinutes: number
  readonly closed: boolean
}

/**
 * Reads a row of `OHLC` and hands it on, or says what is wrong with it.
 *
 * A minute without a trade is filled: flat at the price before, volume and count 0. It is handed
 * on as what it says, a count of none, and never as one that traded.
 */
export function takeCandleRow(row: CandleRow, sink: EventSink): CandleFault | null {
  const { bytes, item, symbol, closed } = row
  const isRow = readColumns(columns, bytes, row.start, row.end)
  if (!isRow || !columns.plain || columns.count <= COUNT) {
    return { reason: 'malformed', detail: 'a candle is no row of eight columns' }
  }
  const { starts, ends } = columns
  const openSeconds = readWhole(bytes, starts[OPEN_TIME] as number, ends[OPEN_TIME] as number)
  const openTimeUs = openSeconds * 1_000_000
  if (!(openTimeUs > 0) || !Number.isSafeInteger(openTimeUs) || openTimeUs % MINUTE_US !== 0) {
    return { reason: 'bad_time', detail: 'a candle opens with no minute' }
  }
  const tradeCount = readWhole(bytes, starts[COUNT] as number, ends[COUNT] as number)
  if (Number.isNaN(tradeCount)) {
    return { reason: 'malformed', detail: 'a count is no whole number' }
  }
  text.bytes = bytes
  DECIMALS.forEach((name, at) => {
    text.starts[COLUMN[name]] = starts[FIRST_DECIMAL + at] as number
    text.ends[COLUMN[name]] = ends[FIRST_DECIMAL + at] as number
  })
  const intervalUs = row.widthMinutes * MINUTE_US
  const candle = readCandle(text, { item, symbol, openTimeUs, intervalUs, tradeCount, closed })
  if ('reason' in candle) return candle
  sink.candle(candle)
  return null
}
