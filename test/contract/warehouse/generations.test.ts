import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import {
  createGeneration,
  openWarehouse,
  readChangeSeq,
  type Warehouse,
} from '../../../src/warehouse/index.ts'
import { endChildrenAfterEach, startChild } from './children.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { MINUTE, tradeInsert, tradeRow } from './rows.ts'

const clock = createManualClock(MINUTE)
const ids = (warehouse: Warehouse) =>
  warehouse.read(async (db) => {
    const query = db.selectFrom('silver_trades').select('trade_id').orderBy('trade_id')
    return (await query.execute()).map((row) => row.trade_id)
  })
const put = (warehouse: Warehouse, ...found: number[]) => {
  const rows = found.map((id) => tradeRow({ trade_id: id }))
  return warehouse.write((tx) => tx.insertTrades(tradeInsert(rows)))
}

suite.each(DIALECTS)('generations in $name', (dialect) => {
  const url = useWarehouse(dialect)
  endChildrenAfterEach()
  const open = (mode: 'read' | 'write') => openWarehouse({ url: url(), mode, clock })
  const fill = async (...found: number[]) => {
    await using warehouse = await open('write')
    await put(warehouse, ...found)
  }

  test('a reader open during the swap then sees the new rows', async () => {
    await fill(1, 2)
    await using reader = await open('read')
    const generation = await createGeneration({ url: url(), clock })
    await put(generation, 7)
    expect(await ids(reader)).toEqual([1, 2])
    const old = reader.generation
    await reader.read(async (db) => {
      await generation.finish()
      // Begun before the swap, it ends on what it began with.
      expect(await db.selectFrom('silver_trades').selectAll().execute()).toHaveLength(2)
    })
    expect(await ids(reader)).toEqual([7])
    expect(reader.generation).not.toBe(old)
    await fill(8)
    expect(await ids(reader)).toEqual([7, 8])
  })

  test('many reads at once through a swap each see one generation or the other', async () => {
    await fill(1, 2)
    await using reader = await open('read')
    const generation = await createGeneration({ url: url(), clock })
    await put(generation, 3, 4)
    const before = Array.from({ length: 5 }, () => ids(reader))
    const swap = generation.finish()
    const after = Array.from({ length: 20 }, () => ids(reader))
    await swap
    for (const seen of await Promise.all([...before, ...after])) {
      expect([
        [1, 2],
        [3, 4],
      ]).toContainEqual(seen)
    }
    expect(await ids(reader)).toEqual([3, 4])
  })

  test('one that is abandoned, or spoilt by a failed write, leaves the old one', async () => {
    await fill(1)
    const abandoned = await createGeneration({ url: url(), clock })
    await put(abandoned, 5)
    await abandoned.abandon()
    {
      await using spoilt = await createGeneration({ url: url(), clock })
      await put(spoilt, 6)
      await expect(put(spoilt, 6)).rejects.toThrow()
      await expect(spoilt.finish()).rejects.toThrow('without a failed write')
    }
    await using warehouse = await open('read')
    expect(await ids(warehouse)).toEqual([1])
  })

  test('a rebuild killed with -9 leaves the old generation, and nothing to the next', async () => {
    await fill(1)
    for (let round = 0; round < 3; round += 1) {
      const child = startChild('rebuild', url())
      for (let line = 0; line <= round * 4; line += 1) expect(await child.next()).toMatch(/^gen-/)
      await expect(createGeneration({ url: url(), clock })).rejects.toMatchObject({
        code: 'ASSAY_LOCKED',
      })
      await child.kill()
      await using reader = await open('read')
      expect(await ids(reader)).toEqual([1])
    }
    const generation = await createGeneration({ url: url(), clock })
    await put(generation, 2)
    await generation.finish()
    await using reader = await open('read')
    expect(await ids(reader)).toEqual([2])
  })

  test('one writer at a time, and a rebuild is one', async () => {
    {
      await using _writer = await open('write')
      await expect(open('write')).rejects.toMatchObject({ code: 'ASSAY_LOCKED' })
      await expect(createGeneration({ url: url(), clock })).rejects.toMatchObject({
        code: 'ASSAY_LOCKED',
      })
    }
    await using _generation = await createGeneration({ url: url(), clock })
    await expect(open('write')).rejects.toMatchObject({ code: 'ASSAY_LOCKED' })
  })

  test('a new generation that lacks trades is refused, and the old one stays', async () => {
    await fill(1)
    const generation = await createGeneration({ url: url(), clock })
    await put(generation, 2)
    await expect(generation.finish({ trades: 2 })).rejects.toMatchObject({
      code: 'ASSAY_WAREHOUSE_UNAVAILABLE',
    })
    await generation.abandon()
    await using reader = await open('read')
    expect(await ids(reader)).toEqual([1])
  })

  test('commits of a new generation are numbered on from the old one', async () => {
    await fill(1)
    await fill(2)
    const generation = await createGeneration({ url: url(), clock })
    // Room is left for what others commit to the old one until the swap.
    expect(await generation.write(async (tx) => tx.changeSeq)).toBe(1_000_003)
    await generation.finish()
    await using reader = await open('read')
    expect(await reader.read(readChangeSeq)).toBeGreaterThanOrEqual(1_000_003)
  })

  test('an empty warehouse is not read, and says what to do', async () => {
    await expect(open('read')).rejects.toMatchObject({
      code: 'ASSAY_WAREHOUSE_UNAVAILABLE',
      message: expect.stringContaining('run assay first'),
    })
  })

  test('tables made by newer code are neither read nor written', async () => {
    {
      await using warehouse = await open('write')
      await warehouse.write((tx) =>
        sql`insert into ops_migrations (name, timestamp) values ('9999-later', '')`.execute(tx.db),
      )
    }
    for (const mode of ['read', 'write'] as const) {
      await expect(open(mode)).rejects.toMatchObject({
        code: 'ASSAY_WAREHOUSE_VERSION',
        context: { unknown: ['9999-later'] },
      })
    }
  })
})

suite('the folder of an SQLite warehouse', () => {
  const sqlite = DIALECTS.find(({ name }) => name === 'sqlite')
  const url = useWarehouse(sqlite as (typeof DIALECTS)[number])
  const folder = () => url().slice('sqlite:'.length)
  const open = (mode: 'read' | 'write') => openWarehouse({ url: url(), mode, clock })

  test('holds one generation, named in `current`, whatever came before', async () => {
    await (await open('write'))[Symbol.asyncDispose]()
    for (let round = 0; round < 3; round += 1) {
      const generation = await createGeneration({ url: url(), clock })
      await put(generation, round)
      await generation.finish()
    }
    expect(readFileSync(join(folder(), 'current'), 'utf8')).toBe('gen-000004\n')
    expect(readdirSync(folder()).filter((name) => name.startsWith('gen-'))).toEqual([
      'gen-000004.sqlite',
    ])
  })

  test('keeps nothing of a first opening that a crash cut short', async () => {
    mkdirSync(folder())
    writeFileSync(join(folder(), 'gen-000001.sqlite'), 'half a file')
    await using warehouse = await open('write')
    await put(warehouse, 1)
    expect(await ids(warehouse)).toEqual([1])
  })

  test('is clear about a file that is no database, and a missing one', async () => {
    mkdirSync(folder())
    writeFileSync(join(folder(), 'current'), 'gen-000003\n')
    await expect(open('read')).rejects.toMatchObject({ code: 'ASSAY_WAREHOUSE_UNAVAILABLE' })
    writeFileSync(join(folder(), 'gen-000003.sqlite'), 'not a database'.repeat(1000))
    await expect(open('read')).rejects.toMatchObject({ code: 'ASSAY_WAREHOUSE_UNAVAILABLE' })
    await expect(open('write')).rejects.toMatchObject({ code: 'ASSAY_WAREHOUSE_UNAVAILABLE' })
    // A rebuild is the way out of it.
    await (await createGeneration({ url: url(), clock })).abandon()
    writeFileSync(join(folder(), 'current'), '../../etc/passwd\n')
    await expect(open('read')).rejects.toMatchObject({ code: 'ASSAY_WAREHOUSE_UNAVAILABLE' })
    expect(existsSync(join(folder(), 'gen-000003.sqlite'))).toBe(true)
  })

  test('may not be a file', async () => {
    writeFileSync(folder(), '')
    await expect(open('write')).rejects.toMatchObject({ code: 'ASSAY_WAREHOUSE_UNAVAILABLE' })
  })
})
