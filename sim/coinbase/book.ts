import type { Random } from '../../src/core/random.ts'
import type { ProductMarket } from '../market/product-market.ts'
import { decimalText, microsText, paddedText } from '../market/text.ts'

const LEVELS = 20

function level(market: ProductMarket, random: Random, ticks: number): [string, string] {
  const { priceDecimals, sizeDecimals } = market.product
  const units = 1 + Math.floor(random.exponential(market.quotes.bidUnits + 1))
  return [decimalText(ticks, priceDecimals), paddedText(units, sizeDecimals, 8)]
}

/** Returns a `snapshot` of twenty levels a side around the best bid and offer. */
export function bookSnapshotFrame(market: ProductMarket, random: Random, timeUs: number): string {
  const { bidTicks, askTicks } = market.quotes
  const depth = Math.min(LEVELS, bidTicks)
  const side = (tick: (step: number) => number) =>
    Array.from({ length: depth }, (_, step) => level(market, random, tick(step)))
  return JSON.stringify({
    type: 'snapshot',
    product_id: market.product.id,
    asks: side((step) => askTicks + step),
    bids: side((step) => bidTicks - step),
    time: microsText(timeUs),
  })
}

/**
 * Returns an `l2update` that sets or removes a few levels near the touch.
 *
 * The book is scenery: its changes are drawn, not the working of the orders behind the trades.
 */
export function bookUpdateFrame(market: ProductMarket, random: Random, timeUs: number): string {
  const changes = Array.from({ length: random.int(1, 4) }, () => {
    const buy = random.next() < 0.5
    const { bidTicks, askTicks } = market.quotes
    const away = random.int(0, LEVELS)
    const ticks = Math.max(1, buy ? bidTicks - away : askTicks + away)
    const [price, size] = level(market, random, ticks)
    return [buy ? 'buy' : 'sell', price, random.next() < 0.3 ? '0.00000000' : size]
  })
  const time = microsText(timeUs)
  return JSON.stringify({ type: 'l2update', product_id: market.product.id, changes, time })
}
