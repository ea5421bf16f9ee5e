import type { Kysely } from 'kysely'
import { AssayError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import type { BackfillRow, Schema, WriteTransaction } from '../warehouse/index.ts'
import type { Asset } from './asset.ts'
import type { AssetGraph } from './graph.ts'
import { type Partition, partitionAt, partitionWidthUs } from './partition.ts'
import { queueRun } from './requests.ts'
import { cancelRun, type Settling } from './settle.ts'
import { type PartState, readStates } from './states.ts'

/** Which parts of a range are made: those that lack, those that failed too, or each anew. */
export type Reprocess = BackfillRow['reprocess']

/** That many parts be made. */
export interface BackfillRequest {
  readonly backfillId: string
  /** Parts that begin in `[fromUs, toUs)`. */
  readonly fromUs: number
  readonly toUs: number
  readonly reprocess: Reprocess
  /** Runs of it that are queued or under way at a time. */
  readonly maxActive: number
  readonly newestFirst: boolean
  readonly only: Readonly<Record<string, string>> | null
  readonly nowUs: number
}

const WANTED: Readonly<Record<Reprocess, ReadonlySet<PartState>>> = {
  missing: new Set(['missing', 'provisional', 'stale', 'blocked']),
  failed: new Set(['missing', 'provisional', 'stale', 'blocked', 'failed']),
  all: new Set(['missing', 'provisional', 'stale', 'blocked', 'failed', 'made', 'empty']),
}

/** Parts looked at in one step. */
const LOOK = 1024

/** Returns the parts that a backfill would make now, in its order. */
export async function listWanted<S>(
  db: Kysely<Schema>,
  asset: Asset<S>,
  request: Pick<BackfillRequest, 'fromUs' | 'toUs' | 'reprocess' | 'newestFirst'>,
): Promise<Partition[]> {
  const { fromUs, toUs, reprocess, newestFirst } = request
  const range = { asset: asset.key, partitions: asset.partitions, fromUs, toUs }
  const parts = await readStates(db, range)
  const wanted = parts
    .filter(({ state }) => WANTED[reprocess].has(state))
    .map(({ partition }) => partition)
  return newestFirst ? wanted.reverse() : wanted
}

/**
 * Keeps a backfill, to be made bit by bit.
 *
 * @throws ASSAY_USAGE where the asset has no parts to be filled.
 */
export async function beginBackfill<S>(
  tx: WriteTransaction,
  asset: Asset<S>,
  request: BackfillRequest,
): Promise<BackfillRow> {
  if (asset.partitions === 'none') {
    throw new AssayError('ASSAY_USAGE', `${asset.key} has no partitions; materialize it instead`)
  }
  const widthUs = partitionWidthUs(asset.partitions)
  const fromUs = Math.ceil(request.fromUs / widthUs) * widthUs
  // What has not begun yet cannot be made.
  const endUs = Math.ceil(Math.min(request.toUs, request.nowUs) / widthUs) * widthUs
  const toUs = Math.max(fromUs, endUs)
  const row: BackfillRow = {
    backfill_id: request.backfillId,
    asset: asset.key,
    from_us: fromUs,
    to_us: toUs,
    cursor_us: request.newestFirst ? toUs : fromUs,
    newest_first: request.newestFirst ? 1 : 0,
    reprocess: request.reprocess,
    max_active: request.maxActive,
    only_text: request.only === null ? null : JSON.stringify(request.only),
    state: 'running',
    created_us: request.nowUs,
  }
  await tx.upsert('ops_backfills', [row])
  return row
}

/**
 * Queues the next parts of every backfill under way, as many as each may have active; one with
 * nothing left is done. Returns how many runs were queued.
 */
export async function advanceBackfills<S>(
  tx: WriteTransaction,
  graph: AssetGraph<S>,
  at: { readonly nowUs: number; readonly random: Random },
): Promise<number> {
  const rows = await tx.db
    .selectFrom('ops_backfills')
    .selectAll()
    .where('state', '=', 'running')
    .orderBy('created_us')
    .execute()
  let queued = 0
  for (const row of rows) {
    if (graph.has(row.asset)) queued += await advance(tx, graph.get(row.asset), { row, ...at })
  }
  return queued
}

async function advance<S>(
  tx: WriteTransaction,
  asset: Asset<S>,
  at: { readonly row: BackfillRow; readonly nowUs: number; readonly random: Random },
): Promise<number> {
  const { row, nowUs, random } = at
  const { active } = await tx.db
    .selectFrom('ops_runs')
    .select((eb) => eb.fn.countAll<number>().as('active'))
    .where('backfill_id', '=', row.backfill_id)
    // Said so that the index of what is active tells it, whatever the number of runs.
    .where('active', '>', '')
    .executeTakeFirstOrThrow()
  const widthUs = partitionWidthUs(asset.partitions)
  const newestFirst = row.newest_first === 1
  let free = row.max_active - active
  let cursorUs = row.cursor_us
  let queued = 0
  const isLeft = () => (newestFirst ? cursorUs > row.from_us : cursorUs < row.to_us)
  for (let looked = 0; free > 0 && isLeft() && looked < 16; looked += 1) {
    const span = newestFirst
      ? { fromUs: Math.max(row.from_us, cursorUs - LOOK * widthUs), toUs: cursorUs }
      : { fromUs: cursorUs, toUs: Math.min(row.to_us, cursorUs + LOOK * widthUs) }
    const wanted = await listWanted(tx.db, asset, {
      ...span,
      reprocess: row.reprocess,
      newestFirst,
    })
    const some = wanted.slice(0, free)
    for (const partition of some) {
      const { isNew } = await queueRun(tx, asset, {
        partition: partitionAt(asset.partitions, partition.fromUs),
        trigger: 'backfill',
        dueUs: nowUs,
        nowUs,
        backfillId: row.backfill_id,
        only: row.only_text === null ? null : JSON.parse(row.only_text),
        forced: row.reprocess === 'all',
        random,
      })
      if (isNew) queued += 1
    }
    free -= some.length
    const last = some.at(-1)
    const isCut = some.length < wanted.length && last !== undefined
    if (isCut) cursorUs = newestFirst ? last.fromUs : last.toUs
    else cursorUs = newestFirst ? span.fromUs : span.toUs
  }
  const isDone = !isLeft() && queued === 0 && active === 0
  if (isDone || cursorUs !== row.cursor_us) {
    const state = isDone ? 'done' : row.state
    await tx.upsert('ops_backfills', [{ ...row, cursor_us: cursorUs, state }])
  }
  return queued
}

/** Gives a backfill up: what is queued of it goes, what is under way is asked to stop. */
export async function cancelBackfill<S>(
  tx: WriteTransaction,
  settling: Settling<S>,
  backfillId: string,
): Promise<void> {
  const { db } = tx
  await db
    .updateTable('ops_backfills')
    .set({ state: 'cancelled' })
    .where('backfill_id', '=', backfillId)
    .where('state', '=', 'running')
    .execute()
  const active = await db
    .selectFrom('ops_runs')
    .select('run_id')
    .where('backfill_id', '=', backfillId)
    .where('active', '>', '')
    .execute()
  for (const { run_id } of active) await cancelRun(tx, settling, run_id)
}
