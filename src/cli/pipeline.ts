import { type Journal, openJournal, startSealer } from '../bronze/index.ts'
import type { RefineTotals } from '../silver/refiner.ts'
import { createAnswers } from './answers.ts'
import type { CollectedStatus, CollectedSummary, Collectors } from './collectors.ts'
import { COLLECT_LOG, startCollectors } from './collectors.ts'
import type { Context } from './context.ts'
import { type FlowJob, keepFlowThread } from './flow-thread.ts'
import { type RefineThread, startRefineThread } from './refine-thread.ts'

/** What a pipeline is started with. */
export interface PipelineOptions
  extends Pick<Context, 'config' | 'dataDir' | 'storeUrl' | 'clock' | 'log' | 'signal'> {
  /** Names the run in the diary and to whoever finds the warehouse locked. */
  readonly command: string
  /** How the flow's thread reads its configuration. @default no scheduled assets are made */
  readonly flow?: FlowJob
  /** Told once a second. */
  readonly onStatus?: (status: CollectedStatus, refine: RefineThread) => void
}

/** Collecting and refining, side by side, over one log and one warehouse. */
export interface Pipeline {
  readonly collectors: Collectors
  readonly refine: RefineThread
  readonly journal: Journal
  /** Resolves when stopped; rejects when a part failed, with the others stopped. */
  readonly done: Promise<PipelineSummary>
}

/** What a run came to, once everything is saved. */
export interface PipelineSummary {
  readonly collected: CollectedSummary
  readonly refined: RefineTotals
}

/**
 * Starts the collectors, the refiner and the sealer, joined by the log and the warehouse alone.
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
  const flow =
    options.flow === undefined
      ? Promise.resolve()
      : keepFlowThread(options.flow, { ...options, signal: stopping.signal })
  const parts = { journal, refine, background: Promise.all([sealing, flow]), stopping, forget }
  let collectors: Collectors
  try {
    collectors = await startCollectors({
      ...options,
      journal,
      signal: AbortSignal.any([signal, stopping.signal]),
      answers: config.backfill.enabled ? createAnswers(refine, options) : null,
      onStatus: (status) => options.onStatus?.(status, refine),
    })
  } catch (error) {
    await closeParts(parts)
    throw error
  }
  // A refiner that ends by itself ends the run: collecting alone would look healthy.
  refine.failed.catch(() => stopping.abort('the refiner failed'))
  return { collectors, refine, journal, done: finish(collectors, parts) }
}

interface Parts {
  readonly journal: Journal
  readonly refine: RefineThread
  /** What ends once stopping has begun: sealing, and the flow. */
  readonly background: Promise<unknown>
  readonly stopping: AbortController
  readonly forget: () => void
}

async function finish(collectors: Collectors, parts: Parts): Promise<PipelineSummary> {
  try {
    const collected = await collectors.done
    const refined = await closeParts(parts)
    return { collected, refined }
  } catch (error) {
    await closeParts(parts).catch(() => {})
    throw error
  }
}

async function closeParts(parts: Parts): Promise<RefineTotals> {
  const { journal, refine, background, stopping, forget } = parts
  stopping.abort('stopped')
  await background
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
