import { AssayError } from '../core/errors.ts'
import type { RunRow, WriteTransaction } from '../warehouse/index.ts'
import { revokeLease } from '../warehouse/index.ts'
import type { Outcome } from './asset.ts'
import type { AssetGraph, PartRef } from './graph.ts'
import type { RunListener } from './listener.ts'
import { partitionAt } from './partition.ts'
import { activeName, leaseName, unknownRun } from './requests.ts'
import { type PartState, readState, SETTLED, writeStates } from './states.ts'

/** How a run ends. */
export interface RunEnd {
  readonly state: 'succeeded' | 'skipped' | 'failed' | 'cancelled'
  /** What the part then is; left as it was where this is missing. */
  readonly part?: PartState
  readonly reason?: string
  readonly code?: string
  /** What it was made of. */
  readonly inputVersion?: string
  /** Told where the part was made, or found to be what it was. */
  readonly outcome?: Outcome
  /** The run that made the part, where this one found it to be what it was. */
  readonly madeBy?: string
}

/** What ending runs needs. */
export interface Settling<S> {
  readonly graph: AssetGraph<S>
  readonly nowUs: number
  readonly listener?: RunListener | undefined
}

/**
 * Ends a run in the transaction at hand: its row, its part's state, and where the part came to
 * be another than it was, that of the parts made from it. The listener is told within it.
 */
export async function endRun<S>(
  tx: WriteTransaction,
  settling: Settling<S>,
  run: RunRow,
  end: RunEnd,
): Promise<RunRow> {
  const { graph, listener } = settling
  const ended = await settle(tx, settling, run, end)
  // What nobody knows any more can be cancelled still.
  if (!graph.has(run.asset)) return ended
  const partition = partitionAt(graph.get(run.asset).partitions, run.partition_us)
  await listener?.ended?.(tx, { run: ended, partition, outcome: end.outcome ?? null })
  return ended
}

async function settle<S>(
  tx: WriteTransaction,
  { graph, nowUs }: Settling<S>,
  run: RunRow,
  end: RunEnd,
): Promise<RunRow> {
  const { outcome } = end
  const said = await readSaid(tx, run.run_id)
  const ended: RunRow = {
    ...run,
    ...said,
    state: end.state,
    active: null,
    ended_us: nowUs,
    input_version: end.inputVersion ?? null,
    output_version: outcome?.version ?? null,
    rows: outcome?.rows ?? null,
    outcome: JSON.stringify({ metadata: outcome?.metadata ?? {}, checks: outcome?.checks ?? [] }),
    error_code: end.code ?? null,
    reason: end.reason ?? null,
  }
  await tx.upsert('ops_runs', [ended])
  await tx.remove('ops_leases', [{ name: leaseName(run.run_id) }])
  // A run of some items says nothing of the part as a whole.
  const part = said.asked_again === 1 ? 'stale' : run.only_text === null ? end.part : undefined
  if (end.part === undefined || part === undefined) return ended
  const asset = graph.get(run.asset)
  const partition = partitionAt(asset.partitions, run.partition_us)
  await writeStates(tx, asset, [{ partition, state: part }])
  if (run.only_text !== null) return ended
  if (outcome === undefined || end.state === 'failed') return ended
  const key = { asset: run.asset, partition_us: run.partition_us }
  const before = await tx.db
    .selectFrom('ops_partitions')
    .select('output_version')
    .where('asset', '=', key.asset)
    .where('partition_us', '=', key.partition_us)
    .executeTakeFirst()
  await tx.upsert('ops_partitions', [
    {
      ...key,
      run_id: end.madeBy ?? run.run_id,
      code_version: run.code_version,
      input_version: end.inputVersion ?? '',
      output_version: outcome.version,
      rows: outcome.rows,
      materialized_us: nowUs,
    },
  ])
  const isOther = before?.output_version !== outcome.version
  await markBelow(tx, graph.downstream(run.asset, partition), isOther)
  return ended
}

/** Reads what others may have said of a run while it was under way. */
async function readSaid(
  tx: WriteTransaction,
  runId: string,
): Promise<Pick<RunRow, 'cancel_asked' | 'asked_again' | 'run_key'>> {
  return tx.db
    .selectFrom('ops_runs')
    .select(['cancel_asked', 'asked_again', 'run_key'])
    .where('run_id', '=', runId)
    .executeTakeFirstOrThrow()
}

/**
 * Asks that a run be given up: at once where it is queued, else as soon as it looks up.
 *
 * @throws ASSAY_USAGE when there is no such run, or it has ended.
 */
export async function cancelRun<S>(
  tx: WriteTransaction,
  settling: Settling<S>,
  runId: string,
): Promise<RunRow> {
  const run = await tx.db
    .selectFrom('ops_runs')
    .selectAll()
    .where('run_id', '=', runId)
    .executeTakeFirst()
  if (run === undefined) throw unknownRun(runId)
  if (run.active === null) {
    throw new AssayError('ASSAY_USAGE', `run ${runId} has ended: it ${run.state}`)
  }
  if (run.state === 'queued') {
    return endRun(tx, settling, run, { state: 'cancelled', reason: 'cancelled' })
  }
  const asked: RunRow = { ...run, cancel_asked: 1 }
  await tx.upsert('ops_runs', [asked])
  return asked
}

/**
 * Puts a run back into the queue, out of reach of whoever had it; or ends it, if that was asked
 * for in the meantime.
 */
export async function retryRun<S>(
  tx: WriteTransaction,
  settling: Settling<S>,
  again: {
    readonly run: RunRow
    readonly dueUs: number
    readonly reason: string
    readonly code: string
  },
): Promise<RunRow> {
  const { run } = again
  const said = await readSaid(tx, run.run_id)
  if (said.cancel_asked === 1) {
    return endRun(tx, settling, run, { state: 'cancelled', reason: 'cancelled' })
  }
  const queued: RunRow = {
    ...run,
    ...said,
    // The next attempt reads everything anew, and makes all of the part that was asked for.
    asked_again: 0,
    only_text: said.asked_again === 1 ? null : run.only_text,
    state: 'queued',
    due_us: again.dueUs,
    token: null,
    error_code: again.code,
    reason: again.reason,
  }
  await tx.upsert('ops_runs', [queued])
  await revokeLease(tx, leaseName(run.run_id))
  return queued
}

/** What waits for that which it is made of to succeed. */
const WAITING: ReadonlySet<PartState> = new Set(['blocked'])
const SETTLED_OR_WAITING: ReadonlySet<PartState> = new Set([...SETTLED, ...WAITING])

/**
 * Tells the parts made from one that it is another now; those that waited for it to succeed are
 * told whether it is or not.
 */
export async function markBelow(
  tx: WriteTransaction,
  below: readonly PartRef[],
  isOther: boolean,
): Promise<void> {
  for (const part of below) {
    await mark(tx, part, isOther ? SETTLED_OR_WAITING : WAITING)
    if (isOther) await noteChange(tx, part)
  }
}

async function mark(
  tx: WriteTransaction,
  { asset: key, partitions, partition }: PartRef,
  from: ReadonlySet<PartState>,
): Promise<void> {
  const asset = { key, partitions }
  if (!from.has(await readState(tx.db, asset, partition))) return
  await writeStates(tx, asset, [{ partition, state: 'stale' }])
}

/** A run under way may or may not have seen a change, so its part is looked at once more. */
async function noteChange(tx: WriteTransaction, { asset, partition }: PartRef): Promise<void> {
  await tx.db
    .updateTable('ops_runs')
    .set({ asked_again: 1 })
    .where('active', '=', activeName(asset, partition))
    .where('state', '=', 'running')
    .where('only_text', 'is', null)
    .execute()
}
