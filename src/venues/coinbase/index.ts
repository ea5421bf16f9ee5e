import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import type { Venue } from '../venue.ts'
import { history } from './backfill.ts'
import { books } from './books.ts'
import { ADVANCED_DIALECT, decoders, EXCHANGE_DIALECT, REST_DIALECT } from './decode.ts'
import { advancedFeed, exchangeFeed } from './feed.ts'
import { readListings } from './instruments.ts'

const CHANNEL_OF_PATH: readonly (readonly [RegExp, string])[] = [
  [/\/products\/[^/]+\/trades\/?$/, 'trades'],
  [/^\/products\/[^/]+\/candles\/?$/, 'candles'],
  [/\/products\/?$/, 'products'],
]

/** Coinbase: the Exchange's feed and history, and Advanced Trade's feed of the same trades. */
export const coinbase: Venue = Object.freeze({
  id: 'coinbase',
  name: 'Coinbase',
  kind: 'exchange',
  defaultProducts: Object.freeze(['BTC-USD', 'ETH-USD']),
  spell: (base: string, quote: string) => `${base}-${quote}`,
  candleRules: Object.freeze({
    emptyMinutes: Object.freeze({ ws: 'omitted', rest: 'omitted' }),
    vwap: 'none',
    fields: Object.freeze([]),
    restMinutesMax: null,
  }),
  books,
  snapshots: null,
  feeds: Object.freeze({ exchange: exchangeFeed, advanced: advancedFeed }),
  history,
  decoders,
  classify,
  listings: (record: RawRecord): readonly Listing[] => readListings(record)?.listings ?? [],
})

function classify(url: string, kind: 'ws' | 'rest'): { dialect: string; channel: string } {
  if (kind === 'ws') {
    const dialect = /^[a-z]*:?\/*advanced-trade/.test(url) ? ADVANCED_DIALECT : EXCHANGE_DIALECT
    return { dialect, channel: 'unknown' }
  }
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/, '').replace(/[?#].*$/s, '')
  const channel = CHANNEL_OF_PATH.find(([pattern]) => pattern.test(path))?.[1] ?? 'unknown'
  return { dialect: REST_DIALECT, channel }
}
