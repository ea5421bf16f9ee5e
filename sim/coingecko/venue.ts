import type { VenueContext, VenueSim } from '../venue-sim.ts'
import { createCoinGeckoRest } from './rest.ts'

/**
 * Returns CoinGecko: REST alone. Its figures are of a market of its own, of whose trades nobody
 * is told.
 */
export function createCoinGecko(context: VenueContext): VenueSim {
  return {
    id: 'coingecko',
    feeds: [],
    rest: createCoinGeckoRest(context),
    feedAt: () => null,
    prints: () => [],
  }
}
