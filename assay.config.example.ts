// Copy to assay.config.ts and keep what should differ from the defaults, which stand here. The
// same keys can be written in assay.config.yaml instead, where ${NAME} and ${NAME:-otherwise}
// stand for variables. Where the package is installed, import from 'assay'.
import { defineConfig } from './src/index.ts'

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
  // Schedules are cron expressions in UTC by asset: { 'gold.daily_kpis': ['30 1 * * *'] }.
  flow: { enabled: true, liveMax: 2, gapMax: 1, backfillMax: 2, schedules: {} },
  // Venues, assets and datasets of your own; docs/EXTENDING.md has an example of each.
  extend: { venues: [], assets: [], datasets: [] },
  // Who is told of runs, as events of OpenLineage; nobody, unless one of these is named.
  lineage: {
    namespace: 'assay',
    file: null,
    url: null,
    kafkaBrokers: null,
    kafkaTopic: 'assay.lineage',
  },
  // Days that `assay retention` keeps; null: for ever.
  retention: {
    rawArchive: null,
    trades: null,
    candles: null,
    snapshots: 365,
    books: null,
    quarantine: null,
    runs: 90,
  },
})
