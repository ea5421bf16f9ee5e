import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createManualClock } from '../../core/clock.ts'
import { openWarehouse, TABLE_KEYS, type Table, type Warehouse } from '../../warehouse/index.ts'
import { DATASETS, datasetOf, datasetsMarkdown, findDataset, readHeld } from './index.ts'

let folder: string
let warehouse: Warehouse
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-datasets-'))
  const clock = createManualClock(1_790_000_000_000_000)
  warehouse = await openWarehouse({ url: `sqlite:${folder}`, mode: 'write', clock })
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** A column as SQLite tells of it. */
interface Pragma {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly pk: number
}

const columnsOf = (table: string) =>
  warehouse.read(async (db) => {
    const { rows } = await sql<Pragma>`select * from pragma_table_info(${table})`.execute(db)
    return rows.map((row) => ({ ...row }))
  })

const STORED = { integer: 'INTEGER', flag: 'INTEGER', real: 'REAL' } as Record<string, string>

describe('the catalogue', () => {
  const tables = DATASETS.filter(({ table }) => table !== null)

  test('has every table of the warehouse, once', async () => {
    const { rows } = await warehouse.read((db) =>
      sql<{ name: string }>`
        select name from sqlite_master where type = 'table' and name not like 'sqlite_%'
          and name not like 'ops_migration%'`.execute(db),
    )
    const names = rows.map(({ name }) => name)
    expect(tables.map(({ table }) => table).toSorted()).toEqual(names.toSorted())
    expect(Object.keys(TABLE_KEYS).sort()).toEqual(names.toSorted())
    expect(new Set(DATASETS.map(({ name }) => name)).size).toBe(DATASETS.length)
  })

  test.each(tables)('tells of $table what is there: columns, order, types, key', async (one) => {
    const real = await columnsOf(one.table ?? '')
    const said = one.columns.map(({ name, type, nullable }) => ({
      name,
      type: STORED[type] ?? 'TEXT',
      notnull: nullable ? 0 : 1,
    }))
    expect(said).toEqual(
      real.map(({ name, type, notnull }) => ({ name, type: type.toUpperCase(), notnull })),
    )
    const key = real.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)
    expect(one.key).toEqual(key.map(({ name }) => name))
    expect(one.key).toEqual(one.table === null ? [] : TABLE_KEYS[one.table as Table])
  })

  test('names each by its table, and speaks only of datasets there are', () => {
    for (const { name, table, madeFrom, timeColumn, columns } of DATASETS) {
      if (table !== null && table !== 'instruments') expect(name.replace('.', '_')).toBe(table)
      expect(madeFrom.filter((other) => findDataset(other) === null)).toEqual([])
      if (timeColumn !== null) expect(columns.map((one) => one.name)).toContain(timeColumn)
    }
  })

  test('describes everything, in words that need no table of their own', () => {
    for (const { about, freshness, retention, owner, columns } of DATASETS) {
      expect(about).toMatch(/^[A-Z].*[.…]$/s)
      expect([freshness, retention, owner]).not.toContain('')
      for (const column of columns) expect(column.about).toMatch(/^[^|]{3,}$/)
    }
  })

  test('is what docs/DATASETS.md says; make it anew by assay datasets --markdown', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/DATASETS.md'), 'utf8')
    expect(page).toBe(datasetsMarkdown(DATASETS))
  })

  test('refuses a name it does not have, and names those it has', () => {
    expect(datasetOf('gold_candles').name).toBe('gold.candles')
    expect(() => datasetOf('gold.candle')).toThrow(
      /no dataset is called gold.candle; .*gold.candles/,
    )
  })
})

describe('what is held', () => {
  test('is counted, with the newest time found through the key', async () => {
    await warehouse.write(async (tx) => {
      const row = { instrument_id: 1, at_us: 5_000_000, venue: 'v', currency: 'USD' }
      const figures = {
        board: 'gainers' as const,
        price: '1',
        price_before: '1',
        change_pct: '0',
        notional: null,
      }
      const rest = { ...figures, complete: 1, change_seq: tx.changeSeq }
      await tx.upsert('gold_top_movers', [
        { ...row, rank: 1, ...rest },
        { ...row, rank: 2, ...rest },
      ])
      const run = { instrument_id: 1, tape_id: 0, first_time_us: 1, last_time_us: 7_000_000 }
      await tx.upsert('silver_coverage', [{ ...run, first_id: 11, last_id: 20 }])
    })
    const held = (name: string) => warehouse.read((db) => readHeld(db, datasetOf(name)))
    expect(await held('gold.top_movers')).toEqual({ rows: 2, exact: true, newestUs: 5_000_000 })
    expect(await held('silver.trades')).toEqual({ rows: 10, exact: false, newestUs: 7_000_000 })
    expect(await held('gold.candles')).toEqual({ rows: 0, exact: true, newestUs: null })
    expect(await held('ops.leases')).toEqual({ rows: 0, exact: true, newestUs: null })
    expect(await held('bronze.log')).toBeNull()
    for (const { name } of DATASETS) await held(name)
  })
})
