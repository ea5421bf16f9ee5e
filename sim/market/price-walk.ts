import type { Random } from '../../src/core/random.ts'
import type { Product } from './product.ts'

/** The price of one product between trades: a middle that walks and a spread around it. */
export interface PriceWalk {
  readonly bidTicks: number
  readonly askTicks: number
  readonly bidUnits: number
  readonly askUnits: number
  /** Lets time pass up to `timeUs` and quotes anew. */
  move(timeUs: number): void
  /** Lets a sweep that ended at `ticks` pull the middle after it. */
  follow(ticks: number): void
}

// About half the price in a year, as bitcoin does it.
const VOLATILITY_PER_SQRT_SECOND = 9e-5
const PULL_PER_SECOND = 2e-5
const NOTIONAL_MEDIAN = 80
const NOTIONAL_SIGMA = 2.2
const NOTIONAL_MAX = 2e6

/**
 * Draws a size, in units, for an order at `ticks`.
 *
 * Log-normal in notional, so sizes span ten orders of magnitude; people like round numbers.
 */
export function drawUnits(random: Random, product: Product, ticks: number): number {
  const notional = NOTIONAL_MEDIAN * Math.exp(NOTIONAL_SIGMA * random.gaussian())
  const price = ticks / 10 ** product.priceDecimals
  const scale = 10 ** product.sizeDecimals
  const units = Math.max(1, Math.round((Math.min(notional, NOTIONAL_MAX) / price) * scale))
  if (random.next() > 0.15) return units
  const step = 10 ** Math.floor(Math.log10(units))
  return Math.max(step, Math.round(units / step) * step)
}

/** Returns a walk that starts at the product's own price at `startUs`. */
export function createPriceWalk(random: Random, product: Product, startUs: number): PriceWalk {
  const home = product.startTicks
  let movedUs = startUs
  let mid = home
  let spread = 1
  let bidUnits = 1
  let askUnits = 1
  return {
    get bidTicks() {
      return Math.max(1, Math.floor(mid))
    },
    get askTicks() {
      return Math.max(1, Math.floor(mid)) + spread
    },
    get bidUnits() {
      return bidUnits
    },
    get askUnits() {
      return askUnits
    },
    move(timeUs) {
      const seconds = Math.min(60, (timeUs - movedUs) / 1e6)
      movedUs = timeUs
      mid += home * VOLATILITY_PER_SQRT_SECOND * Math.sqrt(seconds) * random.gaussian()
      // Pulled home gently, so that a run of weeks stays believable.
      mid += (home - mid) * Math.min(1, seconds * PULL_PER_SECOND)
      mid = Math.min(home * 4, Math.max(home / 4, 20, mid))
      const extra = random.next() < 0.2 ? random.exponential(home * 4e-6) : 0
      spread = 1 + Math.floor(extra)
      bidUnits = drawUnits(random, product, Math.round(mid))
      askUnits = drawUnits(random, product, Math.round(mid))
    },
    follow(ticks) {
      mid += (ticks - mid) * 0.3
    },
  }
}
