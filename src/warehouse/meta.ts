import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What the warehouse keeps about itself, one row each. */
export type MetaKey = 'change_seq' | 'fold_version' | 'created_us'

/** Returns what is kept under `key`, or `null` if nothing was yet. */
export async function readMeta(db: Kysely<Schema>, key: MetaKey): Promise<string | null> {
  const row = await db
    .selectFrom('ops_meta')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirst()
  return row?.value ?? null
}

/** Keeps `value` under `key`, in place of what was there. */
export async function writeMeta(db: Kysely<Schema>, key: MetaKey, value: string): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('ops_meta')
    .set({ value })
    .where('key', '=', key)
    .executeTakeFirst()
  // Not an upsert: databases differ in how to say it, and this is never contended.
  if (numUpdatedRows === 0n) await db.insertInto('ops_meta').values({ key, value }).execute()
}

/** Returns the number of the last commit, 0 before the first. */
export async function readChangeSeq(db: Kysely<Schema>): Promise<number> {
  return Number((await readMeta(db, 'change_seq')) ?? '0')
}

/** Returns the version of the fold that made the stored numbers, or `null` before the first. */
export async function readFoldVersion(db: Kysely<Schema>): Promise<number | null> {
  const value = await readMeta(db, 'fold_version')
  return value === null ? null : Number(value)
}

/** Keeps the version of the fold that makes the stored numbers. */
export async function writeFoldVersion(db: Kysely<Schema>, version: number): Promise<void> {
  await writeMeta(db, 'fold_version', String(version))
}
