import { type Journal, openJournal } from '../bronze/index.ts'
import { requestBackfill } from '../collect/backfill.ts'
import { requestCoinHistory } from '../collect/snapshot-poll-history.ts'
import { AssayError, isAssayError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { bucketStart, formatTimeUs, MINUTE_US } from '../market/bucket.ts'
import type { Venue } from '../venues/venue.ts'
import { BACKFILL_LOG } from './commands/backfill.ts'
import type { Context } from './context.ts'
import { showCount } from './format.ts'
import { createProgress, type Progress } from './progress.ts'
import {
  chosenVenues,
  coinsOf,
  hostsOf,
  memoryOf,
  productsOf,
  snapshotClientSettings,
} from './venue-settings.ts'
import { VERSION } from './version.ts'

const DAY_US = 86_400_000_000

/** What was fetched of one product or coin. */
export interface Fetched {
  readonly venue: string
  readonly symbol: string
  readonly pages: number
  /** Trades, or samples of a coin's market. */
  readonly trades: number
  readonly candles: number
}

/** A half-open span of time, epoch microseconds. */
interface Span {
  readonly fromUs: number
  readonly toUs: number
  /** Leaves out trades. */
  readonly only?: 'candles'
}

type FetchContext = Pick<Context, 'config' | 'dataDir' | 'clock' | 'log' | 'signal'>

/**
 * Fetches a span of the configured products of all chosen venues into the backfill log, with
 * progress. An aggregator's history is asked for by days back from now.
 *
 * The span is widened to whole minutes; of the one that is still running, to what there is of it.
 * A venue that lists none of the products is left out with a notice.
 *
 * @throws ASSAY_USAGE when it holds no whole minute; ASSAY_UNKNOWN_PRODUCT where no venue has any.
 */
export async function fetchHistory(context: FetchContext, span: Span): Promise<Fetched[]> {
  const { config, dataDir, clock, log } = context
  const fromUs = bucketStart(span.fromUs, MINUTE_US)
  const toUs = Math.min(bucketStart(span.toUs + MINUTE_US - 1, MINUTE_US), clock.nowUs())
  if (toUs < fromUs + MINUTE_US) {
    throw new AssayError('ASSAY_USAGE', 'there is no whole minute between --from and --to yet')
  }
  await using journal = await openJournal({ dataDir, name: BACKFILL_LOG, clock })
  const progress = createProgress({ label: 'fetching', unit: 'pages', clock })
  const fetched: Fetched[] = []
  let refusal: unknown = null
  for (const venue of chosenVenues(config)) {
    const fetch = venue.kind === 'aggregator' ? fetchCoins : fetchProducts
    try {
      fetched.push(
        ...(await fetch({ ...context, journal, progress }, venue, { ...span, fromUs, toUs })),
      )
    } catch (error) {
      if (!isAssayError(error, 'ASSAY_UNKNOWN_PRODUCT')) throw error
      refusal = error
      log.warn({ venue: venue.id }, `${error.message}; ${venue.name} is left out`)
    }
  }
  progress.done()
  if (fetched.length === 0 && refusal !== null) throw refusal
  return fetched
}

type Fetching = FetchContext & { readonly journal: Journal; readonly progress: Progress }

async function fetchProducts(context: Fetching, venue: Venue, span: Span): Promise<Fetched[]> {
  const { config, dataDir, clock, progress } = context
  let pages = 0
  const results = await requestBackfill({
    ...context,
    ...span,
    venue,
    products: productsOf(config, venue),
    random: createRandom(`${process.pid}-${clock.nowUs()}-${venue.id}`),
    version: VERSION,
    restUrl: hostsOf(config, venue).restUrl,
    memory: memoryOf(dataDir, venue),
    onProgress(symbol, { trades, leastTimeUs }) {
      pages += 1
      // Some venues page from the newest trade back: what is left lies before the oldest seen.
      const reached = leastTimeUs === 0 ? '' : `, from ${formatTimeUs(leastTimeUs)}`
      progress.update(pages, `${venue.id} ${symbol} ${showCount(trades)} trades${reached}`)
    },
  })
  return results.map(({ symbol, trades, candles }) => ({
    ...{ venue: venue.id, symbol, pages: (trades?.pages ?? 0) + candles.pages },
    ...{ trades: trades?.trades ?? 0, candles: candles.trades },
  }))
}

async function fetchCoins(context: Fetching, venue: Venue, span: Span): Promise<Fetched[]> {
  const { config, clock, progress } = context
  let pages = 0
  const results = await requestCoinHistory({
    ...context,
    ...snapshotClientSettings(config, venue),
    venue,
    coins: coinsOf(config, venue),
    days: Math.max(1, Math.ceil((clock.nowUs() - span.fromUs) / DAY_US)),
    random: createRandom(`${process.pid}-${clock.nowUs()}-${venue.id}`),
    version: VERSION,
    onProgress({ coin, samples }) {
      pages += 1
      progress.update(pages, `${venue.id} ${coin} ${showCount(samples)} samples`)
    },
  })
  return results.map(({ coin, samples, candles }) => ({
    ...{ venue: venue.id, symbol: coin, pages: samples > 0 || candles > 0 ? 2 : 1 },
    ...{ trades: samples, candles },
  }))
}
