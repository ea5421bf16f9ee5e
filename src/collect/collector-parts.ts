import type { BackfillScheduler } from './backfill-scheduler.ts'
import { createBackfillScheduler } from './backfill-scheduler.ts'
import type { RunContext } from './collector-options.ts'
import type { FeedHandle } from './connection.ts'
import { collectFeed } from './connection.ts'
import type { Pace, PaceStore } from './pace.ts'
import { createRateBudget } from './rate-budget.ts'
import type { Poller } from './rest-poll.ts'
import { createPoller } from './rest-poll.ts'

const SAVE_PACES_MS = 60_000

/** The running parts of a collector; `null` where the mode has none. */
export interface CollectorParts {
  readonly feed: FeedHandle | null
  readonly poller: Poller | null
  readonly backfill: BackfillScheduler | null
  /** Each resolves on abort, or rejects when the run is over. */
  readonly tasks: readonly Promise<unknown>[]
}

/** Starts what the mode asks for. */
export async function startParts(
  run: RunContext,
  products: readonly string[],
): Promise<CollectorParts> {
  const { options, diary, rest, stopping } = run
  const { signal } = stopping
  const { venue, mode, clock, log } = options
  const tasks: Promise<unknown>[] = []
  const feed = mode === 'rest' ? null : await startFeed(run, products)
  if (feed) tasks.push(feed.done)
  if (feed && options.paceStore) tasks.push(keepPaces(feed, options.paceStore, run))
  let poller: Poller | null = null
  if (mode !== 'ws') {
    const lastHeldId = options.lastHeldId ?? (async () => null)
    const everySeconds = options.pollSeconds
    poller = createPoller({ venue, rest, diary, clock, log, products, everySeconds, lastHeldId })
    tasks.push(poller.run(signal))
  }
  let backfill: BackfillScheduler | null = null
  if (options.holes) {
    const { holes, verdictAttempts } = options
    backfill = createBackfillScheduler({ venue, rest, diary, clock, log, holes, verdictAttempts })
    tasks.push(backfill.run(signal))
  }
  return { feed, poller, backfill, tasks }
}

async function startFeed(run: RunContext, products: readonly string[]): Promise<FeedHandle> {
  const { options, diary, nextConn, userAgent } = run
  const { venue, clock, log, journal, random } = options
  const feedName = options.feedName ?? Object.keys(venue.feeds)[0]!
  const rate = venue.feeds[feedName]?.limits.connectsPerSecond ?? 1
  const connects = createRateBudget({ ratePerSecond: rate, burst: Math.max(1, rate), clock })
  const paces = await loadPaces(options.paceStore).catch((error: unknown) => {
    log.warn({ err: error }, 'learned paces cannot be read; learning anew')
    return {}
  })
  const tools = { journal, diary, clock, random, log, connects, nextConn, userAgent }
  const { signal } = run.stopping
  return collectFeed({ venue, feedName, url: options.wsUrl, products, ...tools, paces, signal })
}

async function loadPaces(store: PaceStore | undefined): Promise<Readonly<Record<string, Pace>>> {
  return store === undefined ? {} : store.load()
}

/** Saves paces now and then and at the end; to lose them costs a few false doubts, no data. */
async function keepPaces(
  feed: FeedHandle,
  store: PaceStore,
  { options, stopping }: RunContext,
): Promise<void> {
  while (!stopping.signal.aborted) {
    await options.clock.sleep(SAVE_PACES_MS, stopping.signal)
    await store.save(feed.paces()).catch((error: unknown) => {
      options.log.debug({ err: error }, 'learned paces cannot be saved')
    })
  }
}
