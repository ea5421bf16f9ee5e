import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { INTERVALS } from '../market/bucket.ts'
import { readChangeSeq, type Schema } from '../warehouse/index.ts'
import { type KeyedByTime, MINUTES, SNAPSHOTS } from './ranges.ts'

/** Buckets of facts that changed, by their start in epoch microseconds, in order. */
export interface ChangedTimes {
  readonly times: readonly number[]
  /** The commit up to which that was looked at: where to go on from. */
  readonly upTo: number
}

/**
 * Returns the hours whose minutes, ours or a venue's, changed by commits after `sinceSeq`.
 *
 * Read from the indexes of changes, so it costs what changed. Minutes that silver took away
 * leave no trace there; the fingerprints of their hours tell.
 */
export function changedHours(db: Kysely<Schema>, sinceSeq: number): Promise<ChangedTimes> {
  return changedTimes(db, MINUTES, { sinceSeq, widthUs: INTERVALS['1h'] })
}

/** Returns the days whose snapshots changed, as {@link changedHours} does of minutes. */
export function changedDays(db: Kysely<Schema>, sinceSeq: number): Promise<ChangedTimes> {
  return changedTimes(db, [SNAPSHOTS], { sinceSeq, widthUs: INTERVALS['1d'] })
}

async function changedTimes(
  db: Kysely<Schema>,
  tables: readonly KeyedByTime[],
  { sinceSeq, widthUs }: { readonly sinceSeq: number; readonly widthUs: number },
): Promise<ChangedTimes> {
  const upTo = await readChangeSeq(db)
  const times = new Set<number>()
  for (const { table, time } of tables) {
    const column = sql.ref(time)
    const { rows } = await sql<{ start_us: number }>`
      select distinct ${column} - ${column} % ${sql.lit(widthUs)} as start_us
      from ${sql.table(table)} where change_seq > ${sinceSeq}`.execute(db)
    for (const row of rows) times.add(row.start_us)
  }
  return { times: [...times].sort((a, b) => a - b), upTo }
}
