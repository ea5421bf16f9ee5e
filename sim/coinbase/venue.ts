import type { VenueContext, VenueSim } from '../venue-sim.ts'
import { AdvancedFeed } from './advanced-feed.ts'
import { ExchangeFeed } from './exchange-feed.ts'
import { createCoinbaseRest } from './rest.ts'

/** Path of the Advanced Trade socket; every other path is the Exchange's. */
export const ADVANCED_PATH = '/advanced'

/** Returns Coinbase: the Exchange feed, Advanced Trade, and the Exchange's REST. */
export function createCoinbase(context: VenueContext): VenueSim {
  const exchange = new ExchangeFeed(context)
  const advanced = new AdvancedFeed(context)
  return {
    id: 'coinbase',
    feeds: [exchange, advanced],
    rest: createCoinbaseRest(context),
    feedAt: (path) => (path.startsWith(ADVANCED_PATH) ? advanced : exchange),
    prints: (fills) => fills.map((fill) => [fill]),
    bookTop: (product) => exchange.books.top(product),
  }
}
