import {
  createFieldScanner,
  FIELD,
  firstElement,
  nextElement,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import { MINUTE_US } from '../../market/bucket.ts'
import type { EventSink, VenueCandle } from '../../market/event.ts'
import type { Tally } from '../frame.ts'
import { createCandleText, readCandle } from './candle.ts'
import * as fields from './fields.ts'
import type { EventList } from './trade-list.ts'

/** The decimals come first, in the order of {@link createCandleText}. */
const DECIMALS = 6
const SYMBOL = DECIMALS
const TRADES = DECIMALS + 1
const BEGIN = DECIMALS + 2
const INTERVAL = DECIMALS + 3

// Not `timestamp`: that is where the interval ends, and taken for its begin shifts every bar.
const scanner = createFieldScanner([
  ...['open', 'high', 'low', 'close', 'volume', 'vwap'],
  ...['symbol', 'trades', 'interval_begin', 'interval'],
])
const text = createCandleText()

/**
 * Reads a list of candles of the WebSocket and adds to `tally`.
 *
 * Kraken marks no candle as closed. A row is, once the same message has a later one of its
 * symbol and width: a snapshot tells of several minutes, oldest first.
 */
export function takeCandles(list: EventList, sink: EventSink, tally: Tally): void {
  const { bytes, end, base } = list
  let open: VenueCandle | null = null
  let at = firstElement(bytes, list.start, end)
  while (at >= 0) {
    const scanned = scanObject(scanner, bytes, at, end)
    const after = scanned === null ? skipValue(bytes, at, end) : scanner.after
    const read = scanned === null ? NO_OBJECT : readRow(scanned, tally.item)
    if ('reason' in read) {
      const place = read.at >= 0 && scanned === bytes ? read.at : at
      const { reason, detail } = read
      tally.rejected += 1
      sink.reject({ item: tally.item, reason, detail, offset: Math.max(0, place - base) })
    } else {
      if (open !== null) sink.candle({ ...open, closed: isBefore(open, read) })
      open = read
      tally.accepted += 1
    }
    tally.item += 1
    if (after < 0) break
    at = nextElement(bytes, after, end)
  }
  if (open !== null) sink.candle(open)
}

function isBefore(one: VenueCandle, next: VenueCandle): boolean {
  const isAlike = one.symbol === next.symbol && one.intervalUs === next.intervalUs
  return isAlike && one.openTimeUs < next.openTimeUs
}

const NO_OBJECT: fields.Fault = Object.freeze({
  reason: 'malformed',
  detail: 'the candle is no object',
  at: -1,
})

function readRow(bytes: Uint8Array, item: number): VenueCandle | fields.Fault {
  const { kinds, starts, ends } = scanner
  text.bytes = bytes
  for (let field = 0; field < DECIMALS; field += 1) {
    if (kinds[field] !== FIELD.number) {
      return fields.fault(scanner, field, { reason: 'bad_decimal', problem: 'is no number' })
    }
    text.starts[field] = starts[field] as number
    text.ends[field] = ends[field] as number
  }
  const symbol = fields.wordOf(scanner, bytes, SYMBOL)
  if (symbol === null) return fields.fault(scanner, SYMBOL, fields.BAD_SYMBOL)
  const tradeCount = fields.wholeOf(scanner, bytes, TRADES)
  if (Number.isNaN(tradeCount)) {
    return fields.fault(scanner, TRADES, { reason: 'malformed', problem: 'is no whole number' })
  }
  const minutes = fields.wholeOf(scanner, bytes, INTERVAL)
  if (!(minutes > 0 && minutes <= INTERVAL_MAX)) {
    const problem = 'is no width in minutes'
    return fields.fault(scanner, INTERVAL, { reason: 'malformed', problem })
  }
  const openTimeUs = fields.timeOf(scanner, bytes, BEGIN)
  if (!(openTimeUs > 0) || openTimeUs % MINUTE_US !== 0) {
    const problem = 'begins no minute after 1970'
    return fields.fault(scanner, BEGIN, { reason: 'bad_time', problem })
  }
  const intervalUs = minutes * MINUTE_US
  const candle = readCandle(text, {
    item,
    symbol,
    openTimeUs,
    intervalUs,
    tradeCount,
    closed: false,
  })
  return 'reason' in candle ? { ...candle, at: -1 } : candle
}

/** The widest candle Kraken has, fifteen days, in minutes. */
const INTERVAL_MAX = 21_600
