import { join } from 'node:path'
import { type Journal, openJournal, startSealer } from '../bronze/index.ts'
import { type Collector, startCollector } from '../collect/collector.ts'
import type { CollectMode, CollectorStatus, CollectorSummary } from '../collect/collector-status.ts'
import type { Hole as WantedHole } from '../collect/hole-plan.ts'
import { createPaceFile } from '../collect/pace-file.ts'
import type { Clock } from '../core/clock.ts'
import type { AssayConfig } from '../core/config.ts'
import type { Logger } from '../core/log.ts'
import { createRandom } from '../core/random.ts'
import type { Hole } from '../silver/holes.ts'
import type { RefineTotals } from '../silver/refiner.ts'
import type { Venue } from '../venues/venue.ts'
import { type RefineThread, startRefineThread } from './refine-thread.ts'
import { VERSION } from './version.ts'

/** The log that live collecting writes. */
export const COLLECT_LOG = 'collect'

/** What a pipeline is started with. */
export interface PipelineOptions {
  readonly config: AssayConfig
  readonly dataDir: string
  readonly storeUrl: string
  readonly venue: Venue
  readonly products: readonly string[]
  readonly mode: CollectMode
  readonly command: string
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** Told once a second. */
  readonly onStatus?: (status: CollectorStatus, refine: RefineThread) => void
}

/** Collecting and refining, side by side, over one log and one warehouse. */
export interface Pipeline {
  readonly collector: Collector
  readonly refine: RefineThread
  readonly journal: Journal
  /** Resolves when stopped; rejects when a part failed, with the others stopped. */
  readonly done: Promise<PipelineSummary>
}

/** What a run came to, once everything is saved. */
export interface PipelineSummary {
  readonly collected: CollectorSummary
  readonly refined: RefineTotals
}

/**
 * Starts the collector, the refiner and the sealer, joined by the log and the warehouse alone.
 *
 * The order matters: the refiner holds the warehouse before anything is collected, so that a
 * second `run` is refused before it has opened a socket.
 */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { config, dataDir, storeUrl, clock, log, signal } = options
  const journal = await openJournal({
    dataDir,
    name: COLLECT_LOG,
    clock,
    commitWindowMs: config.journal.commitWindowMs,
    segmentBytesMax: config.journal.segmentBytesMax,
  })
  let refine: RefineThread
  try {
    refine = await startRefineThread({
      dataDir,
      storeUrl,
      holder: `assay ${options.command}, process ${process.pid}`,
      graceUs: config.candles.graceSeconds * 1e6,
      ownLog: COLLECT_LOG,
    })
  } catch (error) {
    await journal[Symbol.asyncDispose]()
    throw error
  }
  const forget = journal.onDurable((pos) => refine.tellDurable(pos))
  refine.tellDurable(journal.durablePos)
  const { wsUrl, restUrl, feed } = config.venues.coinbase
  const stopping = new AbortController()
  const sealing = keepSealing({ ...options, belowPos: () => refine.checkpoint }, stopping.signal)
  const started = startCollector({
    venue: options.venue,
    mode: options.mode,
    products: options.products,
    journal,
    clock,
    random: createRandom(`${process.pid}-${clock.nowUs()}`),
    log,
    command: options.command,
    version: VERSION,
    feedName: feed,
    ...(wsUrl !== null && { wsUrl }),
    ...(restUrl !== null && { restUrl }),
    pollSeconds: config.poll.everySeconds,
    signal: AbortSignal.any([signal, stopping.signal]),
    ...(config.backfill.enabled && {
      holes: async () =>
        wantedHoles(await refine.holes(), {
          venue: options.venue.id,
          beforeUs: clock.nowUs() - config.backfill.graceSeconds * 1e6,
        }),
    }),
    verdictAttempts: config.backfill.maxAttempts,
    paceStore: createPaceFile(join(dataDir, 'tmp', `pace-${options.venue.id}.json`)),
    onStatus: (status) => options.onStatus?.(status, refine),
  })
  const parts = { journal, refine, sealing, stopping, forget }
  let collector: Collector
  try {
    collector = await started
  } catch (error) {
    await closeParts(parts)
    throw error
  }
  // A refiner that ends by itself ends the run: collecting alone would look healthy.
  refine.failed.catch(() => stopping.abort('the refiner failed'))
  return { collector, refine, journal, done: finish(collector, parts) }
}

interface Parts {
  readonly journal: Journal
  readonly refine: RefineThread
  readonly sealing: Promise<void>
  readonly stopping: AbortController
  readonly forget: () => void
}

async function finish(collector: Collector, parts: Parts): Promise<PipelineSummary> {
  try {
    const collected = await collector.done
    const refined = await closeParts(parts)
    return { collected, refined }
  } catch (error) {
    await closeParts(parts).catch(() => {})
    throw error
  }
}

async function closeParts(parts: Parts): Promise<RefineTotals> {
  const { journal, refine, sealing, stopping, forget } = parts
  stopping.abort('stopped')
  await sealing
  try {
    refine.tellDurable(journal.durablePos)
    return await refine.stop()
  } finally {
    forget()
    await journal[Symbol.asyncDispose]()
  }
}

/** How often it is looked whether an hour is over and can be sealed. */
const SEAL_MS = 60_000

/** Moves hours that are over, and refined, to the archive, in a thread of low priority. */
async function keepSealing(
  options: Pick<PipelineOptions, 'dataDir' | 'clock' | 'log'> & {
    readonly belowPos: () => number
  },
  signal: AbortSignal,
): Promise<void> {
  const { dataDir, clock, log } = options
  await using sealer = startSealer()
  for (;;) {
    await clock.sleep(SEAL_MS, signal)
    if (signal.aborted) return
    try {
      await sealer.seal({ dataDir, name: COLLECT_LOG, belowPos: options.belowPos() })
    } catch (error) {
      // The journal keeps the hour: nothing is lost but room.
      log.warn({ err: error }, 'an hour could not be sealed; it is tried again')
    }
  }
}

/** What repair should ask for: open holes of the venue, old enough not to be in flight. */
export function wantedHoles(
  holes: readonly Hole[],
  which: { readonly venue: string; readonly beforeUs: number },
): WantedHole[] {
  return holes
    .filter((hole) => hole.venue === which.venue && hole.verdict === 'open')
    .filter((hole) => hole.lastId !== null && hole.toUs <= which.beforeUs)
    .map((hole) => ({
      symbol: hole.symbol,
      firstId: hole.firstId,
      lastId: hole.lastId,
      fromUs: hole.fromUs,
      toUs: hole.toUs,
      attempts: hole.attempts,
      lastAttemptUs: hole.lastAttemptUs === 0 ? null : hole.lastAttemptUs,
    }))
}
