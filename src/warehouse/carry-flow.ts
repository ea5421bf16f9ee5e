import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { CHANGES } from './checkpoints.ts'
import type { Table } from './keys.ts'
import { readChangeSeq } from './meta.ts'
import { pagesOf } from './pages.ts'
import type { Schema } from './schema.ts'
import type { WriteTransaction } from './warehouse.ts'

/** Gold that the flow makes; it cannot be made of the raw log alone, or not soon. */
const MEASURES = [
  'gold_daily_kpis',
  'gold_top_movers',
  'gold_coin_daily',
  'gold_market_daily',
  'gold_indicators',
] as const satisfies readonly Table[]

/** What the flow and retention know, which no raw record tells. */
const LEDGERS = [
  'ops_runs',
  'ops_run_logs',
  'ops_run_items',
  'ops_partitions',
  'ops_partition_maps',
  'ops_flow_assets',
  'ops_schedules',
  'ops_backfills',
  'ops_lineage_events',
] as const satisfies readonly Table[]

type Measure = (typeof MEASURES)[number]
type Write = <T>(work: (tx: WriteTransaction) => Promise<T>) => Promise<T>

/** What was copied of the measures before the old generation was locked. */
export interface CopiedMeasures {
  /** The old generation's last commit then. */
  readonly upTo: number
  /** Rows by table that belong to instruments the new generation does not know. */
  readonly dropped: Map<Measure, number>
}

/** Between whom is copied. */
export interface Carriage {
  /** One state of the old generation. */
  readonly from: Kysely<Schema>
  /** Commits into the new one. */
  readonly write: Write
}

/**
 * Copies the flow's measures, while others may still write to the old generation.
 *
 * The bulk of it is then behind us, and the lock that {@link carryFlow} needs is short.
 */
export async function copyMeasures(carriage: Carriage): Promise<CopiedMeasures> {
  const copied = { upTo: await readChangeSeq(carriage.from), dropped: new Map<Measure, number>() }
  const ids = await mapInstruments(carriage)
  for (const table of MEASURES) {
    copied.dropped.set(table, await copyMeasure(carriage, { table, ids, since: 0 }))
  }
  return copied
}

/**
 * Carries over what a rebuild does not make: what the flow remembers, its leases, the places of
 * lineage, and what changed of its measures since they were copied. Nobody else may write to the
 * old generation meanwhile.
 *
 * What it made stands, and is to be looked at again: its parts are stale and every asset's
 * changes are followed from the beginning.
 */
export async function carryFlow(carriage: Carriage, copied: CopiedMeasures): Promise<void> {
  const ids = await mapInstruments(carriage)
  for (const table of MEASURES) await completeMeasure(carriage, { table, ids, copied })
  for (const table of LEDGERS) {
    await copyRows(carriage, table, (row) => [staleRow(table, row)])
  }
  await copyLeases(carriage)
  await copyPlaces(carriage)
}

async function completeMeasure(
  carriage: Carriage,
  at: { readonly table: Measure; readonly ids: InstrumentMap; readonly copied: CopiedMeasures },
): Promise<void> {
  const { table, ids, copied } = at
  await copyMeasure(carriage, { table, ids, since: copied.upTo })
  const wanted = (await countRows(carriage.from, table)) - (copied.dropped.get(table) ?? 0)
  const found = await carriage.write(({ db }) => countRows(db, table))
  if (found === wanted) return
  // Some were taken away meanwhile, which no row tells of: then all are copied anew.
  await carriage.write(({ db }) => db.deleteFrom(table).execute())
  await copyMeasure(carriage, { table, ids, since: 0 })
}

type InstrumentMap = ReadonlyMap<number, number>

/** Numbers of instruments in the new generation, by those in the old. */
async function mapInstruments({ from, write }: Carriage): Promise<InstrumentMap> {
  const list = (db: Kysely<Schema>) => db.selectFrom('instruments').selectAll().execute()
  const [old, now] = [await list(from), await write(({ db }) => list(db))]
  type Named = (typeof old)[number]
  const nameOf = (row: Named) => `${row.venue}\n${row.symbol}\n${row.listed_from_us}`
  const byName = new Map(now.map((row) => [nameOf(row), row.instrument_id]))
  const ids = old.map((row) => [row.instrument_id, byName.get(nameOf(row))] as const)
  return new Map(ids.filter((pair): pair is [number, number] => pair[1] !== undefined))
}

type Row = Readonly<Record<string, unknown>>

/** Copies what changed of a measure; returns how many rows had no instrument to belong to. */
async function copyMeasure(
  carriage: Carriage,
  at: { readonly table: Measure; readonly ids: InstrumentMap; readonly since: number },
): Promise<number> {
  let dropped = 0
  const change = (row: Row, changeSeq: number): Row[] => {
    if (!('instrument_id' in row)) return [{ ...row, change_seq: changeSeq }]
    const id = at.ids.get(row.instrument_id as number)
    if (id !== undefined) return [{ ...row, instrument_id: id, change_seq: changeSeq }]
    dropped += 1
    return []
  }
  await copyRows(carriage, at.table, change, at.since)
  return dropped
}

async function copyRows(
  { from, write }: Carriage,
  table: Table,
  change: (row: Row, changeSeq: number) => readonly Row[],
  since = 0,
): Promise<void> {
  const where = since > 0 ? sql`change_seq > ${since}` : sql`1 = 1`
  for await (const rows of pagesOf(from, { table, where })) {
    await write(async (tx) => {
      const changed = rows.flatMap((row) => change(row as unknown as Row, tx.changeSeq))
      await tx.upsert(table, changed as unknown as readonly Schema[Table][])
    })
  }
}

/** What was made of the old facts is compared with the new ones before it is trusted. */
function staleRow(table: Table, row: Row): Row {
  if (table === 'ops_flow_assets') return { ...row, change_seq: 0 }
  if (table !== 'ops_partition_maps') return row
  return { ...row, states: String(row.states).replaceAll('m', 's') }
}

/** Leases that may be held beside the one writer go on; their tokens must not be given twice. */
async function copyLeases({ from, write }: Carriage): Promise<void> {
  const leases = await from
    .selectFrom('ops_leases')
    .selectAll()
    .where('name', 'like', '%/%')
    .execute()
  await write((tx) => tx.upsert('ops_leases', leases))
}

/** Readers of lineage keep their places: what was told of is not told again. */
async function copyPlaces({ from, write }: Carriage): Promise<void> {
  const places = await from
    .selectFrom('ops_checkpoints')
    .selectAll()
    .where('reader', 'like', 'lineage:%')
    .where('log_id', '=', CHANGES)
    .execute()
  await write((tx) => tx.upsert('ops_checkpoints', places))
}

async function countRows(db: Kysely<Schema>, table: Table): Promise<number> {
  const { rows } = await sql<{ stored: number }>`
    select count(*) as stored from ${sql.table(table)}`.execute(db)
  return rows[0]?.stored ?? 0
}
