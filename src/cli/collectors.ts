import type { Journal } from '../bronze/index.ts'
import { openLogReader } from '../bronze/index.ts'
import type { CandleGap } from '../collect/candle-plan.ts'
import type { CcxtCollector, CcxtCollectorStatus } from '../collect/ccxt/collector.ts'
import { startCcxtCollector } from '../collect/ccxt/collector.ts'
import { type Collector, startCollector } from '../collect/collector.ts'
import type { CollectorStatus, CollectorSummary } from '../collect/collector-status.ts'
import type { Hole } from '../collect/hole-plan.ts'
import { type SnapshotCollector, startSnapshotCollector } from '../collect/snapshot-collector.ts'
import type { SnapshotPollStatus } from '../collect/snapshot-poll.ts'
import { isAssayError } from '../core/errors.ts'
import type { BrokenBook } from '../market/book.ts'
import type { Venue } from '../venues/venue.ts'
import type { Context } from './context.ts'
import {
  ccxtExchanges,
  ccxtSettings,
  chosenVenues,
  exchangeSettings,
  snapshotSettings,
} from './venue-settings.ts'

/** The log that live collecting writes. */
export const COLLECT_LOG = 'collect'

const STATUS_MS = 1000

/** What the warehouse answers a venue's collector. */
export interface Answers {
  holes(venue: string): Promise<readonly Hole[]>
  candleGaps(venue: string): Promise<readonly CandleGap[]>
  brokenBooks(venue: string): Promise<readonly BrokenBook[]>
}

/** What is collected, by whom, and into which log. */
export interface CollectorsOptions
  extends Pick<Context, 'config' | 'dataDir' | 'clock' | 'log' | 'signal'> {
  readonly command: string
  readonly journal: Journal
  /** `null`: nothing is repaired. */
  readonly answers: Answers | null
  /** Told once a second. */
  readonly onStatus?: (status: CollectedStatus) => void
}

/** All venues at one moment. */
export interface CollectedStatus {
  readonly exchanges: readonly CollectorStatus[]
  readonly snapshots: readonly (SnapshotPollStatus & { readonly venue: string })[]
  /** Exchanges that the ccxt library collects. */
  readonly foreign: readonly CcxtCollectorStatus[]
  /** Records written into the log by this run. */
  readonly records: number
}

/** What collecting came to, over all venues. */
export interface CollectedSummary {
  readonly seconds: number
  /** Records written, and the position below which all are durable. */
  readonly records: number
  readonly durablePos: number
  readonly frames: number
  readonly connects: number
  /** Missing trades that REST pages held, and holes given up. */
  readonly found: number
  readonly gaveUp: number
  readonly snapshots: number
  readonly venues: Readonly<Record<string, CollectorSummary>>
}

/** Collectors of all chosen venues, side by side over one log. */
export interface Collectors {
  status(): CollectedStatus
  /** Resolves when all have stopped; rejects when one failed, with the others stopped. */
  readonly done: Promise<CollectedSummary>
}

interface Running {
  readonly exchanges: ReadonlyMap<string, Collector>
  readonly snapshots: ReadonlyMap<string, SnapshotCollector>
  readonly foreign: readonly CcxtCollector[]
}

/**
 * Starts a collector for each chosen venue. One that lists none of the products is left out with
 * a notice, and the others run.
 *
 * @throws ASSAY_UNKNOWN_VENUE; ASSAY_UNKNOWN_PRODUCT where no venue is left.
 */
export async function startCollectors(options: CollectorsOptions): Promise<Collectors> {
  const { clock, journal } = options
  const venues = chosenVenues(options.config)
  const start = { us: clock.nowUs(), pos: journal.nextPos }
  const stopping = new AbortController()
  const signal = AbortSignal.any([options.signal, stopping.signal])
  const running = await startAll({ ...options, signal }, venues).catch((error: unknown) => {
    stopping.abort('no venue can be collected')
    throw error
  })
  const status = (): CollectedStatus => ({
    exchanges: [...running.exchanges.values()].map((one) => one.status()),
    snapshots: [...running.snapshots].map(([venue, one]) => ({ venue, ...one.status() })),
    foreign: running.foreign.map((one) => one.status()),
    records: journal.nextPos - start.pos,
  })

  async function keepStatus(): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(STATUS_MS, signal)
      options.onStatus?.(status())
    }
  }

  async function finish(): Promise<CollectedSummary> {
    const { exchanges, snapshots, foreign } = running
    const all = [...exchanges.values(), ...snapshots.values(), ...foreign]
    const ends = all.map((one): Promise<unknown> => one.done)
    try {
      const over = Promise.all(ends).then(() => stopping.abort('all are stopped'))
      await Promise.all([over, keepStatus()])
    } finally {
      // One that fails takes the others with it: part of a run must not look like all of it.
      stopping.abort('another collector failed')
      await Promise.allSettled(ends)
    }
    const seconds = (clock.nowUs() - start.us) / 1e6
    return summarise(running, { nextPos: journal.durablePos, pos: start.pos, seconds })
  }

  const done = finish()
  // Whoever does not wait for it must not lose the process to a rejection.
  done.catch(() => {})
  return { status, done }
}

async function startAll(options: CollectorsOptions, venues: readonly Venue[]): Promise<Running> {
  const about = { ...options, lastWordUs: lastWordOf(options) }
  const exchanges = new Map<string, Collector>()
  const snapshots = new Map<string, SnapshotCollector>()
  const refusals: unknown[] = []
  const foreign: CcxtCollector[] = []
  const leaveOut = (error: unknown, name: string) => {
    if (!isAssayError(error, 'ASSAY_UNKNOWN_PRODUCT')) throw error
    refusals.push(error)
    options.log.warn({ venue: name }, `${error.message}; ${name} is left out`)
  }
  const others = ccxtExchanges(options.config).map(async (exchange) => {
    const start = startCcxtCollector(ccxtSettings(about, exchange))
    const collector = await start.catch((error: unknown) => leaveOut(error, exchange))
    if (collector) foreign.push(collector)
  })
  const starts = venues.map(async (venue) => {
    if (venue.kind === 'aggregator') {
      snapshots.set(venue.id, startSnapshotCollector(snapshotSettings(about, venue)))
      return
    }
    try {
      exchanges.set(venue.id, await startCollector(exchangeSettings(about, venue)))
    } catch (error) {
      leaveOut(error, venue.name)
    }
  })
  await Promise.all([...starts, ...others])
  const running = exchanges.size + snapshots.size + foreign.length
  if (running === 0 && refusals.length > 0) throw refusals[0]
  return { exchanges, snapshots, foreign }
}

/** When the log's last record was received: since then nobody collected. */
function lastWordOf({ dataDir }: CollectorsOptions): number | null {
  using reader = openLogReader({ dataDir, name: COLLECT_LOG })
  const { durablePos } = reader
  return durablePos === 0 ? null : (reader.record(durablePos - 1)?.receivedTimeUs ?? null)
}

async function summarise(
  running: Running,
  run: Pick<Journal, 'nextPos'> & { readonly pos: number; readonly seconds: number },
): Promise<CollectedSummary> {
  const venues: Record<string, CollectorSummary> = {}
  for (const [venue, one] of running.exchanges) venues[venue] = await one.done
  const sum = (key: 'frames' | 'connects' | 'found' | 'gaveUp') =>
    Object.values(venues).reduce((total, one) => total + one[key], 0)
  let snapshots = 0
  for (const one of running.snapshots.values()) snapshots += (await one.done).snapshots
  return {
    seconds: run.seconds,
    // Each collector has flushed the log that all of them share.
    ...{ records: run.nextPos - run.pos, durablePos: run.nextPos },
    ...{ frames: sum('frames'), connects: sum('connects') },
    ...{ found: sum('found'), gaveUp: sum('gaveUp'), snapshots, venues },
  }
}
