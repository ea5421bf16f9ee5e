// Copy to assay.config.ts and keep what should differ from the defaults, which stand here. The
// same keys can be written in assay.config.yaml instead, where ${NAME} and ${NAME:-otherwise}
// stand for variables. Where the package is installed, import from 'assay'.
import { defineConfig } from './src/core/config.ts'

export default defineConfig({
  data: './data',
  store: 'sqlite:',
  mode: 'ws',
  venues: {
    coinbase: {
      feed: 'exchange',
      products: ['BTC-USD', 'ETH-USD'],
    },
  },
  poll: { everySeconds: 300 },
  journal: { commitWindowMs: 50, segmentBytesMax: 268_435_456 },
  log: { level: 'info' },
  candles: { graceSeconds: 10 },
  backfill: { enabled: true, graceSeconds: 2, maxAttempts: 5 },
})
