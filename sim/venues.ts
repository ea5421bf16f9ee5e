import { createBinance } from './binance/venue.ts'
import { createCoinbase } from './coinbase/venue.ts'
import { createCoinGecko } from './coingecko/venue.ts'
import { createKraken } from './kraken/venue.ts'
import type { VenueId } from './venue-id.ts'
import type { VenueContext, VenueSim } from './venue-sim.ts'

/** Every venue the simulator plays: one folder and one line each. */
export const VENUES: Readonly<Record<VenueId, (context: VenueContext) => VenueSim>> = {
  coinbase: createCoinbase,
  'binance-us': createBinance,
  kraken: createKraken,
  coingecko: createCoinGecko,
}

/** Where a venue lies on the port: the prefix of its paths, and its socket below that. */
export const VENUE_PATHS: Readonly<
  Record<VenueId, { readonly prefix: string; readonly ws: string; readonly rest: string }>
> = {
  coinbase: { prefix: '', ws: '', rest: '' },
  'binance-us': { prefix: '/binance-us', ws: '/stream', rest: '' },
  kraken: { prefix: '/kraken', ws: '/v2', rest: '' },
  coingecko: { prefix: '/coingecko', ws: '', rest: '/api/v3' },
}

/** Returns the venue that serves a path, and the path as that venue sees it. */
export function venueOfPath(path: string): { readonly venue: VenueId; readonly path: string } {
  for (const venue of ['binance-us', 'kraken', 'coingecko'] as const) {
    const { prefix } = VENUE_PATHS[venue]
    if (path === prefix || path.startsWith(`${prefix}/`)) {
      return { venue, path: path.slice(prefix.length) }
    }
  }
  return { venue: 'coinbase', path }
}
