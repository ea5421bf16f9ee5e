import { type Journal, openJournal, startSealer } from '../bronze/index.ts'
import { type Collector, startCollector } from '../collect/collector.ts'
import type { CollectorStatus, CollectorSummary } from '../collect/collector-status.ts'
import type { Hole as WantedHole } from '../collect/hole-plan.ts'
import type { Hole } from '../silver/holes.ts'
import type { RefineTotals } from '../silver/refiner.ts'
import { COLLECTED_VENUE, collectorSettings } from './collector-settings.ts'
import type { Context } from './context.ts'
import { type RefineThread, startRefineThread } from './refine-thread.ts'

/** The log that live collecting writes. */
export const COLLECT_LOG = 'collect'

/** What a pipeline is started with. */
export interface PipelineOptions
  extends Pick<Context, 'config' | 'dataDir' | 'storeUrl' | 'clock' | 'log' | 'signal'> {
  /** Names the run in the diary and to whoever finds the warehouse locked. */
  readonly command: string
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
  const { config, dataDir, storeUrl, clock, signal } = options
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
  const stopping = new AbortController()
  const sealing = keepSealing({ ...options, belowPos: () => refine.checkpoint }, stopping.signal)
  const settings = collectorSettings(options)
  const started = startCollector({
    ...settings,
    journal,
    command: options.command,
    signal: AbortSignal.any([signal, stopping.signal]),
    ...(config.backfill.enabled && {
      holes: async () => wantedHoles(await refine.holes(), options),
    }),
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
  await clock.sleep(SEAL_MS, signal)
  if (signal.aborted) return
  // Not before: starting its thread would hold up the first record.
  await using sealer = startSealer()
  while (!signal.aborted) {
    try {
      await sealer.seal({ dataDir, name: COLLECT_LOG, belowPos: options.belowPos() })
    } catch (error) {
      // The journal keeps the hour: nothing is lost but room.
      log.warn({ err: error }, 'an hour could not be sealed; it is tried again')
    }
    await clock.sleep(SEAL_MS, signal)
  }
}

/**
 * When a hole can have been there first. One at the end of what is held is told of again by each
 * heartbeat, so that its end is always now: it is as old as the last trade before it.
 */
function knownSinceUs(hole: Hole): number {
  return hole.cause === 'witness' ? hole.fromUs : hole.toUs
}

/** What repair should ask for: open holes, old enough not to be in flight. */
export function wantedHoles(
  holes: readonly Hole[],
  { config, clock }: Pick<PipelineOptions, 'config' | 'clock'>,
): WantedHole[] {
  const beforeUs = clock.nowUs() - config.backfill.graceSeconds * 1e6
  return holes
    .filter((hole) => hole.venue === COLLECTED_VENUE && hole.verdict === 'open')
    .filter((hole) => hole.lastId !== null && knownSinceUs(hole) <= beforeUs)
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
