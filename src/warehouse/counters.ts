import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** Returns the running totals that commits have counted, by name. */
export async function readCounters(db: Kysely<Schema>): Promise<Record<string, number>> {
  const rows = await db.selectFrom('ops_counters').selectAll().orderBy('name').execute()
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}
