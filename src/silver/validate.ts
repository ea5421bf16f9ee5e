import { MINUTE_US } from '../market/bucket.ts'
import type { DecimalCopy } from '../market/decimal.ts'
import {
  copyDecimal,
  decimalText,
  fitsDecimal,
  multiplyDecimal,
  parseDecimal,
  roundDecimal,
} from '../market/decimal.ts'
import type { RejectReason, VenueCandle } from '../market/event.ts'
import type { TradeSlot } from '../market/trade.ts'
import type { TradeColumns } from '../market/trade-columns.ts'

/** Digits and decimals a price or a size may have, and those of their product (D8). */
const DIGITS_MAX = 38
const DECIMALS_MAX = 18
const NOTIONAL_DIGITS_MAX = 50
const NOTIONAL_DECIMALS_MAX = 24

/** Bitcoin's first block, 2009-01-03: nothing of ours traded before it. */
const EARLIEST_US = 1_230_940_800_000_000

/** An event this far after its receipt is no clock skew but a wrong time. */
const FUTURE_US_MAX = 60_000_000

const price: DecimalCopy = { mantissa: 0, scale: 0, text: new Uint8Array(0), length: 0 }
const size: DecimalCopy = { mantissa: 0, scale: 0, text: new Uint8Array(0), length: 0 }

/** Trades that one aggregate may stand for: more is no order's but a broken number. */
const AGGREGATE_MAX = 100_000

/** What was wrong with a trade's facts. */
export interface Refusal {
  readonly reason: RejectReason
  readonly detail: string
}

/**
 * Checks a trade's time and decimals and writes the decimals, canonical, into row `count`.
 *
 * @returns what is wrong, or `null`; the row is only then to be counted.
 */
export function admitTrade(
  columns: TradeColumns,
  slot: Readonly<TradeSlot>,
  receivedTimeUs: number,
): Refusal | null {
  const { eventTimeUs, bytes } = slot
  const implausible = weighTime(eventTimeUs, receivedTimeUs)
  if (implausible !== null) return implausible
  if (slot.lastId - slot.firstId >= AGGREGATE_MAX) {
    return { reason: 'bad_id', detail: `one trade for the ids ${slot.firstId} to ${slot.lastId}` }
  }
  const row = columns.count
  const start = columns.textLength
  price.text = columns.text
  price.length = start
  if (!copyDecimal(bytes, slot.priceStart, slot.priceEnd, price)) return admitUnusual(columns, slot)
  size.text = columns.text
  size.length = price.length
  if (!copyDecimal(bytes, slot.sizeStart, slot.sizeEnd, size)) return admitUnusual(columns, slot)
  if (price.mantissa <= 0 || size.mantissa <= 0) {
    return { reason: 'not_positive', detail: price.mantissa <= 0 ? 'price' : 'size' }
  }
  if (isTooPrecise(price, size)) return tooPrecise(slot)
  // Before the point of a product stand 26 digits at most; what may have more is read exactly.
  if (price.mantissa * size.mantissa >= 1e26) return admitUnusual(columns, slot)
  columns.priceMantissa[row] = price.mantissa
  columns.priceScale[row] = price.scale
  columns.sizeMantissa[row] = size.mantissa
  columns.sizeScale[row] = size.scale
  columns.priceStart[row] = start
  columns.priceEnd[row] = price.length
  columns.sizeEnd[row] = size.length
  columns.textLength = size.length
  return null
}

/** Says what is wrong with a time, if anything, against when it was received. */
export function weighTime(timeUs: number, receivedTimeUs: number): Refusal | null {
  if (timeUs >= EARLIEST_US && timeUs <= receivedTimeUs + FUTURE_US_MAX) return null
  return { reason: 'time_implausible', detail: `event time ${timeUs} us` }
}

/** Says what is wrong, if anything, with a venue's own candle of one minute. */
export function weighCandle(candle: VenueCandle, receivedTimeUs: number): Refusal | null {
  const { openTimeUs } = candle
  if (openTimeUs % MINUTE_US !== 0) {
    return { reason: 'bad_time', detail: `${openTimeUs} us begins no minute` }
  }
  const implausible = weighTime(openTimeUs, receivedTimeUs)
  if (implausible !== null) return implausible
  for (const field of ['open', 'high', 'low', 'close'] as const) {
    const refusal = weighDecimal(candle[field], { field, digits: DIGITS_MAX, least: 1n })
    if (refusal !== null) return refusal
  }
  if (candle.vwap !== null) {
    const refusal = weighDecimal(candle.vwap, { field: 'vwap', digits: DIGITS_MAX, least: 1n })
    if (refusal !== null) return refusal
  }
  for (const field of ['volume', 'notional', 'takerBuyVolume'] as const) {
    const digits = field === 'notional' ? NOTIONAL_DIGITS_MAX : DIGITS_MAX
    const refusal = weighDecimal(candle[field] ?? '0', { field, digits, least: 0n })
    if (refusal !== null) return refusal
  }
  return null
}

/**
 * Returns a candle whose sums have no more decimals than their columns, rounded half-even. Files
 * are often written by programs that added up in floats: `0.0038773799999999997`.
 */
export function roundSums(candle: VenueCandle): VenueCandle {
  const { volume, notional, takerBuyVolume } = candle
  return {
    ...candle,
    volume: roundText(volume, DECIMALS_MAX),
    notional: notional === null ? null : roundText(notional, NOTIONAL_DECIMALS_MAX),
    takerBuyVolume: takerBuyVolume === null ? null : roundText(takerBuyVolume, DECIMALS_MAX),
  }
}

/** What is no decimal is left as it is, to be refused. */
function roundText(text: string, decimals: number): string {
  // A text no longer than this has no more decimals: the usual case is not parsed.
  if (text.length <= decimals) return text
  const exact = parseDecimal(text)
  return exact === null ? text : decimalText(roundDecimal(exact, decimals))
}

/** Plain and above zero; no longer than this it passes no bound, and need not be parsed. */
const PLAIN = /^(?:[1-9][0-9]*|0(?=\.0*[1-9]))(?:\.[0-9]+)?$/
const PLAIN_MAX = DECIMALS_MAX

function weighDecimal(
  text: string,
  want: { readonly field: string; readonly digits: number; readonly least: bigint },
): Refusal | null {
  const { field, digits, least } = want
  if (text.length <= PLAIN_MAX && PLAIN.test(text)) return null
  const decimal = parseDecimal(text)
  const detail = `${field} ${text.slice(0, 80)}`
  if (decimal === null) return { reason: 'bad_decimal', detail }
  if (decimal.mantissa < least) return { reason: 'not_positive', detail }
  const decimals = digits === DIGITS_MAX ? DECIMALS_MAX : NOTIONAL_DECIMALS_MAX
  return fitsDecimal(decimal, digits, decimals) ? null : { reason: 'too_precise', detail }
}

function isTooPrecise(left: DecimalCopy, right: DecimalCopy): boolean {
  return (
    left.scale > DECIMALS_MAX ||
    right.scale > DECIMALS_MAX ||
    left.scale + right.scale > NOTIONAL_DECIMALS_MAX
  )
}

function tooPrecise(slot: Readonly<TradeSlot>): Refusal {
  const detail = `${textOf(slot, 'price')} x ${textOf(slot, 'size')}`
  return { reason: 'too_precise', detail: detail.slice(0, 200) }
}

function textOf(slot: Readonly<TradeSlot>, field: 'price' | 'size'): string {
  const [start, end] =
    field === 'price' ? [slot.priceStart, slot.priceEnd] : [slot.sizeStart, slot.sizeEnd]
  return String.fromCharCode(...slot.bytes.subarray(start, Math.min(end, start + 80)))
}

/** Exponents and more than 15 digits: slower, through text, to the same canonical row. */
function admitUnusual(columns: TradeColumns, slot: Readonly<TradeSlot>): Refusal | null {
  const priceText = textOf(slot, 'price')
  const sizeText = textOf(slot, 'size')
  const exactPrice = parseDecimal(priceText)
  const exactSize = parseDecimal(sizeText)
  if (exactPrice === null || exactSize === null) {
    const [field, text] = exactPrice === null ? ['price', priceText] : ['size', sizeText]
    return { reason: 'bad_decimal', detail: `${field} ${JSON.stringify(text.slice(0, 80))}` }
  }
  if (exactPrice.mantissa <= 0n || exactSize.mantissa <= 0n) {
    return { reason: 'not_positive', detail: exactPrice.mantissa <= 0n ? 'price' : 'size' }
  }
  if (
    !fitsDecimal(exactPrice, DIGITS_MAX, DECIMALS_MAX) ||
    !fitsDecimal(exactSize, DIGITS_MAX, DECIMALS_MAX) ||
    !fitsDecimal(multiplyDecimal(exactPrice, exactSize), NOTIONAL_DIGITS_MAX, NOTIONAL_DECIMALS_MAX)
  ) {
    return tooPrecise(slot)
  }
  const row = columns.count
  columns.priceMantissa[row] = safeMantissa(exactPrice.mantissa)
  columns.priceScale[row] = exactPrice.scale
  columns.sizeMantissa[row] = safeMantissa(exactSize.mantissa)
  columns.sizeScale[row] = exactSize.scale
  columns.priceStart[row] = columns.textLength
  writeText(columns, decimalText(exactPrice))
  columns.priceEnd[row] = columns.textLength
  writeText(columns, decimalText(exactSize))
  columns.sizeEnd[row] = columns.textLength
  return null
}

/** NaN marks a mantissa that only its text tells exactly. */
function safeMantissa(mantissa: bigint): number {
  const number = Number(mantissa)
  return Number.isSafeInteger(number) ? number : Number.NaN
}

function writeText(columns: TradeColumns, text: string): void {
  for (let at = 0; at < text.length; at += 1) {
    columns.text[columns.textLength] = text.charCodeAt(at)
    columns.textLength += 1
  }
}
