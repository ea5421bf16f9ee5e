import type { Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import {
  type CutoffRow,
  EXPIRING,
  type Generation,
  pagesOf,
  type Schema,
  TABLE_KEYS,
  type WriteTransaction,
} from '../../warehouse/index.ts'
import { EXPIRING_TABLES, type ExpiringTable } from './expiring-tables.ts'

/**
 * Takes from a rebuilt generation what was deleted on purpose from the one in force, at its very
 * end: so that what was made of those facts is what it was. Returns how many trades went.
 *
 * What is older than a cut-off and stands in the old one all the same, since it came after the
 * last retention, stays: it was not archived yet.
 */
export async function applyCutoffs(generation: Generation): Promise<number> {
  const trades = await generation.readPrevious(async (old) => {
    const rows = await old.selectFrom('ops_cutoffs').selectAll().execute()
    const known = rows.filter(({ dataset }) => (EXPIRING as readonly string[]).includes(dataset))
    if (known.length === 0) return 0
    return generation.write((tx) => apply(tx, old, known))
  })
  return trades ?? 0
}

async function apply(
  tx: WriteTransaction,
  old: Kysely<Schema>,
  cutoffs: readonly CutoffRow[],
): Promise<number> {
  const renumber = await findNumbers(old, tx.db)
  let trades = 0
  for (const { dataset, before_us: beforeUs } of cutoffs) {
    // Runs are not made by a rebuild; they are carried over as they are.
    if (dataset === 'runs') continue
    for (const table of EXPIRING_TABLES.filter((one) => one.dataset === dataset)) {
      await noteStanding(tx, { old, table, beforeUs, renumber })
      const gone = goneOf(table, beforeUs)
      if (table.table === 'silver_trades') await noteExpired(tx, gone)
      const done = await sql`delete from ${sql.table(table.table)} where ${gone}`.execute(tx.db)
      if (table.table === 'silver_trades') trades = Number(done.numAffectedRows ?? 0n)
      await sql`drop table standing`.execute(tx.db)
    }
  }
  await tx.upsert('ops_cutoffs', cutoffs)
  return trades
}

type Row = Readonly<Record<string, unknown>>
/** Returns what a column's number is in the new generation; undefined where it has none. */
type Renumber = (column: string, value: unknown) => unknown

/** Pairs the numbers of instruments, tapes and logs in two generations. */
async function findNumbers(old: Kysely<Schema>, now: Kysely<Schema>): Promise<Renumber> {
  const read = async (db: Kysely<Schema>) => ({
    instrument_id: (await db.selectFrom('instruments').selectAll().execute()).map(
      (row) => [row.instrument_id, `${row.venue}\n${row.symbol}\n${row.listed_from_us}`] as const,
    ),
    tape_id: (await db.selectFrom('silver_tapes').selectAll().execute()).map(
      (row) => [row.tape_id, row.file_hash] as const,
    ),
    log_id: (await db.selectFrom('ops_logs').selectAll().execute()).map(
      (row) => [row.log_id, row.name] as const,
    ),
  })
  const [before, after] = [await read(old), await read(now)]
  const pairs = new Map<string, Map<unknown, unknown>>()
  for (const column of ['instrument_id', 'tape_id', 'log_id'] as const) {
    const ids = new Map(after[column].map(([id, name]) => [name, id]))
    pairs.set(column, new Map(before[column].map(([id, name]) => [id, ids.get(name)])))
  }
  return (column, value) => {
    const ids = pairs.get(column)
    return ids === undefined ? value : ids.get(value)
  }
}

/** Lists, in a table that ends with the connection, the keys of old rows that stand. */
async function noteStanding(
  { db }: WriteTransaction,
  at: {
    readonly old: Kysely<Schema>
    readonly table: ExpiringTable
    readonly beforeUs: number
    readonly renumber: Renumber
  },
): Promise<void> {
  const { table, time } = at.table
  const key: readonly string[] = TABLE_KEYS[table]
  const columns = sql.join(key.map((column) => sql.ref(column)))
  await sql`create temp table standing (${columns}, primary key (${columns}))`.execute(db)
  const where = sql`${sql.ref(time)} < ${at.beforeUs}`
  for await (const rows of pagesOf(at.old, { table, where })) {
    for (const row of rows as unknown as readonly Row[]) {
      const values = key.map((column) => at.renumber(column, row[column]))
      if (values.includes(undefined)) continue
      await sql`insert into standing values (${sql.join(values)})`.execute(db)
    }
  }
}

/** Tells, in a query, the rows older than a time that do not stand in the old generation. */
function goneOf({ table, time }: ExpiringTable, beforeUs: number): RawBuilder<unknown> {
  const key: readonly string[] = TABLE_KEYS[table]
  const same = key.map(
    (column) => sql`standing.${sql.ref(column)} = ${sql.ref(`${table}.${column}`)}`,
  )
  return sql`${sql.ref(time)} < ${beforeUs}
    and not exists (select 1 from standing where ${sql.join(same, sql` and `)})`
}

/** Remembers the greatest ids of the trades that are about to be deleted. */
async function noteExpired({ db }: WriteTransaction, gone: RawBuilder<unknown>): Promise<void> {
  // Of the bare column beside a maximum, the row that holds it is meant.
  await sql`
    insert into silver_expired (instrument_id, tape_id, last_id, last_time_us)
    select instrument_id, tape_id, max(coalesce(last_id, trade_id)), event_time_us
    from silver_trades where ${gone} group by instrument_id, tape_id
    on conflict (instrument_id, tape_id) do update
    set last_id = excluded.last_id, last_time_us = excluded.last_time_us
    where excluded.last_id > silver_expired.last_id`.execute(db)
}
