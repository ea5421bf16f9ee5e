import { datasetOf, lineageDataset } from '../assets/datasets/index.ts'
import type { AssayServices } from '../assets/index.ts'
import { createRandom } from '../core/random.ts'
import type { AssetGraph, RunChange, RunListener } from '../flow/index.ts'
import {
  appendLineage,
  deliverLineage,
  followLineage,
  openLineageSinks,
  type RunEventKind,
  type RunFacts,
  runEvent,
} from '../flow/lineage/index.ts'
import type { RunRow, Warehouse, WriteTransaction } from '../warehouse/index.ts'
import type { Context } from './context.ts'
import { VERSION } from './version.ts'

type LineageContext = Pick<Context, 'config' | 'extensions' | 'storeUrl' | 'clock' | 'log'>

/** The two hooks by which runs are told of within their own commits. */
type Hooks = Required<Pick<RunListener, 'began' | 'ended'>>

/** Returns the hooks that keep an event for each run's beginning and end, where anybody is told. */
export function lineageHooks(
  context: LineageContext,
  graph: AssetGraph<AssayServices>,
): Hooks | null {
  const { file, url, kafkaBrokers } = context.config.lineage
  if (file === null && url === null && kafkaBrokers === null) return null
  const keep = async (tx: WriteTransaction, kind: RunEventKind, change: RunChange) => {
    await appendLineage(tx, runEvent(kind, factsOf(context, graph, change)))
  }
  return {
    async began(tx, change) {
      // A run begins once, however often it is tried.
      if (change.run.attempt === 1) await keep(tx, 'START', change)
    },
    async ended(tx, change) {
      const isBlocked = change.run.state === 'skipped' && change.outcome === null
      const kind = isBlocked ? 'ABORT' : KINDS[change.run.state]
      // Of one that never began nobody was told.
      if (kind !== null && change.run.started_us !== null) await keep(tx, kind, change)
    },
  }
}

const KINDS: Readonly<Record<RunRow['state'], RunEventKind | null>> = {
  queued: null,
  running: null,
  succeeded: 'COMPLETE',
  skipped: 'COMPLETE',
  failed: 'FAIL',
  cancelled: 'ABORT',
}

function factsOf(
  { config, extensions, storeUrl, clock }: LineageContext,
  graph: AssetGraph<AssayServices>,
  { run, partition, outcome }: RunChange,
): RunFacts {
  const asset = graph.get(run.asset)
  const source = { name: 'warehouse', uri: storeUrl }
  const told = (names: readonly string[]) =>
    [...new Set(names)].map((name) => lineageDataset(datasetOf(name, extensions.datasets), source))
  const { error_code: code, reason } = run
  return {
    timeUs: clock.nowUs(),
    namespace: config.lineage.namespace,
    engineVersion: VERSION,
    run: {
      runId: run.run_id,
      attempt: run.attempt,
      trigger: run.trigger,
      codeVersion: run.code_version,
      backfillId: run.backfill_id,
    },
    asset,
    partition,
    inputs: told(asset.dependencies.flatMap((key) => graph.get(key).datasets)),
    outputs: told(asset.datasets),
    ...(outcome !== null && { outcome, checks: outcome.checks ?? [] }),
    ...(code !== null && { failure: { code, message: reason ?? '' } }),
  }
}

/** Tells whoever is to be told of runs, until the signal aborts. */
export async function keepTelling(
  { config, clock, log }: LineageContext,
  warehouse: Warehouse,
  signal: AbortSignal,
): Promise<void> {
  const sinks = openLineageSinks(config.lineage)
  if (sinks.length === 0) return
  const random = createRandom(`${process.pid}-${clock.nowUs()}-lineage`)
  await followLineage({ warehouse, sinks, clock, random, log, signal })
}

/** Tells of what is kept, once; what cannot be told now waits for the next who tries. */
export async function tellOnce(
  { config, log }: LineageContext,
  warehouse: Warehouse,
): Promise<void> {
  for (const sink of openLineageSinks(config.lineage)) {
    await using open = sink
    const { failure } = await deliverLineage(warehouse, open)
    if (failure !== null) log.warn({ sink: sink.kind, code: failure.code }, failure.message)
  }
}
