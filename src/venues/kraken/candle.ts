import {
  compareDecimal,
  type Decimal,
  decimalText,
  fitsDecimal,
  parseDecimal,
} from '../../market/decimal.ts'
import type { RejectReason, VenueCandle } from '../../market/event.ts'
import { recallDecimal } from './decimal-memo.ts'

/** Places of a candle's decimals in {@link CandleText}. */
export const COLUMN = { open: 0, high: 1, low: 2, close: 3, volume: 4, vwap: 5 } as const

const COLUMNS = 6
const NAMES = Object.keys(COLUMN)

/** A text no longer than this has no more decimals than the warehouse holds. */
const FINE = 19

/** Where the decimals of one candle stand in bytes; filled again and again. */
export interface CandleText {
  bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** What is known of a candle beside its decimals. */
export type CandleFacts = Pick<
  VenueCandle,
  'item' | 'symbol' | 'openTimeUs' | 'intervalUs' | 'tradeCount' | 'closed'
>

/** Why a candle was refused. */
export interface CandleFault {
  readonly reason: RejectReason
  readonly detail: string
}

/** Returns an empty text for a decoder to own. */
export function createCandleText(): CandleText {
  return {
    bytes: new Uint8Array(0),
    starts: new Int32Array(COLUMNS),
    ends: new Int32Array(COLUMNS),
  }
}

const texts: string[] = new Array<string>(COLUMNS).fill('')
const sizes = new Float64Array(COLUMNS)

/**
 * Reads the decimals of a candle exactly, or says what is wrong with them.
 *
 * Short decimals are compared by the doubles nearest to them, which is as exact; others, and
 * what is wrong, take the longer way.
 */
export function readCandle(text: CandleText, facts: CandleFacts): VenueCandle | CandleFault {
  const { bytes, starts, ends } = text
  for (let column = 0; column < COLUMNS; column += 1) {
    const [start, end] = [starts[column] as number, ends[column] as number]
    const decimal = end - start > FINE ? null : recallDecimal(bytes, start, end)
    if (decimal === null) return readUnusual(text, facts)
    texts[column] = decimal.text
    sizes[column] = decimal.size
  }
  const low = sizes[COLUMN.low] as number
  const high = sizes[COLUMN.high] as number
  let isSound = (sizes[COLUMN.volume] as number) >= 0
  for (let column = 0; column <= COLUMN.close; column += 1) {
    const size = sizes[column] as number
    if (!(size > 0) || size < low || size > high) isSound = false
  }
  if (!isSound) return readUnusual(text, facts)
  return candleOf(facts, texts, (sizes[COLUMN.vwap] as number) > 0)
}

/** Reads exponents and long digits, and finds the words for what is wrong. */
function readUnusual(text: CandleText, facts: CandleFacts): VenueCandle | CandleFault {
  const { bytes, starts, ends } = text
  const decimals: Decimal[] = []
  for (let column = 0; column < COLUMNS; column += 1) {
    const end = Math.min(ends[column] as number, (starts[column] as number) + 80)
    const source = String.fromCharCode(...bytes.subarray(starts[column], end))
    const decimal = parseDecimal(source)
    if (decimal === null) {
      return { reason: 'bad_decimal', detail: `${NAMES[column]} is no decimal` }
    }
    decimals.push(decimal)
  }
  const prices = decimals.slice(0, COLUMN.volume)
  const [low, high] = [decimals[COLUMN.low] as Decimal, decimals[COLUMN.high] as Decimal]
  const volume = decimals[COLUMN.volume] as Decimal
  if (prices.some((price) => price.mantissa <= 0n) || volume.mantissa < 0n) {
    return { reason: 'not_positive', detail: 'a price or the volume is negative or zero' }
  }
  if (!decimals.every((decimal) => fitsDecimal(decimal, 38, 18))) {
    return { reason: 'too_precise', detail: 'a number passes 38 digits or 18 decimals' }
  }
  if (prices.some((p) => compareDecimal(p, low) < 0 || compareDecimal(p, high) > 0)) {
    return { reason: 'malformed', detail: 'a price lies outside of low and high' }
  }
  const isTraded = (decimals[COLUMN.vwap] as Decimal).mantissa > 0n
  return candleOf(facts, decimals.map(decimalText), isTraded)
}

/** Of a minute without a trade Kraken writes the average 0, which is no price: it has none. */
function candleOf(facts: CandleFacts, list: readonly string[], isTraded: boolean): VenueCandle {
  return {
    item: facts.item,
    symbol: facts.symbol,
    openTimeUs: facts.openTimeUs,
    intervalUs: facts.intervalUs,
    open: list[COLUMN.open] as string,
    high: list[COLUMN.high] as string,
    low: list[COLUMN.low] as string,
    close: list[COLUMN.close] as string,
    volume: list[COLUMN.volume] as string,
    notional: null,
    takerBuyVolume: null,
    tradeCount: facts.tradeCount,
    vwap: isTraded ? (list[COLUMN.vwap] as string) : null,
    closed: facts.closed,
  }
}
