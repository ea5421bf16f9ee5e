import type { CandleFold } from '../market/candles.ts'
import type { Market } from '../market/market.ts'
import type { Product } from '../market/product.ts'
import { type NumberStyle, numberText } from './number-text.ts'

const SECOND_US = 1_000_000
const MINUTE_US = 60 * SECOND_US
const HOUR_US = 60 * MINUTE_US
const DAY_US = 24 * HOUR_US

// An answer is computed anew so often, and the caches before it add some seconds.
const REFRESH_SECONDS_MIN = 45
const REFRESH_SECONDS_SPAN = 16

/** One coin as the aggregator knows it. */
export interface Coin {
  readonly id: string
  readonly product: Product
  readonly fold: CandleFold
  readonly style: NumberStyle
  /** Time between two computations of its figures, and where in that time they fall. */
  readonly refreshUs: number
  readonly phaseUs: number
  readonly supply: number
  /** `null` of an unlimited supply. */
  readonly maxSupply: number | null
  /** Whether the market's size is known. */
  readonly isRanked: boolean
}

/** A number that is a coin's own, from its name alone: the same in every run. */
function numberOf(id: string): number {
  let hash = 2_166_136_261
  for (const letter of id) hash = Math.imul(hash ^ letter.charCodeAt(0), 16_777_619)
  return hash >>> 0
}

/** Returns the coins that a market trades, in the order of the market. */
export function coinsOf(market: Market): readonly Coin[] {
  return [...market.products.values()].map(({ product }) => {
    const own = numberOf(product.id)
    const price = product.startTicks / 10 ** product.priceDecimals
    const supply = Math.round((1e9 + (own % 1e12)) / price)
    return {
      id: product.id,
      product,
      fold: market.candles.get(product.id)!,
      style: own % 2 === 0 ? 'short' : 'float',
      refreshUs: (REFRESH_SECONDS_MIN + (own % REFRESH_SECONDS_SPAN)) * SECOND_US,
      phaseUs: (own % 45_000) * 1000,
      supply,
      maxSupply: own % 3 === 0 ? null : supply * 2,
      isRanked: own % 11 !== 0,
    }
  })
}

/** Returns when a coin's figures were last computed before `timeUs`. */
export function updatedUs(coin: Coin, timeUs: number): number {
  const since = timeUs - coin.phaseUs
  return since - (since % coin.refreshUs) + coin.phaseUs
}

/** Returns a coin's price at a time, that of the last minute before it; `null` before all. */
export function priceAt({ product, fold }: Coin, timeUs: number): number | null {
  const minute = fold.newest(timeUs - (timeUs % MINUTE_US) - MINUTE_US)
  return minute === null ? null : minute.closeTicks / 10 ** product.priceDecimals
}

/** Returns what was traded in the 24 hours before a time, in dollars. */
export function volumeAt({ product, fold }: Coin, timeUs: number): number {
  const endUs = timeUs - (timeUs % MINUTE_US)
  const scale = product.priceDecimals + product.sizeDecimals
  const total = fold.minutes(endUs - DAY_US, endUs).reduce((sum, one) => sum + one.notional, 0n)
  return Number(total) / 10 ** scale
}

/** Figures of a coin by the venue's field names, as JSON text. */
export type CoinFigures = Readonly<Record<string, string>>

/**
 * Returns a coin's figures as they were computed at `timeUs`: the truth of every answer that
 * says so in its `last_updated`. Depends on the market up to that time alone.
 */
export function figuresAt(coin: Coin, timeUs: number): CoinFigures {
  const { product, fold, supply, maxSupply, isRanked, style } = coin
  const endUs = timeUs - (timeUs % MINUTE_US)
  const minutes = fold.minutes(endUs - DAY_US, endUs)
  const price = priceAt(coin, timeUs)
  const first = minutes[0]
  const ticks = 10 ** product.priceDecimals
  const opened = first === undefined ? null : first.openTicks / ticks
  const times = (size: number | null) => (price === null || size === null ? null : price * size)
  const change = (then: number | null) =>
    price === null || then === null ? null : (price / then - 1) * 100
  const highs = minutes.map(({ highTicks }) => highTicks)
  const lows = minutes.map(({ lowTicks }) => lowTicks)
  const figures: Readonly<Record<string, number | null>> = {
    current_price: price,
    market_cap: isRanked ? times(supply) : null,
    fully_diluted_valuation: isRanked ? times(maxSupply ?? supply) : null,
    total_volume: volumeAt(coin, timeUs),
    high_24h: highs.length === 0 ? null : Math.max(...highs) / ticks,
    low_24h: lows.length === 0 ? null : Math.min(...lows) / ticks,
    price_change_24h: price === null || opened === null ? null : price - opened,
    price_change_percentage_24h: change(opened),
    circulating_supply: isRanked ? supply : null,
    total_supply: supply,
    max_supply: maxSupply,
    price_change_percentage_1h_in_currency: change(priceAt(coin, timeUs - HOUR_US)),
    price_change_percentage_24h_in_currency: change(opened),
    price_change_percentage_7d_in_currency: change(priceAt(coin, timeUs - 7 * DAY_US)),
  }
  const texts = Object.entries(figures).map(([name, value]) => [
    name,
    value === null ? 'null' : numberText(value, style),
  ])
  return Object.fromEntries(texts) as CoinFigures
}
