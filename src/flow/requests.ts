import type { Kysely } from 'kysely'
import { AssayError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import type { RunRow, Schema, WriteTransaction } from '../warehouse/index.ts'
import type { Asset, PoolName } from './asset.ts'
import type { Partition } from './partition.ts'

/** That a part be made. */
export interface RunRequest {
  readonly partition: Partition
  readonly trigger: RunRow['trigger']
  /** Not before this time; the same as `nowUs` where it need not wait. */
  readonly dueUs: number
  readonly nowUs: number
  readonly runKey?: string | null
  readonly backfillId?: string | null
  readonly only?: Readonly<Record<string, string>> | null
  /** Made though nothing changed. */
  readonly forced?: boolean
  readonly random: Random
}

/** The run that answers a request, which may be one that was asked for before. */
export interface QueuedRun {
  readonly run: RunRow
  readonly isNew: boolean
}

/** Which go first, and in which pool's turn a run is, by what asked for it. */
const PRIORITY: Readonly<Record<PoolName, number>> = { live: 0, gap: 1, backfill: 2 }

/** Names a part while a run of it is active. */
export function activeName(asset: string, partition: Partition): string {
  return `${asset}@${partition.key}`
}

/** Names the lease of a run. The row is there until the run ends, for its token. */
export const leaseName = (runId: string): string => `run/${runId}`

/** Returns the names of all parts of which a run is active, or of one asset's. */
export async function activeNames(db: Kysely<Schema>, asset?: string): Promise<Set<string>> {
  // By its range, not by `is not null`: of years of runs the index tells the few at once.
  const [from, to] = asset === undefined ? ['', '~'] : [`${asset}@`, `${asset}A`]
  const rows = await db
    .selectFrom('ops_runs')
    .select('active')
    .where('active', '>=', from)
    .where('active', '<', to)
    .execute()
  return new Set(rows.map((row) => row.active as string))
}

/**
 * Queues a run, or returns the one there is: of the same key whatever became of it, or one of
 * the same part that is active still.
 *
 * @throws ASSAY_USAGE when the key was used for another part.
 */
export async function queueRun<S>(
  tx: WriteTransaction,
  asset: Asset<S>,
  request: RunRequest,
): Promise<QueuedRun> {
  const { partition, trigger, runKey = null, only = null, nowUs } = request
  const named = runKey === null ? undefined : await findBy(tx, 'run_key', runKey)
  if (named !== undefined) {
    checkSame(named, asset, partition)
    return { run: named, isNew: false }
  }
  const active = activeName(asset.key, partition)
  const there = await findBy(tx, 'active', active)
  const pool = poolOf(asset, trigger)
  if (there !== undefined) return { run: await join(tx, there, { ...request, pool }), isNew: false }
  const run: RunRow = {
    run_id: createRunId(nowUs, request.random),
    asset: asset.key,
    partition_key: partition.key,
    partition_us: partition.fromUs,
    state: 'queued',
    active,
    trigger,
    run_key: runKey,
    backfill_id: request.backfillId ?? null,
    only_text: textOf(only),
    forced: request.forced === true ? 1 : 0,
    attempt: 0,
    lost: 0,
    pool,
    priority: PRIORITY[pool],
    code_version: asset.codeVersion,
    queued_us: nowUs,
    due_us: request.dueUs,
    started_us: null,
    holder: null,
    token: null,
    ended_us: null,
    cancel_asked: 0,
    asked_again: 0,
    input_version: null,
    output_version: null,
    rows: null,
    outcome: '{}',
    error_code: null,
    reason: null,
  }
  await tx.upsert('ops_runs', [run])
  return { run, isNew: true }
}

/**
 * Has a run that is there already answer one more request: while it waits it is widened to what
 * both want. One under way that would not do, for it is of some items alone or began before its
 * part was over, is followed by another.
 */
async function join(
  tx: WriteTransaction,
  run: RunRow,
  { partition, only = null, forced, runKey = null, pool, trigger, nowUs }: Joining,
): Promise<RunRow> {
  const joined: RunRow = { ...run, run_key: run.run_key ?? runKey }
  const isSame = run.only_text === null || run.only_text === textOf(only)
  if (run.state === 'queued') {
    if (!isSame) joined.only_text = null
    if (forced === true) joined.forced = 1
    if (PRIORITY[pool] < run.priority) Object.assign(joined, { pool, priority: PRIORITY[pool] })
  } else {
    const isEarly = partition.toUs <= nowUs && (run.started_us ?? 0) < partition.toUs
    if (!isSame || (isEarly && trigger !== 'stale')) joined.asked_again = 1
  }
  if (Object.entries(joined).some(([key, value]) => run[key as keyof RunRow] !== value)) {
    await tx.upsert('ops_runs', [joined])
  }
  return joined
}

interface Joining extends RunRequest {
  readonly pool: PoolName
}

const textOf = (only: RunRequest['only']) => (only == null ? null : JSON.stringify(only))

/** Returns the failure to say that a run is not known. */
export function unknownRun(runId: string): AssayError {
  return new AssayError('ASSAY_USAGE', `there is no run ${runId}; see assay runs`, {
    context: { runId },
  })
}

function findBy(
  tx: WriteTransaction,
  column: 'run_id' | 'run_key' | 'active',
  value: string,
): Promise<RunRow | undefined> {
  return tx.db.selectFrom('ops_runs').selectAll().where(column, '=', value).executeTakeFirst()
}

function checkSame<S>(run: RunRow, asset: Asset<S>, partition: Partition): void {
  if (run.asset === asset.key && run.partition_us === partition.fromUs) return
  throw new AssayError(
    'ASSAY_USAGE',
    `the run key ${run.run_key} was used for ${run.asset} ${run.partition_key}; take another`,
    { context: { runKey: run.run_key } },
  )
}

function poolOf<S>(asset: Asset<S>, trigger: RunRow['trigger']): PoolName {
  if (trigger === 'backfill') return 'backfill'
  return trigger === 'stale' ? 'gap' : asset.pool
}

/** Returns a UUID of version 7 (RFC 9562): milliseconds first, so ids sort by time. */
function createRunId(nowUs: number, random: Random): string {
  const time = Math.floor(nowUs / 1000)
    .toString(16)
    .padStart(12, '0')
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => random.int(0, 15).toString(16)).join('')
  const variant = (8 + random.int(0, 3)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${variant}${hex(3)}-${hex(12)}`
}
