import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { Venue } from '../venues/venue.ts'
import { createConnIds, createDiary } from './diary.ts'
import type { HistoryOutcome, HistoryProgress } from './history.ts'
import { driveHistory } from './history.ts'
import { fetchListing, requireProducts, resolveProducts } from './listing.ts'
import { createRateBudget } from './rate-budget.ts'
import { createRestClient } from './rest-client.ts'

/** A span of history a person asked for. */
export interface BackfillRequest {
  readonly venue: Venue
  readonly products: readonly string[]
  /** Half-open span, epoch microseconds; whole minutes are fetched, as far as they are over. */
  readonly fromUs: number
  readonly toUs: number
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly version: string
  readonly signal: AbortSignal
  /** Instead of the venue's own URL. */
  readonly restUrl?: string
  readonly onProgress?: (symbol: string, progress: HistoryProgress) => void
}

/** What was fetched of one product: trades, and the venue's own candles. */
export interface BackfillResult {
  readonly symbol: string
  readonly trades: HistoryOutcome
  readonly candles: HistoryOutcome
}

/**
 * Fetches the trades and candles of a span into the log, product by product, and flushes it.
 *
 * Interrupted, it has lost nothing: what came is in the log, and asking again fetches the rest.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT; what {@link RestClient.get} throws; the signal's reason.
 */
export async function requestBackfill(request: BackfillRequest): Promise<BackfillResult[]> {
  const { venue, journal, clock, fromUs, toUs, signal, version } = request
  const nextConn = createConnIds()
  const diary = createDiary({ journal, clock, conn: nextConn() })
  const budget = createRateBudget({ ...venue.history, clock })
  const about = { conn: nextConn(), userAgent: `assay/${version}`, budget }
  await using rest = createRestClient({ ...request, ...about })
  const results: BackfillResult[] = []
  diary.write({ event: 'start', command: 'backfill', version })
  try {
    const listings = await fetchListing({ ...request, rest })
    const products = requireProducts(resolveProducts(request.products, listings), request)
    for (const symbol of products) {
      const range = { symbol, fromUs, toUs, firstId: null, lastId: null }
      const drive = { range, priority: 'backfill' as const, signal }
      const trades = await driveHistory(
        { venue, rest, diary },
        {
          ...drive,
          reason: { cause: 'request' },
          onPage: (progress) => request.onProgress?.(symbol, progress),
        },
      )
      const kind = 'candles' as const
      const candles = await driveHistory({ venue, rest, diary }, { ...drive, kind })
      results.push({ symbol, trades, candles })
    }
    return results
  } finally {
    diary.write({ event: 'stop', reason: signal.aborted ? 'interrupted' : 'done' })
    await journal.flush()
  }
}
