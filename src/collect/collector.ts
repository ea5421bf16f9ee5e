import { assert } from '../core/assert.ts'
import type { CollectorOptions, RunContext } from './collector-options.ts'
import type { CollectorParts } from './collector-parts.ts'
import { startParts } from './collector-parts.ts'
import type { CollectorStatus, CollectorSummary } from './collector-status.ts'
import { collectorStatus, createMeter } from './collector-status.ts'
import { createConnIds, createDiary } from './diary.ts'
import { createIncidentLog } from './incidents.ts'
import type { ListingTask } from './listing.ts'
import { startListing } from './listing.ts'
import { openMemory } from './memory.ts'
import { createRateBudget } from './rate-budget.ts'
import { createRestClient } from './rest-client.ts'

/** A running collector of one venue. */
export interface Collector {
  /** What is collected, in the venue's own spelling; a listing that comes late may correct it. */
  readonly products: readonly string[]
  status(): CollectorStatus
  /** Stops feeds, writes the diary's last entry, flushes the log. Rejects as `done` does. */
  stop(reason?: string): Promise<CollectorSummary>
  /**
   * Resolves when stopped and flushed. Rejects, with everything stopped, when the log can no
   * longer be written: ASSAY_DISK_FULL, ASSAY_READ_ONLY or ASSAY_LOG_FSYNC.
   */
  readonly done: Promise<CollectorSummary>
}

const LISTING_MS_MAX = 5000
const STATUS_MS = 1000
/** A drop is followed by a few attempts at once, whatever the rate in the long run. */
const CONNECTS_AT_ONCE = 3

/**
 * Starts collecting one venue: its feed, its polls and the repair of holes, as the mode says.
 *
 * The venue's listing is asked for first. Where it cannot be had at once, collecting begins with
 * the products as they were named, and the listing is asked for until it is there.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT when the listing has none of the products.
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const run = await openRun(options)
  const { stopping } = run
  const leave = () => stopping.abort('stopped by a signal')
  options.signal?.addEventListener('abort', leave, { once: true, signal: stopping.signal })
  if (options.signal?.aborted) leave()
  tellDownTime(run)
  const listing = startListing({ ...options, rest: run.rest, signal: stopping.signal })
  let products: readonly string[]
  try {
    products = await listing.resolve(options.products, LISTING_MS_MAX)
  } catch (error) {
    stopping.abort('no product is known')
    await run.rest[Symbol.asyncDispose]()
    await endRun(run, 'no product is known')
    throw error
  }
  const parts = startParts(run, products)
  listing.onCorrection(parts.adopt)
  return supervise(run, { listing, parts })
}

async function openRun(options: CollectorOptions): Promise<RunContext> {
  const { journal, clock, venue, log } = options
  assert(venue.kind === 'exchange', 'an aggregator is polled, not collected')
  const start = { sinceUs: clock.nowUs(), startPos: journal.nextPos }
  const nextConn = createConnIds()
  const diary = createDiary({ journal, clock, conn: nextConn() })
  diary.write({ event: 'start', command: options.command, version: options.version })
  const incidents = createIncidentLog({ venue: venue.id, diary, clock })
  const budget = createRateBudget({ ...venue.history, clock })
  const memory = await openMemory({ store: options.memory, budget, incidents, clock, log })
  const userAgent = `assay/${options.version}`
  const rest = createRestClient({
    ...options,
    ...{ budget, userAgent, conn: nextConn(), onPause: memory.notePause },
    ...(options.restHeaders && { headers: options.restHeaders }),
  })
  const rate = venue.feeds[feedNameOf(options)]?.limits.connectsPerSecond ?? 1
  const connects = createRateBudget({
    ratePerSecond: rate,
    burst: Math.max(CONNECTS_AT_ONCE, rate),
    clock,
  })
  const stopping = new AbortController()
  const parts = { diary, incidents, memory, connects, rest, budget, nextConn, userAgent }
  return { options, ...parts, ...start, stopping }
}

function feedNameOf({ venue, feedName }: CollectorOptions): string {
  return feedName ?? Object.keys(venue.feeds)[0] ?? ''
}

/** Tells the diary for how long nobody collected, where the log's last word is known. */
function tellDownTime({ options, incidents, sinceUs }: RunContext): void {
  const fromUs = options.lastWordUs ?? null
  if (fromUs === null || fromUs >= sinceUs) return
  const detail = 'nothing was collected between the last record of the log and this start'
  incidents.past({ cause: 'collector_down', fromUs, toUs: sinceUs, detail })
}

async function endRun(run: RunContext, reason: string): Promise<number> {
  run.incidents.closeAll()
  run.diary.write({ event: 'stop', reason })
  return run.options.journal.flush()
}

function supervise(
  run: RunContext,
  work: {
    readonly listing: ListingTask
    readonly parts: CollectorParts
  },
): Collector {
  const { options, diary, stopping } = run
  const { clock, journal } = options
  const { signal } = stopping
  const { parts } = work
  const meter = createMeter(clock.monotonicMs())
  const status = () => collectorStatus(run, { ...work, meter })

  async function keepStatus(): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(STATUS_MS, signal)
      meter.sample(parts.feed?.status() ?? null, clock.monotonicMs())
      options.onStatus?.(status())
    }
  }

  async function finish(): Promise<CollectorSummary> {
    const tasks = [...parts.tasks, work.listing.done, diary.keepTicking(signal), keepStatus()]
    try {
      await Promise.race([journal.failed, Promise.all(tasks)])
    } finally {
      stopping.abort('failed')
      await Promise.allSettled(tasks)
      await run.rest[Symbol.asyncDispose]()
    }
    const reason = String(signal.reason)
    const durablePos = await endRun(run, reason)
    return summarise(status(), { reason, durablePos, nowUs: clock.nowUs() })
  }

  const done = finish()
  // Whoever waits for neither `done` nor `stop` must not lose the process to a rejection.
  done.catch(() => {})
  const stop = (reason = 'stopped') => {
    stopping.abort(reason)
    return done
  }
  return {
    get products() {
      return parts.products
    },
    status,
    done,
    stop,
  }
}

function summarise(
  status: CollectorStatus,
  end: { readonly reason: string; readonly durablePos: number; readonly nowUs: number },
): CollectorSummary {
  const { feed, poll, backfill, products, records } = status
  return {
    ...{ reason: end.reason, products, records, durablePos: end.durablePos },
    seconds: (end.nowUs - status.sinceUs) / 1e6,
    frames: feed?.frames ?? 0,
    bytes: feed?.bytes ?? 0,
    connects: feed?.connects ?? 0,
    handovers: feed?.handovers ?? 0,
    polls: poll?.polls ?? 0,
    found: backfill?.found ?? 0,
    gaveUp: backfill?.gaveUp ?? 0,
  }
}
