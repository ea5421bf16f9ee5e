import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import type { Venue } from '../venue.ts'
import { history } from './backfill.ts'
import { books } from './books.ts'
import { decoders } from './decode.ts'
import { feed } from './feed.ts'
import { readListings, spell } from './instruments.ts'

export { cousins } from './decode.ts'

/** What is traded in US dollars and in their tokens; what is not listed so has a fallback. */
const BASES = 'BTC ETH SOL LINK DOT APE PEPE TRUMP JUP PUMP PENGU REKT FARTCOIN WIF KSM'

/** Binance.US: aggregate trades and klines of its combined stream, and its history over REST. */
export const binanceUs: Venue = Object.freeze({
  id: 'binance-us',
  name: 'Binance.US',
  kind: 'exchange',
  defaultProducts: Object.freeze(BASES.split(' ').map((base) => `${base}-USD`)),
  spell,
  candleRules: Object.freeze({
    // Without a trade no kline is sent; over REST there is a flat one, unless the engine was down.
    emptyMinutes: Object.freeze({ ws: 'omitted', rest: 'flat' }),
    vwap: 'none',
    fields: Object.freeze(['notional', 'takerBuyVolume', 'tradeCount'] as const),
    restMinutesMax: null,
  }),
  books,
  snapshots: null,
  feeds: Object.freeze({ stream: feed }),
  history,
  decoders,
  classify,
  listings: (record: RawRecord): readonly Listing[] => readListings(record)?.listings ?? [],
})

const CHANNEL_OF_PATH: Readonly<Record<string, string>> = {
  aggTrades: 'aggTrades',
  klines: 'klines',
  exchangeInfo: 'exchangeInfo',
  'ticker/24hr': 'ticker24hr',
  trades: 'trades',
  historicalTrades: 'historicalTrades',
  depth: 'depth',
  time: 'time',
  ping: 'ping',
  avgPrice: 'avgPrice',
  'ticker/price': 'tickerPrice',
  'ticker/bookTicker': 'bookTicker',
}

/** Recordings of Binance's other markets keep their own names; they are no venues of ours. */
function classify(url: string, kind: 'ws' | 'rest'): { dialect: string; channel: string } {
  const host = /^[a-z]+:\/\/([^/?#:]*)/.exec(url)?.[1] ?? ''
  const market = /^[fd](?:stream|api)\.binance\.com$/.test(host)
    ? 'binance-futures'
    : /(?:^|\.)binance\.com$/.test(host)
      ? 'binance'
      : 'binance-us'
  if (kind === 'ws') return { dialect: `${market}/stream`, channel: 'unknown' }
  const path = /\/api\/v[0-9]+\/([A-Za-z0-9/]*?)\/?(?:[?#]|$)/.exec(url)?.[1] ?? ''
  const channel = Object.hasOwn(CHANNEL_OF_PATH, path) ? CHANNEL_OF_PATH[path] : undefined
  return { dialect: `${market}/rest`, channel: channel ?? 'unknown' }
}
