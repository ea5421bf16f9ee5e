import { decimalText, fitsDecimal, parseDecimal, roundDecimal } from '../market/decimal.ts'
import type { VenueCandle } from '../market/event.ts'
import type { MarketSnapshot } from '../market/snapshot.ts'
import { type Refusal, weighCandle, weighTime } from './validate.ts'

/** Decimals that an aggregator's figure keeps: what is longer is rounded half-even (D8). */
const DECIMALS_MAX = 18

/** Digits before the point that a price may have, and an amount of the whole market. */
const PRICE_WHOLE_MAX = 20
const AMOUNT_WHOLE_MAX = 26

/** Figures of a snapshot, and the digits before the point that their columns hold. */
const FIGURES = {
  price: PRICE_WHOLE_MAX,
  marketCap: AMOUNT_WHOLE_MAX,
  fullyDilutedValuation: AMOUNT_WHOLE_MAX,
  volume24h: AMOUNT_WHOLE_MAX,
  high24h: PRICE_WHOLE_MAX,
  low24h: PRICE_WHOLE_MAX,
  priceChange24h: PRICE_WHOLE_MAX,
  change1hPct: PRICE_WHOLE_MAX,
  change24hPct: PRICE_WHOLE_MAX,
  change7dPct: PRICE_WHOLE_MAX,
  circulatingSupply: AMOUNT_WHOLE_MAX,
  totalSupply: AMOUNT_WHOLE_MAX,
  maxSupply: AMOUNT_WHOLE_MAX,
} as const

const NAMES = Object.keys(FIGURES) as readonly (keyof typeof FIGURES)[]

/** When something was polled and received, epoch microseconds. */
export interface Receipt {
  readonly polledUs: number
  readonly receivedTimeUs: number
}

/**
 * Returns a snapshot with each figure rounded half-even to 18 decimals, or what is wrong with
 * it: its time, or a figure that passes the digits its column has.
 */
export function settleSnapshot(
  snapshot: MarketSnapshot,
  { polledUs, receivedTimeUs }: Receipt,
): MarketSnapshot | Refusal {
  const implausible = weighTime(snapshot.timeUs ?? polledUs, receivedTimeUs)
  if (implausible !== null) return implausible
  const rounded: { -readonly [K in keyof typeof FIGURES]?: string } = {}
  for (const name of NAMES) {
    const text = snapshot[name]
    if (text === null) continue
    const figure = roundFigure(text, FIGURES[name])
    if (typeof figure !== 'string') return { ...figure, detail: `${name} ${figure.detail}` }
    if (figure !== text) rounded[name] = figure
  }
  return { ...snapshot, ...rounded }
}

/** Returns an aggregator's candle, rounded as a snapshot is, or what is wrong with it. */
export function settleCandle(candle: VenueCandle, receivedTimeUs: number): VenueCandle | Refusal {
  const rounded = { open: '', high: '', low: '', close: '' }
  for (const name of ['open', 'high', 'low', 'close'] as const) {
    const figure = roundFigure(candle[name], PRICE_WHOLE_MAX)
    if (typeof figure !== 'string') return { ...figure, detail: `${name} ${figure.detail}` }
    rounded[name] = figure
  }
  const settled = { ...candle, ...rounded }
  return weighCandle(settled, receivedTimeUs) ?? settled
}

function roundFigure(text: string, wholeDigitsMax: number): string | Refusal {
  const exact = parseDecimal(text)
  const detail = text.slice(0, 80)
  if (exact === null) return { reason: 'bad_decimal', detail }
  const rounded = roundDecimal(exact, DECIMALS_MAX)
  const fits = fitsDecimal(rounded, wholeDigitsMax + DECIMALS_MAX, DECIMALS_MAX)
  return fits ? decimalText(rounded) : { reason: 'too_precise', detail }
}
