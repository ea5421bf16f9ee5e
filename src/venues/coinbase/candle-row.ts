import { firstElement, nextElement, skipValue } from '../../core/json/scan.ts'
import {
  compareDecimal,
  type Decimal,
  decimalText,
  fitsDecimal,
  parseDecimal,
} from '../../market/decimal.ts'
import type { RejectReason, VenueCandle } from '../../market/event.ts'
import { parseEpochUs } from '../../market/time.ts'

/** Columns in order: time, low, high, open, close, volume. Prices begin at this one. */
const FIRST_PRICE = 1
const COLUMNS = 6

/** How long after its minute a candle may still change: answers are cached for a second. */
const SETTLE_US = 5_000_000

/** One row of a page of candles. */
export interface CandleRow {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly item: number
  readonly symbol: string | null
  readonly intervalUs: number
}

/** Why a row was refused. */
export interface CandleFault {
  readonly reason: RejectReason
  readonly detail: string
}

/**
 * Reads one row with the exact digits of its numbers, or says what is wrong with it.
 *
 * The row says nothing of its candle being closed: it is, once it was received 5 s or more
 * after its end.
 */
export function takeCandle(row: CandleRow, receivedTimeUs: number): VenueCandle | CandleFault {
  const { item, symbol, intervalUs } = row
  if (symbol === null) return { reason: 'bad_symbol', detail: 'nothing names the product' }
  const texts = columnTexts(row)
  if (texts === null) return { reason: 'malformed', detail: 'a row is no list of six numbers' }
  const openTimeUs = parseEpochUs(texts[0] as string, 's')
  if (openTimeUs === null || openTimeUs < 0 || openTimeUs % intervalUs !== 0) {
    return { reason: 'bad_time', detail: 'a row opens at no whole interval' }
  }
  const decimals = texts.slice(FIRST_PRICE).map(parseDecimal)
  if (!areDecimals(decimals)) return { reason: 'bad_decimal', detail: 'a row holds no decimals' }
  const [low, high, open, close, volume] = decimals
  const prices = [low, high, open, close]
  if (prices.some((price) => price.mantissa <= 0n) || volume.mantissa < 0n) {
    return { reason: 'not_positive', detail: 'a price or the volume is negative or zero' }
  }
  if (![...prices, volume].every((decimal) => fitsDecimal(decimal, 38, 18))) {
    return { reason: 'too_precise', detail: 'a number passes 38 digits or 18 decimals' }
  }
  if (prices.some((p) => compareDecimal(p, low) < 0 || compareDecimal(p, high) > 0)) {
    return { reason: 'malformed', detail: 'a price lies outside of low and high' }
  }
  return {
    item,
    symbol,
    openTimeUs,
    intervalUs,
    open: decimalText(open),
    high: decimalText(high),
    low: decimalText(low),
    close: decimalText(close),
    volume: decimalText(volume),
    notional: null,
    takerBuyVolume: null,
    tradeCount: null,
    vwap: null,
    closed: openTimeUs + intervalUs + SETTLE_US <= receivedTimeUs,
  }
}

type Five = readonly [Decimal, Decimal, Decimal, Decimal, Decimal]

function areDecimals(list: readonly (Decimal | null)[]): list is Five {
  return list.length === COLUMNS - FIRST_PRICE && list.every((decimal) => decimal !== null)
}

/** Returns the source text of each column, or `null` if there are not six. */
function columnTexts({ bytes, start, end }: CandleRow): readonly string[] | null {
  const texts: string[] = []
  let at = firstElement(bytes, start, end)
  while (at >= 0) {
    const after = skipValue(bytes, at, end)
    if (after < 0 || texts.length === COLUMNS) return null
    texts.push(new TextDecoder().decode(bytes.subarray(at, after)))
    at = nextElement(bytes, after, end)
  }
  return texts.length === COLUMNS ? texts : null
}
