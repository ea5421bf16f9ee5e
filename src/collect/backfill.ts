import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { Venue } from '../venues/venue.ts'
import { createConnIds, createDiary, type Diary } from './diary.ts'
import type { HistoryOutcome, HistoryProgress } from './history.ts'
import { driveHistory } from './history.ts'
import { createIncidentLog } from './incidents.ts'
import { fetchListing, requireProducts, wantedProducts } from './listing.ts'
import { openMemory } from './memory.ts'
import type { MemoryStore } from './memory-file.ts'
import { createRateBudget } from './rate-budget.ts'
import { createRestClient, type RestClient } from './rest-client.ts'

/** What is asked of a venue over REST goes into a log like everything else it says. */
export interface VenueRequest {
  readonly venue: Venue
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly version: string
  readonly signal: AbortSignal
  /** Instead of the venue's own URL. */
  readonly restUrl?: string
  /** The memory of the venue's collector: a pause it was asked for holds here as well. */
  readonly memory?: MemoryStore
}

/** A span of history a person asked for. */
export interface BackfillRequest extends VenueRequest {
  /** As people type them; `null` or none for the venue's own choice. */
  readonly products: readonly string[] | null
  /** Half-open span, epoch microseconds; whole minutes are fetched, as far as they are over. */
  readonly fromUs: number
  readonly toUs: number
  /**
   * What is wanted of the span.
   *
   * @default both trades and the venue's own candles
   */
  readonly only?: 'candles'
  readonly onProgress?: (symbol: string, progress: HistoryProgress) => void
}

/** What was fetched of one product: trades, and the venue's own candles. */
export interface BackfillResult {
  readonly symbol: string
  /** `null` where candles alone were wanted. */
  readonly trades: HistoryOutcome | null
  readonly candles: HistoryOutcome
}

/**
 * Fetches the trades and candles of a span into the log, product by product, and flushes it.
 *
 * Interrupted, it has lost nothing: what came is in the log, and asking again fetches the rest.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT; what {@link RestClient.get} throws; the signal's reason.
 */
export function requestBackfill(request: BackfillRequest): Promise<BackfillResult[]> {
  const { venue, fromUs, toUs, signal } = request
  return askVenue(request, 'backfill', async ({ rest, diary }) => {
    const results: BackfillResult[] = []
    const listings = await fetchListing({ ...request, rest })
    const products = requireProducts(wantedProducts(request.products, venue), listings, request)
    for (const symbol of products) {
      const range = { symbol, fromUs, toUs, firstId: null, lastId: null }
      const drive = { range, priority: 'backfill' as const, signal }
      const onPage = (progress: HistoryProgress) => request.onProgress?.(symbol, progress)
      const reason = { cause: 'request' as const }
      const trades =
        request.only === 'candles'
          ? null
          : await driveHistory({ venue, rest, diary }, { ...drive, reason, onPage })
      const kind = 'candles' as const
      const candles = await driveHistory({ venue, rest, diary }, { ...drive, kind })
      results.push({ symbol, trades, candles })
    }
    return results
  })
}

/**
 * Fetches what a venue lists into the log, and returns how many products that are.
 *
 * @throws what {@link RestClient.get} throws; ASSAY_VENUE_REFUSED when the answer is no listing.
 */
export function requestListing(request: VenueRequest): Promise<number> {
  return askVenue(request, 'listing', async ({ rest }) => {
    return (await fetchListing({ ...request, rest })).length
  })
}

/** Opens what asking a venue takes, and leaves the log flushed whatever becomes of it. */
async function askVenue<T>(
  request: VenueRequest,
  command: string,
  ask: (parts: { readonly rest: RestClient; readonly diary: Diary }) => Promise<T>,
): Promise<T> {
  const { venue, journal, clock, log, signal, version } = request
  const nextConn = createConnIds()
  const diary = createDiary({ journal, clock, conn: nextConn() })
  const budget = createRateBudget({ ...venue.history, clock })
  diary.write({ event: 'start', command, version })
  const incidents = createIncidentLog({ venue: venue.id, diary, clock })
  const memory = await openMemory({ store: request.memory, budget, incidents, clock, log })
  await using rest = createRestClient({
    ...request,
    ...{ conn: nextConn(), userAgent: `assay/${version}`, budget, onPause: memory.notePause },
  })
  try {
    return await ask({ rest, diary })
  } finally {
    incidents.closeAll()
    diary.write({ event: 'stop', reason: signal.aborted ? 'interrupted' : 'done' })
    await journal.flush()
  }
}
