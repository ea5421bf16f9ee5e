// Copy to assay.config.ts and keep what should differ from the defaults, which stand here. The
// same keys can be written in assay.config.yaml instead, where ${NAME} and ${NAME:-otherwise}
// stand for variables. Where the package is installed, import from 'assay'.
import { defineConfig } from './src/core/config.ts'

export default defineConfig({
  data: './data',
  store: 'sqlite:',
  mode: 'ws',
  collect: {
    venues: ['coinbase', 'binance-us', 'kraken', 'coingecko'],
    books: false,
    witnessSeconds: 60,
  },
  // Products are written BTC-USD or as the venue writes them; null leaves the choice to it.
  venues: {
    coinbase: { feed: 'exchange', products: null },
    'binance-us': { products: null, lifeSecondsMax: 82_800 },
    kraken: { products: null },
    // Of every ccxt:… venue; they need the package ccxt.
    ccxt: { products: null, pollSeconds: 5 },
    coingecko: {
      // ['bitcoin', 'ethereum'], or { top: 50 }; null: ten well-known ones.
      coins: null,
      everySeconds: 60,
      ratePerMinute: 5,
      timeoutSeconds: 30,
      retriesMax: 3,
    },
  },
  poll: { everySeconds: 300 },
  journal: { commitWindowMs: 50, segmentBytesMax: 268_435_456 },
  log: { level: 'info' },
  candles: { graceSeconds: 10 },
  backfill: { enabled: true, graceSeconds: 2, maxAttempts: 5 },
})
