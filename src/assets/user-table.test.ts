import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import type { AssayRun } from './services.ts'
import { userTable } from './user-table.ts'

let folder: string
let warehouse: Warehouse
let run: AssayRun
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-user-table-'))
  const clock = createManualClock(1_790_000_000_000_000)
  warehouse = await openWarehouse({ url: `sqlite:${folder}`, mode: 'write', clock })
  const { read, write } = warehouse
  run = { read: read.bind(warehouse), write: write.bind(warehouse) } as unknown as AssayRun
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const table = userTable({
  name: 'user_levels',
  columns: { day: 'text', level: 'integer', price: 'text' },
  key: ['day', 'level'],
})
const rowsOf = (day: string, count: number) =>
  Array.from({ length: count }, (_, level) => ({ day, level, price: `${level}.10` }))
const held = () =>
  warehouse.read(async (db) => {
    const { rows } =
      await sql<object>`select day, level, price from user_levels order by day, level`.execute(db)
    return rows.map((row) => ({ ...row }))
  })

describe('a table of one’s own', () => {
  test('is empty before it is there', async () => {
    expect(await warehouse.read((db) => table.count(db, { day: 'a' }))).toBe(0)
  })

  test('is made on first use, and a part of it replaced, the others let be', async () => {
    const a = await table.replace(run, { day: 'a' }, rowsOf('a', 250))
    expect(a).toEqual({ rows: 250, version: expect.stringMatching(/^[0-9a-f]{64}$/) })
    await table.replace(run, { day: 'b' }, rowsOf('b', 2))
    expect(await warehouse.read((db) => table.count(db, { day: 'a' }))).toBe(250)
    await table.replace(run, { day: 'a' }, rowsOf('a', 1))
    expect(await held()).toEqual([...rowsOf('a', 1), ...rowsOf('b', 2)])
    await table.replace(run, {}, [])
    expect(await held()).toEqual([])
  })

  test('has a version of its rows, whatever their order', async () => {
    const rows = rowsOf('c', 3)
    const one = await table.replace(run, { day: 'c' }, rows)
    const other = await table.replace(run, { day: 'c' }, rows.toReversed())
    expect(other).toEqual(one)
    const changed = await table.replace(run, { day: 'c' }, rowsOf('c', 2))
    expect(changed.version).not.toBe(one.version)
  })

  test('is replaced whole or not at all', async () => {
    await table.replace(run, {}, rowsOf('d', 2))
    const twice = [...rowsOf('d', 1), ...rowsOf('d', 1)]
    await expect(table.replace(run, { day: 'd' }, twice)).rejects.toThrow()
    expect(await held()).toEqual(rowsOf('d', 2))
  })

  test.each([
    ['without user_', { name: 'levels' }, 'its name should be user_'],
    ['with other letters', { name: 'user_x; drop' }, 'its name should be user_'],
    ['of strange columns', { columns: { 'a b': 'text' } as never }, 'a b should be a word'],
    [
      'of strange types',
      { columns: { day: 'blob' } as never },
      'day should be integer, real, text',
    ],
    ['without a key', { key: [] }, 'it should have a key'],
    ['with a key of none of its columns', { key: ['x'] as never }, 'x is none of its columns'],
  ])('%s is refused', (_, more, said) => {
    const options = {
      name: 'user_x' as const,
      columns: { day: 'text' as const },
      key: ['day' as const],
    }
    expect(() => userTable({ ...options, ...(more as object) })).toThrow(said)
  })
})
