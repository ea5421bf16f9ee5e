import type { Kysely } from 'kysely'
import type { RunRow, Schema } from '../warehouse/index.ts'
import type { Asset } from './asset.ts'
import { type Partition, partitionAt, partitionWidthUs } from './partition.ts'
import { activeNames } from './requests.ts'
import { nextOccurrence, parseCron } from './schedule.ts'
import { countStates, type PartState, readStates, type StateCounts } from './states.ts'

/** How an asset stands. */
export interface AssetStatus {
  readonly key: string
  /** Of the parts that begin in the span that was asked for. */
  readonly counts: StateCounts
  readonly lastMadeUs: number | null
  /** The newest part that is made. */
  readonly newest: string | null
  /** Seconds since the end of the newest made part, or a whole's last making. */
  readonly ageSeconds: number | null
  /** The parts that are over for longer than the asset's deadline and are not made. */
  readonly late: number
  readonly nextRunUs: number | null
  readonly active: number
  readonly lastRun: Pick<RunRow, 'run_id' | 'state' | 'reason'> | null
}

/** What is asked. */
export interface StatusQuery {
  readonly fromUs: number
  readonly nowUs: number
}

const DONE: ReadonlySet<PartState> = new Set(['made', 'empty', 'stale'])

/** Tells how an asset stands, whatever the number of its parts, by a few rows. */
export async function assetStatus<S>(
  db: Kysely<Schema>,
  asset: Asset<S>,
  { fromUs, nowUs }: StatusQuery,
): Promise<AssetStatus> {
  const { key, partitions } = asset
  const range = { asset: key, partitions, fromUs, toUs: nowUs }
  const newest = await db
    .selectFrom('ops_partitions')
    .select(['partition_us', 'materialized_us'])
    .where('asset', '=', key)
    .orderBy('partition_us', 'desc')
    .limit(1)
    .executeTakeFirst()
  const part = newest === undefined ? null : partitionAt(partitions, newest.partition_us)
  const madeUs = newest?.materialized_us ?? null
  const endUs = part === null || partitions === 'none' ? madeUs : Math.min(part.toUs, nowUs)
  return {
    key,
    counts: await countStates(db, range),
    lastMadeUs: madeUs,
    newest: part?.key ?? null,
    ageSeconds: endUs === null ? null : Math.max(0, nowUs - endUs) / 1e6,
    late: await countLate(db, asset, { nowUs, endUs }),
    nextRunUs: nextRun(asset, nowUs),
    active: (await activeNames(db, key)).size,
    lastRun: await newestRun(db, key),
  }
}

/**
 * Counts the parts that should be made by now and are not, from the first that was ever made on:
 * what lies before nobody was promised.
 */
async function countLate<S>(
  db: Kysely<Schema>,
  asset: Asset<S>,
  { nowUs, endUs }: { readonly nowUs: number; readonly endUs: number | null },
): Promise<number> {
  const { key, partitions, freshnessSeconds } = asset
  if (freshnessSeconds === null || endUs === null) return 0
  const dueUs = nowUs - freshnessSeconds * 1e6
  if (partitions === 'none') return endUs < dueUs ? 1 : 0
  const first = await db
    .selectFrom('ops_partitions')
    .select('partition_us')
    .where('asset', '=', key)
    .orderBy('partition_us')
    .limit(1)
    .executeTakeFirstOrThrow()
  const toUs = dueUs - partitionWidthUs(partitions) + 1
  const counts = await countStates(db, { asset: key, partitions, fromUs: first.partition_us, toUs })
  return Object.entries(counts).reduce(
    (sum, [state, count]) => (DONE.has(state as PartState) ? sum : sum + count),
    0,
  )
}

/** Lists the parts of a span that are not made, with what is known of each, up to a number. */
export async function listUnmade<S>(
  db: Kysely<Schema>,
  { key, partitions }: Asset<S>,
  span: { readonly fromUs: number; readonly toUs: number; readonly limit: number },
): Promise<{ readonly partition: Partition; readonly state: PartState }[]> {
  const parts = await readStates(db, { asset: key, partitions, ...span })
  return parts.filter(({ state }) => !DONE.has(state)).slice(0, span.limit)
}

function nextRun<S>({ schedules }: Asset<S>, nowUs: number): number | null {
  const times = schedules
    .map(({ cron }) => nextOccurrence(parseCron(cron), nowUs))
    .filter((time) => time !== null)
  return times.length === 0 ? null : Math.min(...times)
}

async function newestRun(db: Kysely<Schema>, asset: string): Promise<AssetStatus['lastRun']> {
  const row = await db
    .selectFrom('ops_runs')
    .select(['run_id', 'state', 'reason'])
    .where('asset', '=', asset)
    .orderBy('queued_us', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}
