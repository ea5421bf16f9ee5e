import type { Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import {
  type Expiring,
  pagesOf,
  type RowKey,
  type RunRow,
  readCutoffs,
  readRange,
  type Schema,
  type Table,
  type TradeRow,
  type WriteTransaction,
} from '../../warehouse/index.ts'
import { type ArchivedRow, archiveRows } from './archive-rows.ts'
import { EXPIRING_TABLES, type ExpiringTable } from './expiring-tables.ts'
import { findShelves, type Shelf } from './shelves.ts'
import { tellRows } from './tell-rows.ts'

/** How facts are reached: a warehouse, or what a run of the flow is given of one. */
export interface Tables {
  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T>
}

/** What is deleted of a dataset. */
export interface ExpireOptions {
  readonly tables: Tables
  readonly dataDir: string
  readonly dataset: Expiring
  /** Rows older than this go. */
  readonly beforeUs: number
  readonly nowUs: number
  readonly signal?: AbortSignal
}

/** What went of a dataset. */
export interface Expired {
  readonly rows: number
  readonly files: number
  readonly bytes: number
}

/** Rows archived together: what bounds memory, and what a kill may leave archived twice. */
const PAGE_ROWS = 20_000
/** Rows deleted in one commit. */
const DELETED_ROWS = 2000

/**
 * Archives and deletes the rows of a dataset that are older than a time.
 *
 * The cut-off is kept first: from then on nobody brings back what goes. Then, page by page, rows
 * are written to the archive, proven there and deleted by short commits, each of which makes sure
 * that what it deletes is what was archived. Killed anywhere, nothing is lost: what was not
 * deleted is archived once more by the next run.
 */
export async function expireDataset(options: ExpireOptions): Promise<Expired> {
  const { tables, dataset, beforeUs, nowUs, signal } = options
  await tables.write(async (tx) => {
    const held = (await readCutoffs(tx.db))[dataset]
    const before_us = Math.max(held, beforeUs)
    await tx.upsert('ops_cutoffs', [{ dataset, before_us, applied_us: nowUs }])
  })
  const sum = { rows: 0, files: 0, bytes: 0 }
  for (const table of EXPIRING_TABLES.filter((one) => one.dataset === dataset)) {
    const shelves = await tables.read((db) => findShelves(db, table, beforeUs))
    for (const shelf of shelves) {
      if (signal?.aborted) return sum
      const found = await expireShelf(options, { table, shelf })
      sum.rows += found.rows
      sum.files += found.files
      sum.bytes += found.bytes
    }
  }
  return sum
}

/** Counts the rows of a dataset that are older than a time. */
export async function countExpiring(
  db: Kysely<Schema>,
  dataset: Expiring,
  beforeUs: number,
): Promise<number> {
  let count = 0
  for (const table of EXPIRING_TABLES.filter((one) => one.dataset === dataset)) {
    for (const { where } of await findShelves(db, table, beforeUs)) {
      const { rows } = await sql<{ stored: number }>`
        select count(*) as stored from ${sql.table(table.table)}
        where ${where} and ${sql.ref(table.time)} < ${beforeUs}`.execute(db)
      count += rows[0]?.stored ?? 0
    }
  }
  return count
}

interface Place {
  readonly table: ExpiringTable
  readonly shelf: Shelf
}

type AnyRow = Schema[Table]

async function expireShelf(options: ExpireOptions, { table, shelf }: Place): Promise<Expired> {
  const { tables, dataDir, beforeUs, signal } = options
  const where = sql`${shelf.where} and ${sql.ref(table.time)} < ${beforeUs}`
  const sum = { rows: 0, files: 0, bytes: 0 }
  let after: AnyRow | undefined
  while (!signal?.aborted) {
    const { rows, archived } = await tables.read((db) => readPage(db, { table, where, after }))
    if (rows.length === 0) break
    const { files, bytes } = archiveRows(dataDir, table, archived)
    sum.files += files
    sum.bytes += bytes
    sum.rows += await deleteRows(tables, table, rows)
    after = rows.at(-1)
    if (rows.length < PAGE_ROWS) break
  }
  return sum
}

/** Reads a page of rows, and tells them as they are archived. */
async function readPage(
  db: Kysely<Schema>,
  at: {
    readonly table: ExpiringTable
    readonly where: RawBuilder<unknown>
    readonly after: AnyRow | undefined
  },
): Promise<{ rows: AnyRow[]; archived: ArchivedRow[] }> {
  const { table, where, after } = at
  const page = { table: table.table, where, rowsMax: PAGE_ROWS }
  const query = after === undefined ? page : { ...page, after }
  const { value: rows } = await pagesOf(db, query).next()
  if (rows === undefined || rows.length === 0) return { rows: [], archived: [] }
  return { rows, archived: await tellRows(db, table, rows) }
}

/** Deletes rows that are still what was archived of them; others wait for the next run. */
async function deleteRows(
  tables: Tables,
  { table }: ExpiringTable,
  rows: readonly AnyRow[],
): Promise<number> {
  let deleted = 0
  for (let from = 0; from < rows.length; from += DELETED_ROWS) {
    const some = rows.slice(from, from + DELETED_ROWS)
    deleted += await tables.write(async (tx) => {
      const same = await unchanged(tx, table, some)
      if (table === 'silver_trades') await noteExpired(tx, same as readonly TradeRow[])
      if (table === 'ops_runs') await forgetRuns(tx, same as readonly RunRow[])
      await tx.remove(table, same as readonly RowKey<Table>[])
      return same.length
    })
  }
  return deleted
}

/** Returns those of the rows that are stored as they were read. */
async function unchanged(
  { db }: WriteTransaction,
  table: Table,
  rows: readonly AnyRow[],
): Promise<readonly AnyRow[]> {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined) return []
  const range = await readRange(db, table, { first, last })
  const stored = new Set(range.map((row) => JSON.stringify(row)))
  return rows.filter((row) => stored.has(JSON.stringify(row)))
}

/** Remembers the greatest ids of a tape's trades that are about to be deleted. */
async function noteExpired(tx: WriteTransaction, trades: readonly TradeRow[]): Promise<void> {
  const last = trades.at(-1)
  if (last === undefined) return
  const { instrument_id, tape_id, trade_id, event_time_us: last_time_us } = last
  const held = await tx.db
    .selectFrom('silver_expired')
    .select('last_id')
    .where('instrument_id', '=', instrument_id)
    .where('tape_id', '=', tape_id)
    .executeTakeFirst()
  const last_id = last.last_id ?? trade_id
  if ((held?.last_id ?? 0) >= last_id) return
  await tx.upsert('silver_expired', [{ instrument_id, tape_id, last_id, last_time_us }])
}

/** What a run said, and how its items fared, goes with it. */
async function forgetRuns({ db }: WriteTransaction, runs: readonly RunRow[]): Promise<void> {
  for (const { run_id } of runs) {
    await db.deleteFrom('ops_run_logs').where('run_id', '=', run_id).execute()
    await db.deleteFrom('ops_run_items').where('run_id', '=', run_id).execute()
  }
}
