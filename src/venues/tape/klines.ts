import {
  canonicalDecimal,
  createDecimalSlot,
  readDecimal,
  scaledText,
} from '../../market/decimal.ts'
import type { Rejection } from '../../market/event.ts'
import { KLINE_FIELDS } from './columns.ts'
import type { Row } from './row.ts'
import { columnWithValue, readSymbol, refuse } from './row.ts'
import { readTapeTimeUs } from './time.ts'
import type { ReadRow } from './trades.ts'
import { readWhole } from './values.ts'

const OPEN_TIME = KLINE_FIELDS.indexOf('open_time')
const OPEN = KLINE_FIELDS.indexOf('open')
const HIGH = KLINE_FIELDS.indexOf('high')
const LOW = KLINE_FIELDS.indexOf('low')
const CLOSE = KLINE_FIELDS.indexOf('close')
const VOLUME = KLINE_FIELDS.indexOf('volume')
const NOTIONAL = KLINE_FIELDS.indexOf('notional')
const TRADE_COUNT = KLINE_FIELDS.indexOf('trade_count')
const TAKER_BUY_VOLUME = KLINE_FIELDS.indexOf('taker_buy_volume')
const CLOSE_TIME = KLINE_FIELDS.indexOf('close_time')
const SYMBOL = KLINE_FIELDS.indexOf('symbol')

/** The most a venue's closing time lies before the next candle's opening: one of its seconds. */
const CLOSE_SLACK_US = 1_000_000

const UNIT_US: Readonly<Record<string, number>> = {
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
}

/** Returns the width that a channel such as `candles_1m` names, in microseconds; else a minute. */
export function intervalOfChannel(channel: string): number {
  const match = /^candles_([1-9][0-9]{0,3})([smhd])$/.exec(channel)
  return match === null ? 60_000_000 : Number(match[1]) * UNIT_US[match[2]!]!
}

/**
 * Returns a reader of lines that hold one candle each, `intervalUs` wide.
 *
 * Candles of a file are closed. Where the file tells closing times too, a candle of another
 * width is refused, so that hours are never taken for minutes.
 */
export function createKlineReader(intervalUs: number): ReadRow {
  return (row, sink) => {
    const symbol = readSymbol(row, SYMBOL)
    if (symbol === null) return refuse(row, SYMBOL, 'bad_symbol', 'is no symbol')
    const openTimeUs = timeOf(row, OPEN_TIME)
    if (typeof openTimeUs !== 'number') return openTimeUs
    if (row.plan.columnOf[CLOSE_TIME]! >= 0) {
      const closeTimeUs = timeOf(row, CLOSE_TIME)
      if (typeof closeTimeUs !== 'number') return closeTimeUs
      const short = openTimeUs + intervalUs - closeTimeUs
      if (short < 0 || short > CLOSE_SLACK_US) {
        const why = `closes a candle of another width than ${intervalUs / 1_000_000} s`
        return refuse(row, CLOSE_TIME, 'bad_time', why)
      }
    }
    const found: (string | null)[] = []
    for (const field of [OPEN, HIGH, LOW, CLOSE, VOLUME, NOTIONAL, TAKER_BUY_VOLUME]) {
      const text = decimalOf(row, field)
      if (text !== null && typeof text !== 'string') return text
      if (text === null && field <= VOLUME) return refuse(row, field, 'missing_field', 'is empty')
      found.push(text)
    }
    const count = columnWithValue(row, TRADE_COUNT)
    const { bytes, starts, ends } = row.ranges
    const tradeCount = count < 0 ? null : readWhole(bytes, starts[count]!, ends[count]!)
    if (tradeCount === -1) return refuse(row, TRADE_COUNT, 'malformed', 'is no count')
    const [open, high, low, close, volume, notional = null, takerBuyVolume = null] = found
    sink.candle({
      item: row.item,
      symbol,
      openTimeUs,
      intervalUs,
      open: open!,
      high: high!,
      low: low!,
      close: close!,
      volume: volume!,
      notional,
      takerBuyVolume,
      tradeCount,
      vwap: null,
      closed: true,
    })
    return null
  }
}

function timeOf(row: Row, field: number): number | Rejection {
  const column = columnWithValue(row, field)
  if (column < 0) return refuse(row, field, 'missing_field', 'is empty')
  const { bytes, starts, ends } = row.ranges
  const spec = row.plan.specs[field]!
  const timeUs = readTapeTimeUs(bytes, starts[column]!, ends[column]!, spec.unit)
  if (timeUs < 0) return refuse(row, field, 'bad_time', 'is no time')
  const sumUs = timeUs + spec.baseUs
  if (sumUs > Number.MAX_SAFE_INTEGER) return refuse(row, field, 'bad_time', 'lies too far ahead')
  return sumUs
}

const slot = createDecimalSlot()

/** Returns a field's canonical decimal text, `null` where the line has none, or the refusal. */
function decimalOf(row: Row, field: number): string | null | Rejection {
  const column = columnWithValue(row, field)
  if (column < 0) return null
  const { bytes, starts, ends } = row.ranges
  const start = starts[column]!
  const end = ends[column]!
  if (readDecimal(bytes, start, end, slot)) return scaledText(slot.mantissa, slot.scale)
  const text = new TextDecoder().decode(bytes.subarray(start, end))
  return canonicalDecimal(text) ?? refuse(row, field, 'bad_decimal', 'is no decimal')
}
