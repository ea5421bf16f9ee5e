import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Schema } from '../../warehouse/index.ts'
import { hasTable } from '../user-table.ts'
import type { Dataset } from './dataset.ts'

/** How much is held of a dataset, found without reading all of it. */
export interface Held {
  readonly rows: number
  /** Whether `rows` was counted; else there are at least, or of trades about, so many. */
  readonly exact: boolean
  /** The newest time of a row; null without rows, or where finding it would read them all. */
  readonly newestUs: number | null
}

/** Rows are counted up to so many: some tens of milliseconds. */
const COUNT_MAX = 1_000_000

/**
 * Returns how much of a dataset's table is held. Ids stand for trades: there are as many held,
 * but for those that are known never to have been.
 */
export async function readHeld(db: Kysely<Schema>, dataset: Dataset): Promise<Held | null> {
  if (dataset.table === null) return null
  if (dataset.table === 'silver_trades') return tradesHeld(db)
  if (dataset.layer === 'user' && !(await hasTable(db, dataset.table))) return null
  const counted = await sql<{ rows: number }>`
    select count(*) as rows from (select 1 from ${sql.table(dataset.table)} limit ${COUNT_MAX}) x
  `.execute(db)
  const rows = Number(counted.rows[0]?.rows ?? 0)
  const exact = rows < COUNT_MAX
  return { rows, exact, newestUs: rows === 0 ? null : await newest(db, dataset, exact) }
}

async function tradesHeld(db: Kysely<Schema>): Promise<Held> {
  const row = await db
    .selectFrom('silver_coverage')
    .select(({ fn }) => [
      sql<number | null>`sum(last_id - first_id + 1)`.as('ids'),
      fn.max('last_time_us').as('newest_us'),
    ])
    .executeTakeFirst()
  return { rows: Number(row?.ids ?? 0), exact: false, newestUs: row?.newest_us ?? null }
}

/** Finds the newest time through the key where that is long, one look for each instrument. */
async function newest(
  db: Kysely<Schema>,
  { table, key, timeColumn }: Dataset,
  isSmall: boolean,
): Promise<number | null> {
  if (table === null || timeColumn === null) return null
  const [time, from] = [sql.ref(timeColumn), sql.table(table)]
  const [first, second, third] = key
  const ofEach =
    first !== 'instrument_id'
      ? null
      : second === timeColumn
        ? sql`select (select max(${time}) from ${from} t
            where t.instrument_id = i.instrument_id) as at from instruments i`
        : second === 'interval_us' && third === timeColumn && table !== 'silver_ohlc'
          ? sql`select (select max(${time}) from ${from} t
              where t.instrument_id = i.instrument_id and t.interval_us = w.interval_us) as at
            from instruments i cross join (
              select 60000000 as interval_us union all select 300000000 union all
              select 900000000 union all select 1800000000 union all select 3600000000
              union all select 14400000000 union all select 86400000000) w`
          : null
  if (ofEach === null && !isSmall && first !== timeColumn) return null
  const each = ofEach ?? sql`select max(${time}) as at from ${from} t`
  const { rows } = await sql<{ at: number | null }>`
    select max(x.at) as at from (${each}) x`.execute(db)
  return rows[0]?.at ?? null
}
