import type { Kysely } from 'kysely'
import type { Random } from '../core/random.ts'
import type { Schema, Warehouse, WriteTransaction } from '../warehouse/index.ts'
import type { Asset } from './asset.ts'
import type { AssetGraph } from './graph.ts'
import { type Partition, partitionWidthUs } from './partition.ts'
import { activeName, activeNames, queueRun } from './requests.ts'
import { findMarked, markAllStale, markedParts, markStale } from './states.ts'

/** Stale parts of one asset that are queued at a time. */
const QUEUED_MAX = 20
/** How long after its end a part may be provisional: schedules ask for it by then. */
const PROVISIONAL_US = 7_200_000_000

/** Who follows changes, and when. */
interface Following<S> {
  readonly graph: AssetGraph<S>
  readonly nowUs: number
}

/** Notes which assets there are; of one whose code is another now, all parts are stale. */
export async function noteAssets<S>(
  tx: WriteTransaction,
  { graph, nowUs }: Following<S>,
): Promise<void> {
  const known = await tx.db.selectFrom('ops_flow_assets').selectAll().execute()
  for (const { key, codeVersion } of graph.assets) {
    const before = known.find((row) => row.asset === key)
    if (before?.code_version === codeVersion) continue
    if (before !== undefined) await markAllStale(tx, key)
    const row = { known_us: nowUs, change_seq: tx.changeSeq - 1, ...before }
    await tx.upsert('ops_flow_assets', [{ ...row, asset: key, code_version: codeVersion }])
  }
}

/**
 * Looks for facts that changed since the last look, and marks what was made of them: the parts
 * of the assets they belong to, and those made from these. Returns how many parts that were.
 */
export async function followChanges<S>(
  warehouse: Warehouse,
  { graph, nowUs }: Following<S>,
): Promise<number> {
  let marked = 0
  for (const asset of graph.assets) {
    const { key, changed } = asset
    if (changed === undefined) continue
    const news = await warehouse.read(async (db) => {
      const row = await db
        .selectFrom('ops_flow_assets')
        .select('change_seq')
        .where('asset', '=', key)
        .executeTakeFirst()
      const since = row?.change_seq ?? 0
      return { since, ...(await changed(db, since)) }
    })
    if (news.spans.length === 0) continue
    await warehouse.write(async (tx) => {
      for (const span of news.spans) {
        for (const one of [asset, ...graph.children(key)]) {
          marked += await markStale(tx, one, span)
          await askAgain(tx, one, { ...span, nowUs })
        }
      }
      await tx.db
        .updateTable('ops_flow_assets')
        .set({ change_seq: news.upTo })
        .where('asset', '=', key)
        // Another follower may have come further in the meantime.
        .where('change_seq', '<', news.upTo)
        .execute()
    })
  }
  return marked
}

/**
 * A run under way may or may not have seen a change, so its part is looked at once more. One that
 * is not over yet changes all the time, and will be made again anyway.
 */
async function askAgain<S>(
  tx: WriteTransaction,
  { key, partitions }: Asset<S>,
  { fromUs, toUs, nowUs }: { fromUs: number; toUs: number; nowUs: number },
): Promise<void> {
  if (partitions === 'none') return
  const widthUs = partitionWidthUs(partitions)
  await tx.db
    .updateTable('ops_runs')
    .set({ asked_again: 1 })
    .where('state', '=', 'running')
    .where('asset', '=', key)
    .where('only_text', 'is', null)
    .where('partition_us', '>', fromUs - widthUs)
    .where('partition_us', '<', Math.min(toUs, nowUs - widthUs + 1))
    .execute()
}

/**
 * Lists parts that are to be made once more and are not queued yet, of assets that are made by
 * themselves: the newest first, a few at a time of each. These are what is stale, and what is
 * provisional still though it has been over for long: a slow clock made it, or no schedule came.
 */
export async function listStale<S>(
  db: Kysely<Schema>,
  { graph, nowUs }: Following<S>,
): Promise<{ readonly asset: Asset<S>; readonly partition: Partition }[]> {
  const listed: { asset: Asset<S>; partition: Partition }[] = []
  const seen = new Map<string, number>()
  let active: ReadonlySet<string> | null = null
  for (const state of ['stale', 'provisional'] as const) {
    for (const chunk of await findMarked(db, state)) {
      if (!graph.has(chunk.asset)) continue
      const asset = graph.get(chunk.asset)
      if (asset.schedules.length === 0) continue
      for (const partition of markedParts(chunk, asset.partitions, state)) {
        if (state === 'provisional' && partition.toUs + PROVISIONAL_US > nowUs) continue
        const already = seen.get(asset.key) ?? 0
        if (already >= QUEUED_MAX) break
        seen.set(asset.key, already + 1)
        active ??= await activeNames(db)
        if (!active.has(activeName(asset.key, partition))) listed.push({ asset, partition })
      }
    }
  }
  return listed
}

/** Queues stale parts; returns how many. See {@link listStale}. */
export async function queueStale<S>(
  tx: WriteTransaction,
  following: Following<S>,
  random: Random,
): Promise<number> {
  const { nowUs } = following
  const listed = await listStale(tx.db, following)
  for (const { asset, partition } of listed) {
    await queueRun(tx, asset, { partition, trigger: 'stale', dueUs: nowUs, nowUs, random })
  }
  return listed.length
}
