import type { Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Schema } from '../../warehouse/index.ts'
import type { ExpiringTable } from './expiring-tables.ts'

/** Rows of a table that stand together in the order of its key. */
export interface Shelf {
  readonly where: RawBuilder<unknown>
}

/** Parts a table so that its rows older than a time are found by the key. */
export async function findShelves(
  db: Kysely<Schema>,
  { table }: ExpiringTable,
  beforeUs: number,
): Promise<Shelf[]> {
  if (table === 'silver_trades') return tradeShelves(db, beforeUs)
  if (table === 'silver_quarantine' || table === 'ops_runs') return [{ where: sql`1 = 1` }]
  const rows = await db.selectFrom('instruments').select('instrument_id').execute()
  return rows.map(({ instrument_id: id }) => ({ where: sql`instrument_id = ${id}` }))
}

/** Trades have no index of time: minutes tell up to which id the old ones of a venue can lie. */
async function tradeShelves(db: Kysely<Schema>, beforeUs: number): Promise<Shelf[]> {
  const tapes = await db
    .selectFrom('silver_coverage')
    .select(['instrument_id', 'tape_id'])
    .distinct()
    .execute()
  const shelves: Shelf[] = []
  for (const { instrument_id: id, tape_id: tape } of tapes) {
    const minutes = await db
      .selectFrom('silver_candles_1m')
      .select((eb) => eb.fn.max('max_id').as('max_id'))
      .where('instrument_id', '=', id)
      .where('open_time_us', '<', beforeUs)
      .where('tape_id', '=', 0)
      .executeTakeFirst()
    const greatest = tape === 0 ? minutes?.max_id : null
    const of = sql`instrument_id = ${id} and tape_id = ${tape}`
    const isBounded = greatest !== null && greatest !== undefined
    shelves.push({ where: isBounded ? sql`${of} and trade_id <= ${greatest}` : of })
  }
  return shelves
}
