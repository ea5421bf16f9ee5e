import { openJournal } from '../bronze/index.ts'
import { type BackfillResult, requestBackfill } from '../collect/backfill.ts'
import { createRandom } from '../core/random.ts'
import { formatTimeUs } from '../market/bucket.ts'
import { BACKFILL_LOG } from './commands/backfill.ts'
import type { Context } from './context.ts'
import { showCount } from './format.ts'
import { createProgress } from './progress.ts'
import { venueOfId } from './venue-of.ts'
import { VERSION } from './version.ts'

/** Fetches a span of the configured products into the backfill log, with progress. */
export async function fetchHistory(
  context: Pick<Context, 'config' | 'dataDir' | 'clock' | 'log' | 'signal'>,
  span: { readonly fromUs: number; readonly toUs: number },
): Promise<BackfillResult[]> {
  const { config, dataDir, clock, log, signal } = context
  const { products, restUrl } = config.venues.coinbase
  await using journal = await openJournal({ dataDir, name: BACKFILL_LOG, clock })
  // Pages come newest first: what is left is what lies before the oldest trade seen.
  const progress = createProgress({ label: 'fetching', unit: 'pages', clock })
  let pages = 0
  const results = await requestBackfill({
    venue: venueOfId('coinbase'),
    products,
    ...span,
    journal,
    clock,
    random: createRandom(`${process.pid}-${clock.nowUs()}`),
    log,
    version: VERSION,
    signal,
    ...(restUrl !== null && { restUrl }),
    onProgress(symbol, { trades, leastTimeUs }) {
      pages += 1
      const reached = leastTimeUs === 0 ? '' : `, back to ${formatTimeUs(leastTimeUs)}`
      progress.update(pages, `${symbol} ${showCount(trades)} trades${reached}`)
    },
  })
  progress.done()
  return results
}
