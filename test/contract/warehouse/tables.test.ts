import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { createRandom } from '../../../src/core/random.ts'
import {
  openWarehouse,
  readChangeSeq,
  type Schema,
  TABLE_KEYS,
  type Table,
  type TradeRow,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { instrumentRow, MINUTE, minuteRow, tradeInsert, tradeRow, venueCandleRow } from './rows.ts'

const clock = createManualClock(MINUTE)

/** One whole row of each table whose rows the suite stores, with a second key to move it to. */
const SAMPLES: { [T in Table]?: readonly [Schema[T], Schema[T]] } = {
  instruments: [instrumentRow(), instrumentRow({ instrument_id: 2, symbol: 'ETH-USD' })],
  silver_trades: [tradeRow(), tradeRow({ trade_id: 2, first_id: 2, last_id: 9 })],
  silver_candles_1m: [minuteRow(), minuteRow({ open_time_us: MINUTE + 60_000_000, open: null })],
  silver_venue_candles: [venueCandleRow(), venueCandleRow({ source: 0 })],
  silver_witnesses: [
    { instrument_id: 1, last_id: 5, time_us: MINUTE },
    { instrument_id: 1, last_id: 6, time_us: MINUTE },
  ],
  ops_counters: [
    { name: 'a', value: 1 },
    { name: 'b', value: 2 },
  ],
}

suite.each(DIALECTS)('the tables of $name', (dialect) => {
  const url = useWarehouse(dialect)
  const open = (mode: 'read' | 'write' = 'write') => openWarehouse({ url: url(), mode, clock })

  test('are made from nothing, found again, and empty but for the venues own tape', async () => {
    const [first, second] = [await columnsOf(open), await columnsOf(open)]
    expect(second).toEqual(first)
    expect(Object.keys(first)).toEqual(expect.arrayContaining(Object.keys(TABLE_KEYS)))
    await using warehouse = await open('read')
    const tapes = await warehouse.read((db) => db.selectFrom('silver_tapes').selectAll().execute())
    expect(tapes).toEqual([{ tape_id: 0, file_hash: '' }])
  })

  test('have the columns that rows have', async () => {
    const columns = await columnsOf(open)
    for (const [table, [row]] of Object.entries(SAMPLES)) {
      expect(columns[table], table).toEqual(Object.keys(row).sort())
    }
  })

  test('hold one row to a key, whether it is inserted twice or put in its place', async () => {
    await using warehouse = await open()
    for (const [table, rows] of Object.entries(SAMPLES) as [Table, [never, never]][]) {
      const [row, other] = rows
      await warehouse.write((tx) => tx.upsert(table, [row, other]))
      await expect(
        warehouse.write((tx) => tx.db.insertInto(table).values(row).execute()),
      ).rejects.toThrow()
      await warehouse.write((tx) => tx.upsert(table, [row]))
      const read = () => warehouse.read((db) => db.selectFrom(table).selectAll().execute())
      expect((await read()).map((one) => ({ ...one }))).toEqual(
        expect.arrayContaining([row, other]),
      )
      expect(await read()).toHaveLength(2)
      await warehouse.write((tx) => tx.remove(table, [row]))
      expect((await read()).map((one) => ({ ...one }))).toEqual([other])
    }
  })

  test('keep great integers and long decimals to the last digit', async () => {
    await using warehouse = await open()
    const row = tradeRow({
      trade_id: Number.MAX_SAFE_INTEGER,
      event_time_us: 1_790_689_558_500_123,
      price: '12345678901234567890.123456789012345678',
      size: '0.000000000000000001',
    })
    await warehouse.write((tx) => tx.insertTrades(tradeInsert([row])))
    const found = await warehouse.write((tx) => tx.findTrade(1, 0, Number.MAX_SAFE_INTEGER))
    expect({ ...found }).toEqual(row)
  })

  test('take a group of trades whole, however its rows differ', async () => {
    const random = createRandom(3)
    await using warehouse = await open()
    for (const [group, size] of [1, 9, 10, 137, 312].entries()) {
      for (let variant = 0; variant < 8; variant += 1) {
        const tape = group * 8 + variant
        const rows = Array.from({ length: size }, (_, index) =>
          tradeRow({
            tape_id: tape,
            trade_id: 1000 + index * 3,
            price: `${random.int(1, 99_999)}.5`,
            size: `0.${random.int(1, 9)}`,
            side: random.int(0, 2),
            pos: index,
            origin: variant & 1 ? random.int(0, 2) : 2,
            item: variant & 2 ? index : 0,
            ...(variant & 4 ? { first_id: 999 + index * 3, trade_count: 2 } : {}),
          }),
        )
        await warehouse.write((tx) => tx.insertTrades(tradeInsert(rows)))
        expect(await tradesOf(warehouse, tape), `${size} rows, variant ${variant}`).toEqual(rows)
      }
    }
  })

  test('refuse a whole group when one of its trades is there already', async () => {
    await using warehouse = await open()
    const rows = Array.from({ length: 150 }, (_, index) => tradeRow({ trade_id: index }))
    await warehouse.write((tx) => tx.insertTrades(tradeInsert([tradeRow({ trade_id: 149 })])))
    await expect(warehouse.write((tx) => tx.insertTrades(tradeInsert(rows)))).rejects.toThrow()
    expect(await tradesOf(warehouse, 0)).toHaveLength(1)
  })

  test('number commits one by one, and count none that failed', async () => {
    await using warehouse = await open()
    expect(await warehouse.write(async (tx) => tx.changeSeq)).toBe(1)
    const failed = warehouse.write(async (tx) => {
      await tx.count({ lost: 1 })
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await warehouse.write(async (tx) => tx.changeSeq)).toBe(2)
    expect(await warehouse.read(readChangeSeq)).toBe(2)
    expect(
      await warehouse.read((db) => db.selectFrom('ops_counters').selectAll().execute()),
    ).toEqual([])
  })

  test('show a read one state, though a commit falls in the middle of it', async () => {
    await using writer = await open()
    await using reader = await open('read')
    const seen = await reader.read(async (db) => {
      const before = await readChangeSeq(db)
      await writer.write((tx) => tx.count({ a: 1 }))
      return [before, await readChangeSeq(db)]
    })
    expect(seen[1]).toBe(seen[0])
    expect(await reader.read(readChangeSeq)).toBe(1)
  })

  test('do not take a fraction where a whole number belongs', async () => {
    await using warehouse = await open()
    const row = tradeRow({ event_time_us: MINUTE + 0.5 })
    await expect(warehouse.write((tx) => tx.upsert('silver_trades', [row]))).rejects.toThrow()
  })
})

type Open = (mode: 'write') => ReturnType<typeof openWarehouse>

async function columnsOf(open: Open): Promise<Record<string, string[]>> {
  await using warehouse = await open('write')
  const tables = await warehouse.read((db) => db.introspection.getTables())
  return Object.fromEntries(
    tables.map(({ name, columns }) => [name, columns.map((column) => column.name).sort()]),
  )
}

async function tradesOf(warehouse: Awaited<ReturnType<Open>>, tape: number): Promise<TradeRow[]> {
  const rows = await warehouse.read((db) =>
    db.selectFrom('silver_trades').selectAll().where('tape_id', '=', tape).execute(),
  )
  return rows.map((row) => ({ ...row }))
}
