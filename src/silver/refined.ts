import type { Kysely } from 'kysely'
import type { Schema } from '../warehouse/index.ts'
import { SILVER_READER } from './state.ts'

/**
 * Returns, in the order given, the logs of which silver has not yet refined every record below
 * the position told.
 */
export async function logsBehind(
  db: Kysely<Schema>,
  wanted: ReadonlyMap<string, number>,
): Promise<string[]> {
  const rows = await db
    .selectFrom('ops_checkpoints as c')
    .innerJoin('ops_logs as l', 'l.log_id', 'c.log_id')
    .select(['l.name', 'c.pos'])
    .where('c.reader', '=', SILVER_READER)
    .execute()
  const refined = new Map(rows.map(({ name, pos }) => [name, pos]))
  return [...wanted].filter(([name, pos]) => pos > (refined.get(name) ?? 0)).map(([name]) => name)
}
