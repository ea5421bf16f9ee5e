import { openJournal } from '../bronze/index.ts'
import { type BackfillResult, requestBackfill } from '../collect/backfill.ts'
import { AssayError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { bucketStart, formatTimeUs, MINUTE_US } from '../market/bucket.ts'
import { BACKFILL_LOG } from './commands/backfill.ts'
import type { Context } from './context.ts'
import { showCount } from './format.ts'
import { createProgress } from './progress.ts'
import { venueOfId } from './venue-of.ts'
import { VERSION } from './version.ts'

/**
 * Fetches a span of the configured products into the backfill log, with progress.
 *
 * The span is widened to whole minutes; of the one that is still running, to what there is of it.
 *
 * @throws ASSAY_USAGE when it holds no whole minute.
 */
export async function fetchHistory(
  context: Pick<Context, 'config' | 'dataDir' | 'clock' | 'log' | 'signal'>,
  span: { readonly fromUs: number; readonly toUs: number },
): Promise<BackfillResult[]> {
  const { config, dataDir, clock, log, signal } = context
  const { products, restUrl } = config.venues.coinbase
  const fromUs = bucketStart(span.fromUs, MINUTE_US)
  const toUs = Math.min(bucketStart(span.toUs + MINUTE_US - 1, MINUTE_US), clock.nowUs())
  if (toUs < fromUs + MINUTE_US) {
    throw new AssayError('ASSAY_USAGE', 'there is no whole minute between --from and --to yet')
  }
  await using journal = await openJournal({ dataDir, name: BACKFILL_LOG, clock })
  // Pages come newest first: what is left is what lies before the oldest trade seen.
  const progress = createProgress({ label: 'fetching', unit: 'pages', clock })
  let pages = 0
  const results = await requestBackfill({
    venue: venueOfId('coinbase'),
    products,
    fromUs,
    toUs,
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
