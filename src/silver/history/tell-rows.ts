import type { Kysely } from 'kysely'
import { ORIGINS } from '../../market/record.ts'
import { SIDES } from '../../market/trade.ts'
import type { RunRow, Schema, Table } from '../../warehouse/index.ts'
import { type ArchivedRow, instrumentFolder } from './archive-rows.ts'
import type { ExpiringTable } from './expiring-tables.ts'

type Row = Readonly<Record<string, unknown>>

/**
 * Tells rows as the archive keeps them: every column, but instruments, tapes, logs, sides and
 * origins as what their numbers stand for, since a rebuild may number them anew.
 */
export async function tellRows(
  db: Kysely<Schema>,
  table: ExpiringTable,
  rows: readonly Schema[Table][],
): Promise<ArchivedRow[]> {
  const instruments = await db.selectFrom('instruments').selectAll().execute()
  const tapes = await db.selectFrom('silver_tapes').selectAll().execute()
  const logs = await db.selectFrom('ops_logs').selectAll().execute()
  const instrumentOf = new Map(instruments.map((row) => [row.instrument_id, row]))
  const tapeOf = new Map(tapes.map((row) => [row.tape_id, row.file_hash]))
  const logOf = new Map(logs.map((row) => [row.log_id, row.name]))
  const parts = table.table === 'ops_runs' ? await runParts(db, rows as readonly RunRow[]) : null
  return rows.map((given) => {
    const { instrument_id: id, tape_id: tape, log_id: log, ...rest } = given as unknown as Row
    const instrument = instrumentOf.get(id as number)
    const told: Record<string, unknown> = {}
    if (instrument !== undefined) {
      told.venue = instrument.venue
      told.symbol = instrument.symbol
      told.listed_from_us = instrument.listed_from_us
    }
    if (tape !== undefined) told.tape = tapeOf.get(tape as number) ?? ''
    if (log !== undefined) told.log = logOf.get(log as number) ?? null
    Object.assign(told, rest, parts?.get(rest.run_id as string))
    if (typeof rest.side === 'number') told.side = SIDES[rest.side]
    if (typeof rest.origin === 'number') told.origin = ORIGINS[rest.origin]
    return {
      folder: instrument === undefined ? '' : instrumentFolder(instrument),
      timeUs: rest[table.time] as number,
      line: JSON.stringify(told),
    }
  })
}

/** What the runs said, and how their items fared. */
async function runParts(
  db: Kysely<Schema>,
  runs: readonly RunRow[],
): Promise<ReadonlyMap<string, { logs: unknown[]; items: unknown[] }>> {
  const parts = new Map<string, { logs: unknown[]; items: unknown[] }>()
  for (const { run_id: id } of runs) {
    const logs = db.selectFrom('ops_run_logs').selectAll().where('run_id', '=', id).orderBy('seq')
    const items = db.selectFrom('ops_run_items').selectAll().where('run_id', '=', id)
    parts.set(id, { logs: await logs.execute(), items: await items.orderBy('item').execute() })
  }
  return parts
}
