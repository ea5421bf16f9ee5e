import { Buffer } from 'node:buffer'
import { createFieldScanner, FIELD, type FieldScanner } from '../../core/json/scan.ts'
import { canonicalDecimal, fitsDecimal, parseDecimal } from '../../market/decimal.ts'
import type { VenueCandle } from '../../market/event.ts'
import * as fields from './fields.ts'

/** Index of a field in a scanner of klines, by what it holds. */
export const KLINE = {
  openTime: 0,
  open: 1,
  high: 2,
  low: 3,
  close: 4,
  volume: 5,
  closeTime: 6,
  notional: 7,
  tradeCount: 8,
  takerBuyVolume: 9,
  lastId: 10,
  closed: 11,
  interval: 12,
} as const

/** Keys of the stream's klines; the first ten are REST's columns, in its order. */
const KLINE_KEYS = ['t', 'o', 'h', 'l', 'c', 'v', 'T', 'q', 'n', 'V', 'L', 'x', 'i'] as const

const MILLISECOND_US = 1000
const MINUTE_US = 60_000_000
const HOUR_US = 60 * MINUTE_US

/** Widths of the intervals that lie on a grid from the epoch; weeks and months do not. */
const INTERVALS_US: Readonly<Record<string, number>> = {
  '1s': 1_000_000,
  '1m': MINUTE_US,
  '3m': 3 * MINUTE_US,
  '5m': 5 * MINUTE_US,
  '15m': 15 * MINUTE_US,
  '30m': 30 * MINUTE_US,
  '1h': HOUR_US,
  '2h': 2 * HOUR_US,
  '4h': 4 * HOUR_US,
  '6h': 6 * HOUR_US,
  '8h': 8 * HOUR_US,
  '12h': 12 * HOUR_US,
  '1d': 24 * HOUR_US,
}

/** Returns a scanner of the stream's `k`, for rows of REST as well. */
export function createKlineScanner(): FieldScanner {
  return createFieldScanner(KLINE_KEYS)
}

/** Returns the width of an interval by its name, or `null` where it has no fixed grid. */
export function intervalUsOf(name: string | null): number | null {
  return name !== null && Object.hasOwn(INTERVALS_US, name) ? (INTERVALS_US[name] as number) : null
}

/** What a kline does not say of itself. */
export interface KlineAbout {
  readonly item: number
  readonly symbol: string
  readonly intervalUs: number
  /** Whether it is closed, or when it was received, where the venue does not say. */
  readonly closed: boolean | { readonly receivedTimeUs: number }
}

/** How long after its end a kline of REST may still change: the table behind it is filled late. */
const SETTLE_US = 5_000_000

/** Reads a kline out of its scanned fields, or says what is wrong with it. */
export function takeKline(
  scanner: FieldScanner,
  bytes: Uint8Array,
  about: KlineAbout,
): VenueCandle | fields.Fault {
  const { item, symbol, intervalUs } = about
  const openTimeUs = fields.readTimeUs(scanner, bytes, KLINE.openTime)
  if (Number.isNaN(openTimeUs)) return fields.timeFault(scanner, KLINE.openTime)
  if (openTimeUs % intervalUs !== 0) {
    return fields.fault(scanner, KLINE.openTime, {
      reason: 'bad_time',
      problem: 'opens at no whole interval',
    })
  }
  const closeTimeUs = fields.readTimeUs(scanner, bytes, KLINE.closeTime)
  if (Number.isNaN(closeTimeUs)) return fields.timeFault(scanner, KLINE.closeTime)
  if (closeTimeUs + MILLISECOND_US !== openTimeUs + intervalUs) {
    return fields.fault(scanner, KLINE.closeTime, {
      reason: 'bad_time',
      problem: 'ends a kline of another width',
    })
  }
  const text = textOf(scanner, bytes)
  const decimals: string[] = []
  for (const field of DECIMALS) {
    const decimal = decimalAt(scanner, text, field)
    if (typeof decimal !== 'string') return decimal
    decimals.push(decimal)
  }
  const [open, high, low, close, volume, notional, takerBuyVolume] = decimals as unknown as Seven
  if (
    isLess(high, low) ||
    isLess(open, low) ||
    isLess(high, open) ||
    isLess(close, low) ||
    isLess(high, close)
  ) {
    return fields.fault(scanner, KLINE.open, {
      reason: 'malformed',
      problem: 'or c lies outside of l and h',
    })
  }
  const tradeCount = fields.wholeOf(scanner, bytes, KLINE.tradeCount)
  if (Number.isNaN(tradeCount)) {
    return fields.fault(scanner, KLINE.tradeCount, { reason: 'malformed', problem: 'is no count' })
  }
  const { closed } = about
  return {
    item,
    symbol,
    openTimeUs,
    intervalUs,
    open,
    high,
    low,
    close,
    volume,
    notional,
    takerBuyVolume,
    tradeCount,
    vwap: null,
    closed: typeof closed === 'boolean' ? closed : closeTimeUs + SETTLE_US <= closed.receivedTimeUs,
  }
}

type Seven = readonly [string, string, string, string, string, string, string]

const DECIMALS = [
  KLINE.open,
  KLINE.high,
  KLINE.low,
  KLINE.close,
  KLINE.volume,
  KLINE.notional,
  KLINE.takerBuyVolume,
] as const

/** The text of a kline and where it begins in the scanned bytes: one copy serves seven numbers. */
interface KlineText {
  readonly text: string
  readonly from: number
}

/** A view of the buffer read last: a log is read in large blocks, a view for each kline is not. */
let viewed: Buffer<ArrayBufferLike> = Buffer.alloc(0)

function textOf(scanner: FieldScanner, bytes: Uint8Array): KlineText {
  const { kinds, starts, ends } = scanner
  let from = bytes.length
  let to = 0
  for (let field: number = KLINE.open; field <= KLINE.takerBuyVolume; field += 1) {
    if (kinds[field] === FIELD.absent) continue
    if ((starts[field] as number) < from) from = starts[field] as number
    if ((ends[field] as number) > to) to = ends[field] as number
  }
  if (to <= from) return { text: '', from: 0 }
  if (bytes.buffer !== viewed.buffer) viewed = Buffer.from(bytes.buffer)
  const shift = bytes.byteOffset
  // What is no ASCII is no number, however it is spelled here.
  return { text: viewed.toString('latin1', shift + from, shift + to), from }
}

/** Returns the canonical text of a decimal, positive if a price, or the fault. */
function decimalAt(
  scanner: FieldScanner,
  { text, from }: KlineText,
  field: number,
): string | fields.Fault {
  const kind = scanner.kinds[field]
  if (kind !== FIELD.string && kind !== FIELD.number) {
    return fields.fault(scanner, field, {
      reason: 'bad_decimal',
      problem: 'is neither text nor a number',
    })
  }
  const start = (scanner.starts[field] as number) - from
  const end = (scanner.ends[field] as number) - from
  const plain = plainDecimal(text, start, end)
  const decimal = plain ?? canonicalDecimal(text.slice(start, end))
  if (decimal === null)
    return fields.fault(scanner, field, { reason: 'bad_decimal', problem: 'is no decimal' })
  const isPrice = field <= KLINE.close
  if (decimal.startsWith('-') || (isPrice && decimal === '0')) {
    return fields.fault(scanner, field, { reason: 'not_positive', problem: 'is negative or zero' })
  }
  // Plain ones have fewer digits than either bound.
  if (plain !== null || fits(decimal, field)) return decimal
  return fields.fault(scanner, field, {
    reason: 'too_precise',
    problem: 'passes 38 digits or 18 decimals',
  })
}

/** Notionals may have 50 digits, 24 of them decimals; everything else 38 and 18. */
function fits(text: string, field: number): boolean {
  const decimal = parseDecimal(text)
  if (decimal === null) return false
  return field === KLINE.notional ? fitsDecimal(decimal, 50, 24) : fitsDecimal(decimal, 38, 18)
}

const PLAIN_DIGITS_MAX = 18

/**
 * Returns the canonical form of an unsigned decimal without an exponent or a needless first
 * zero, of few digits, or `null` for anything else.
 */
function plainDecimal(text: string, start: number, end: number): string | null {
  if (end - start > PLAIN_DIGITS_MAX) return null
  let point = -1
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (code >= 0x30 && code <= 0x39) continue
    if (code !== 0x2e || point >= 0) return null
    point = at
  }
  const whole = point < 0 ? end : point
  if (whole === start || (whole > start + 1 && text.charCodeAt(start) === 0x30)) return null
  if (point < 0) return text.slice(start, end)
  if (point === end - 1) return null
  let last = end
  while (text.charCodeAt(last - 1) === 0x30) last -= 1
  return text.slice(start, last === point + 1 ? point : last)
}

/** Compares two canonical decimals that are not negative, by their text. */
function isLess(a: string, b: string): boolean {
  if (a === b) return false
  const [wholeA, wholeB] = [wholeDigits(a), wholeDigits(b)]
  // With as many digits before the point, the order of texts is the order of numbers.
  return wholeA === wholeB ? a < b : wholeA < wholeB
}

function wholeDigits(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? text.length : point
}
