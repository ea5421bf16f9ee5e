import { firstElement, nextElement, skipValue } from '../../core/json/scan.ts'
import type { EventSink, VenueCandle } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { createTally, type Tally } from '../frame.ts'
import { CANDLE_WIDTHS_US, candleWidthUs } from './endpoint.ts'
import { compareFigures, type Fault, ODD, placedText, type Source, sourceOf } from './figure.ts'
import {
  createTimedPlaces,
  createTimedRow,
  isAtMost,
  passTimedRow,
  readTimedRow,
} from './list-rows.ts'

const DAY_US = 86_400_000_000

const OPEN = 0
const HIGH = 1
const LOW = 2
const CLOSE = 3

/** The row read last: the time of closing, open, high, low, close. */
const timed = createTimedRow(4)
const places = createTimedPlaces(4)

/** A row as far as it can be read without knowing how wide the candles are. */
interface Row {
  readonly start: number
  readonly isRow: boolean
  /** Whether the prices are known to be above zero, and between low and high. */
  readonly isSound: boolean
  readonly closeUs: number | null
  readonly open: string | null | undefined
  readonly high: string | null | undefined
  readonly low: string | null | undefined
  readonly close: string | null | undefined
}

/**
 * Reads `GET /coins/{id}/ohlc`, rows of `[ms, open, high, low, close]`; `null` where it is no
 * list.
 *
 * CoinGecko stamps a candle with the time of its end; ours are named by their start. It is
 * closed once it was received after its end. There are no volumes: that of a candle is `0`.
 */
export function takeCandles(record: RawRecord, symbol: string, sink: EventSink): Tally | null {
  const { start, receivedTimeUs } = record
  const rows = readRows(record)
  if (rows === null) return null
  const intervalUs = widthOf(rows) ?? candleWidthUs(record.request?.url ?? '')
  const tally = createTally()
  const about: CandleAbout = { symbol, intervalUs, receivedTimeUs }
  for (const row of rows) {
    const candle = candleOf(row, about, tally.item)
    if ('reason' in candle) {
      const { reason, detail } = candle
      sink.reject({ item: tally.item, reason, detail, offset: row.start - start })
      tally.rejected += 1
    } else {
      sink.candle(candle)
      tally.accepted += 1
    }
    tally.item += 1
  }
  return tally
}

function readRows({ bytes, start, end }: RawRecord): readonly Row[] | null {
  let at = firstElement(bytes, start, end)
  if (at === -1) return null
  const source = sourceOf(bytes, start, end)
  const rows: Row[] = []
  while (at >= 0) {
    let after = passTimedRow(places, source, at, end)
    if (after >= 0) {
      rows.push(placedRow(source, at))
    } else {
      const isRow = readTimedRow(timed, source, at, end)
      const [open, high, low, close] = timed.figures
      const closeUs = isRow ? timed.timeUs : null
      rows.push({ start: at, isRow, isSound: false, closeUs, open, high, low, close })
      after = isRow ? timed.after : skipValue(bytes, at, end)
    }
    if (after < 0) break
    at = nextElement(bytes, after, end)
  }
  return rows
}

/** Returns the row of {@link places}. */
function placedRow(source: Source, start: number): Row {
  return {
    start,
    isRow: true,
    isSound: areSound(source),
    closeUs: places.timeUs,
    open: textAt(source, OPEN),
    high: textAt(source, HIGH),
    low: textAt(source, LOW),
    close: textAt(source, CLOSE),
  }
}

function textAt(source: Source, column: number): string | undefined {
  const { starts, stops, ends } = places
  const stop = stops[column] as number
  return placedText(source, starts[column] as number, stop, ends[column] as number)
}

/** Compares the prices where they stand; false also where that does not do. */
function areSound(source: Source): boolean {
  const { bytes } = source
  const { starts, stops } = places
  for (let column = OPEN; column <= CLOSE; column += 1) {
    if (stops[column] === ODD || bytes[starts[column] as number] === 0x2d) return false
  }
  const low = starts[LOW] as number
  if (bytes[low] === 0x30 && stops[LOW] === low + 1) return false
  return (
    isAtMost(places, bytes, LOW, OPEN) &&
    isAtMost(places, bytes, LOW, CLOSE) &&
    isAtMost(places, bytes, OPEN, HIGH) &&
    isAtMost(places, bytes, CLOSE, HIGH)
  )
}

/**
 * Returns the width that most neighbours are apart, which the answer does not name; `null`
 * where that is none of the widths there are, as with a lone row.
 */
function widthOf(rows: readonly Row[]): number | null {
  const most = commonStep(rows) ?? mostCommonStep(rows)
  return most !== null && CANDLE_WIDTHS_US.includes(most) ? most : null
}

/** Returns what all neighbours are apart, or `null`. */
function commonStep(rows: readonly Row[]): number | null {
  let before = rows[0]?.closeUs ?? null
  let step: number | null = null
  for (let i = 1; i < rows.length; i += 1) {
    const after = (rows[i] as Row).closeUs
    if (before === null || after === null) return null
    if (step === null) step = after - before
    else if (after - before !== step) return null
    before = after
  }
  return step
}

function mostCommonStep(rows: readonly Row[]): number | null {
  const counts = new Map<number, number>()
  let most: number | null = null
  for (let i = 1; i < rows.length; i += 1) {
    const [before, after] = [rows[i - 1]?.closeUs ?? null, rows[i]?.closeUs ?? null]
    if (before === null || after === null) continue
    const width = after - before
    const count = (counts.get(width) ?? 0) + 1
    counts.set(width, count)
    const record = most === null ? 0 : (counts.get(most) ?? 0)
    // Of two as common the lesser, so that no order of rows decides.
    if (most === null || count > record || (count === record && width < most)) most = width
  }
  return most
}

interface CandleAbout {
  readonly symbol: string
  readonly intervalUs: number
  readonly receivedTimeUs: number
}

function candleOf(row: Row, about: CandleAbout, item: number): VenueCandle | Fault {
  if (!row.isRow) return { reason: 'malformed', detail: 'a row is no list of five' }
  const { symbol, intervalUs, receivedTimeUs } = about
  const { open, high, low, close, closeUs, isSound } = row
  const openTimeUs = (closeUs ?? -1) - intervalUs
  // Candles of several days begin at midnight, but at no whole number of their width.
  if (closeUs === null || openTimeUs < 0 || !isWhole(openTimeUs, Math.min(intervalUs, DAY_US))) {
    return { reason: 'bad_time', detail: 'a row closes at no whole interval' }
  }
  if (!open || !high || !low || !close) {
    return { reason: 'bad_decimal', detail: 'a price is no number' }
  }
  const fault = isSound ? null : faultOf([open, high, low, close], low, high)
  if (fault !== null) return fault
  return {
    item,
    symbol,
    openTimeUs,
    intervalUs,
    open,
    high,
    low,
    close,
    volume: '0',
    notional: null,
    takerBuyVolume: null,
    tradeCount: null,
    vwap: null,
    closed: closeUs <= receivedTimeUs,
  }
}

/** Whether a time is a whole number of intervals. A product is cheaper than a remainder here. */
function isWhole(timeUs: number, intervalUs: number): boolean {
  return Math.floor(timeUs / intervalUs) * intervalUs === timeUs
}

function faultOf(prices: readonly string[], low: string, high: string): Fault | null {
  for (const price of prices) {
    if (price === '0' || price.startsWith('-')) {
      return { reason: 'not_positive', detail: 'a price is zero or below' }
    }
    if (compareFigures(price, low) < 0 || compareFigures(price, high) > 0) {
      return { reason: 'malformed', detail: 'a price lies outside of low and high' }
    }
  }
  return null
}
