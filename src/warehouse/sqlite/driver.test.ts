import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSqliteDialect } from './driver.ts'
import { StatementCache } from './statements.ts'

interface Tables {
  things: { id: number; name: string | null; flag: number }
}

let folder: string
let database: DatabaseSync
let db: Kysely<Tables>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-driver-'))
  const path = join(folder, 'things.sqlite')
  database = new DatabaseSync(path, { timeout: 0 })
  const statements = new StatementCache(database)
  const dialect = createSqliteDialect({ database, statements, path, canRollBack: true })
  db = new Kysely<Tables>({ dialect })
  await sql`create table things (id integer primary key, name text, flag integer) strict`.execute(
    db,
  )
})
afterEach(async () => {
  await db.destroy()
  rmSync(folder, { recursive: true })
})

const put = (...ids: number[]) =>
  db
    .insertInto('things')
    .values(ids.map((id) => ({ id, name: `n${id}`, flag: 0 })))
    .executeTakeFirst()
const idsIn = async () => {
  const rows = await db.selectFrom('things').select('id').orderBy('id').execute()
  return rows.map((row) => row.id)
}

test('a change tells how many rows it changed', async () => {
  expect((await put(1, 2)).numInsertedOrUpdatedRows).toBe(2n)
  const update = db.updateTable('things').set({ flag: 1 }).where('id', '=', 9)
  expect((await update.executeTakeFirst()).numUpdatedRows).toBe(0n)
})

test('an insert that returns rows returns them', async () => {
  const row = { id: 5, name: null, flag: 1 }
  const insert = db.insertInto('things').values(row).returningAll()
  expect({ ...(await insert.executeTakeFirstOrThrow()) }).toEqual(row)
})

test('epoch microseconds and the greatest safe integer come back as they went in', async () => {
  const great = [1_790_689_558_500_123, Number.MAX_SAFE_INTEGER, -1]
  await put(...great)
  expect(await idsIn()).toEqual(great.toSorted((a, b) => a - b))
  const { rows } = await sql`select distinct typeof(id) as type from things`.execute(db)
  expect(rows).toEqual([{ type: 'integer' }])
})

test('an integer beyond those is an error, never a rounded number', async () => {
  await sql`insert into things values (9007199254740993, '', 0)`.execute(db)
  await expect(idsIn()).rejects.toThrow()
})

test('booleans are bound as numbers', async () => {
  const { rows } = await sql`select ${true} as yes, ${false} as no`.execute(db)
  expect(rows.map((row) => ({ ...(row as object) }))).toEqual([{ yes: 1, no: 0 }])
})

test('rows can be streamed while the same statement runs elsewhere', async () => {
  await put(1, 2, 3, 4, 5)
  const query = db.selectFrom('things').select('id').orderBy('id')
  const seen: number[] = []
  for await (const { id } of query.stream(2)) {
    seen.push(id)
    database.prepare('select count(*) from things').get()
  }
  expect(seen).toEqual([1, 2, 3, 4, 5])
})

test('a transaction rolls back whole, and to a savepoint', async () => {
  const failed = db.transaction().execute(async (tx) => {
    await tx.insertInto('things').values({ id: 1, name: '', flag: 0 }).execute()
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect(await idsIn()).toEqual([])
  const tx = await db.startTransaction().execute()
  await tx.insertInto('things').values({ id: 1, name: '', flag: 0 }).execute()
  const saved = await tx.savepoint('here').execute()
  await saved.insertInto('things').values({ id: 2, name: '', flag: 0 }).execute()
  await saved.rollbackToSavepoint('here').execute()
  await tx.commit().execute()
  expect(await idsIn()).toEqual([1])
})

test('a table made in a transaction that fails was never made', async () => {
  const failed = db.transaction().execute(async (tx) => {
    await tx.schema.createTable('gone').addColumn('id', 'integer').execute()
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect((await db.introspection.getTables()).map((table) => table.name)).toEqual(['things'])
})

test('another writer in the way is ASSAY_LOCKED, and worth another try', async () => {
  const other = new DatabaseSync(join(folder, 'things.sqlite'))
  other.exec('begin immediate')
  const blocked = db.transaction().execute(async () => undefined)
  await expect(blocked).rejects.toMatchObject({ code: 'ASSAY_LOCKED', retry: 'backoff' })
  other.close()
})
