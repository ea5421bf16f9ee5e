import { MINUTE_US } from '../../market/bucket.ts'
import { compareDecimal, type Decimal, decimalText, roundDecimal } from '../../market/decimal.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { decimalOf, eachItem, type Fault, faultOf, refuse, timeUsOf } from './unified.ts'

/**
 * A candle is taken for closed this long after its end, by our clock. The library does not say;
 * an answer that a venue kept for a while is corrected by the ones asked for after it.
 */
const CLOSED_AFTER_US = 10_000_000

/** Sums made in floats, which some venues tell, have more decimals than anything traded. */
const VOLUME_DECIMALS_MAX = 18

const NAMES = ['open', 'high', 'low', 'close', 'volume'] as const

/**
 * Decodes a list of one-minute candles, `[milliseconds, open, high, low, close, volume]`.
 *
 * A row without prices stands for a minute without trades and is passed over.
 */
export function decodeOhlcv(value: unknown, record: RawRecord, sink: EventSink): FrameKind {
  const { symbol } = record
  if (!Array.isArray(value)) {
    return refuse(sink, { reason: 'malformed', detail: 'the payload is no list of candles' })
  }
  if (symbol === null) return refuse(sink, faultOf('bad_symbol', 'the symbol', undefined))
  const about = { symbol, receivedTimeUs: record.receivedTimeUs, sink }
  return eachItem(value, sink, (row, item) => readRow(row, { ...about, item }))
}

interface RowContext {
  readonly item: number
  readonly symbol: string
  readonly receivedTimeUs: number
  readonly sink: EventSink
}

function readRow(row: unknown, context: RowContext): Fault | null {
  if (!Array.isArray(row)) return { reason: 'malformed', detail: 'the item is no row of a candle' }
  const [time, ...columns] = row as readonly unknown[]
  const openTimeUs = timeUsOf(time)
  if (openTimeUs < 0) return faultOf('bad_time', 'time', time)
  // `null` is what JSON has where the library found nothing.
  if (columns.slice(0, 4).every((price) => price === null || price === undefined)) return null
  const decimals: Decimal[] = []
  for (const [at, name] of NAMES.entries()) {
    const decimal = decimalOf(columns[at])
    if (decimal === null) return faultOf('bad_decimal', name, columns[at])
    decimals.push(decimal)
  }
  const [open, high, low, close, volume] = decimals as [Decimal, Decimal, Decimal, Decimal, Decimal]
  for (const price of [open, high, low, close]) {
    if (compareDecimal(price, low) < 0 || compareDecimal(price, high) > 0) {
      return { reason: 'malformed', detail: 'a price lies outside of low and high' }
    }
  }
  context.sink.candle({
    item: context.item,
    symbol: context.symbol,
    openTimeUs,
    intervalUs: MINUTE_US,
    open: decimalText(open),
    high: decimalText(high),
    low: decimalText(low),
    close: decimalText(close),
    volume: decimalText(roundDecimal(volume, VOLUME_DECIMALS_MAX)),
    notional: null,
    takerBuyVolume: null,
    tradeCount: null,
    vwap: null,
    closed: context.receivedTimeUs >= openTimeUs + MINUTE_US + CLOSED_AFTER_US,
  })
  return null
}
