import type { CollectorOptions, RunContext } from './collector-options.ts'
import type { CollectorParts } from './collector-parts.ts'
import { startParts } from './collector-parts.ts'
import type { CollectorStatus, CollectorSummary } from './collector-status.ts'
import { collectorStatus, createMeter } from './collector-status.ts'
import { createConnIds, createDiary } from './diary.ts'
import type { ListingTask } from './listing.ts'
import { startListing } from './listing.ts'
import { createRateBudget } from './rate-budget.ts'
import { createRestClient } from './rest-client.ts'

/** A running collector of one venue. */
export interface Collector {
  /** What is collected, in the venue's own spelling. */
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

/**
 * Starts collecting one venue: its feed, its polls and the repair of holes, as the mode says.
 *
 * The venue's listing is asked for first. Where it cannot be had at once, collecting begins with
 * the products as they were named, and the listing is asked for until it is there.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT when the listing has none of the products.
 */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const run = openRun(options)
  const { stopping, diary } = run
  const leave = () => stopping.abort('stopped by a signal')
  options.signal?.addEventListener('abort', leave, { once: true, signal: stopping.signal })
  if (options.signal?.aborted) leave()
  diary.write({ event: 'start', command: options.command, version: options.version })
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
  const parts = await startParts(run, products)
  return supervise(run, { listing, parts, products })
}

function openRun(options: CollectorOptions): RunContext {
  const { journal, clock, venue } = options
  const nextConn = createConnIds()
  const diary = createDiary({ journal, clock, conn: nextConn() })
  const budget = createRateBudget({ ...venue.history, clock })
  const userAgent = `assay/${options.version}`
  const rest = createRestClient({ ...options, budget, conn: nextConn(), userAgent })
  const start = { sinceUs: clock.nowUs(), startPos: journal.nextPos }
  const stopping = new AbortController()
  return { options, diary, rest, budget, nextConn, userAgent, ...start, stopping }
}

async function endRun(run: RunContext, reason: string): Promise<number> {
  run.diary.write({ event: 'stop', reason })
  return run.options.journal.flush()
}

function supervise(
  run: RunContext,
  work: {
    readonly listing: ListingTask
    readonly parts: CollectorParts
    readonly products: readonly string[]
  },
): Collector {
  const { options, diary, stopping } = run
  const { clock, journal } = options
  const { signal } = stopping
  const { products, parts } = work
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
  return { products, status, done, stop }
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
    polls: poll?.polls ?? 0,
    found: backfill?.found ?? 0,
    gaveUp: backfill?.gaveUp ?? 0,
  }
}
