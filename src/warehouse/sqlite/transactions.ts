import type { Kysely } from 'kysely'
import { readChangeSeq, writeMeta } from '../meta.ts'
import type { Schema } from '../schema.ts'
import type { WriteTransaction } from '../warehouse.ts'
import type { Handle } from './handle.ts'
import { SqliteTransaction } from './write-transaction.ts'

/** Does `work` on one state of the tables, as no commit in between changes it. */
export function readFrom<T>(handle: Handle, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  return handle.db.transaction().setAccessMode('read only').execute(work)
}

/** Does `work` and commits it under the next number, or rolls all of it back. */
export function writeTo<T>(handle: Handle, work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
  return handle.db.transaction().execute(async (db) => {
    const changeSeq = (await readChangeSeq(db)) + 1
    const result = await work(new SqliteTransaction(handle, db, changeSeq))
    await writeMeta(db, 'change_seq', String(changeSeq))
    return result
  })
}
