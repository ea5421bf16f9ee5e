import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'
import type { WriteTransaction } from './warehouse.ts'

/** The log number under which readers of commits, rather than of a log, keep their place. */
export const CHANGES = 0

/** Returns how far `reader` has come in a log, or in the commits; 0 before it began. */
export async function readCheckpoint(
  db: Kysely<Schema>,
  reader: string,
  logId: number = CHANGES,
): Promise<number> {
  const row = await db
    .selectFrom('ops_checkpoints')
    .select('pos')
    .where('reader', '=', reader)
    .where('log_id', '=', logId)
    .executeTakeFirst()
  return row?.pos ?? 0
}

/** Notes how far `reader` has come; commit it together with what it made of what it read. */
export async function writeCheckpoint(
  tx: WriteTransaction,
  reader: string,
  at: { readonly logId?: number; readonly pos: number },
): Promise<void> {
  const { logId = CHANGES, pos } = at
  await tx.upsert('ops_checkpoints', [{ reader, log_id: logId, pos }])
}

/** Returns, by log, the position that every reader of it has passed; 0 where none has begun. */
export async function leastCheckpoints(db: Kysely<Schema>): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('ops_logs as l')
    .leftJoin('ops_checkpoints as c', 'c.log_id', 'l.log_id')
    .select(['l.name', (eb) => eb.fn.min('c.pos').as('pos')])
    .groupBy('l.name')
    .execute()
  return new Map(rows.map(({ name, pos }) => [name, pos ?? 0]))
}
