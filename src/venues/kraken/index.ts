import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import type { Venue } from '../venue.ts'
import { history } from './backfill.ts'
import { books } from './books.ts'
import { decoders, REST_DIALECT, V1_DIALECT, V2_DIALECT } from './decode.ts'
import { feed } from './feed.ts'
import { readListings } from './instruments.ts'

/** Fifteen assets quoted in USD; those that Kraken does not list are told of and left out. */
const DEFAULT_PRODUCTS = [
  ...['BTC', 'ETH', 'SOL', 'LINK', 'DOT', 'APE', 'PEPE', 'TRUMP', 'JUP', 'PUMP', 'PENGU'],
  ...['REKT', 'FARTCOIN', 'WIF', 'KSM'],
].map((base) => `${base}-USD`)

/** Kraken's spot market: the current WebSocket, recordings of the older one, and REST. */
export const kraken: Venue = Object.freeze({
  id: 'kraken',
  name: 'Kraken',
  kind: 'exchange',
  defaultProducts: Object.freeze(DEFAULT_PRODUCTS),
  spell: (base: string, quote: string) => `${base}/${quote}`,
  candleRules: Object.freeze({
    emptyMinutes: Object.freeze({ ws: 'omitted', rest: 'flat' }),
    vwap: 'truncated',
    fields: Object.freeze(['tradeCount', 'vwap'] as const),
    restMinutesMax: 720,
  }),
  books,
  snapshots: null,
  feeds: Object.freeze({ v2: feed }),
  history,
  decoders,
  classify,
  listings: (record: RawRecord): readonly Listing[] => readListings(record)?.listings ?? [],
})

function classify(url: string, kind: 'ws' | 'rest'): { dialect: string; channel: string } {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/, '').replace(/[?#].*$/s, '')
  if (kind === 'rest') {
    const channel = /\/0\/public\/([A-Za-z]{1,32})\/?$/.exec(path)?.[1] ?? 'unknown'
    return { dialect: REST_DIALECT, channel }
  }
  // The older feed's address has no path.
  const isOlder = url !== '' && !/\/v2\/?$/.test(path)
  return { dialect: isOlder ? V1_DIALECT : V2_DIALECT, channel: 'unknown' }
}
