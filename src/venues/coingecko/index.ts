import type { Venue } from '../venue.ts'
import { history } from './backfill.ts'
import { decoders } from './decode.ts'
import { channelOf, REST_DIALECT } from './endpoint.ts'
import { readListings } from './instruments.ts'
import { snapshots } from './snapshots.ts'

/** CoinGecko: figures of coins over all venues, polled and kept as snapshots. */
export const coingecko: Venue = Object.freeze({
  id: 'coingecko',
  name: 'CoinGecko',
  kind: 'aggregator',
  defaultProducts: Object.freeze([
    'bitcoin',
    'ethereum',
    'binancecoin',
    'cardano',
    'solana',
    'ripple',
    'polkadot',
    'dogecoin',
    'avalanche-2',
    'polygon',
  ]),
  // A coin's id follows from no ticker: it is taken as it was written.
  spell: (base: string) => base.toLowerCase(),
  candleRules: Object.freeze({
    emptyMinutes: Object.freeze({ ws: 'omitted', rest: 'omitted' }),
    vwap: 'none',
    fields: Object.freeze([]),
    restMinutesMax: 0,
  }),
  books: null,
  snapshots,
  feeds: Object.freeze({}),
  history,
  decoders,
  classify: (url: string) => ({ dialect: REST_DIALECT, channel: channelOf(url) }),
  listings: readListings,
})
