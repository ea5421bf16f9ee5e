import { createHash } from 'node:crypto'
import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { createRandom } from '../../../src/core/random.ts'
import {
  openWarehouse,
  proveWarehouse,
  type Schema,
  type Table,
  type Warehouse,
  type WriteTransaction,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { instrumentRow, MINUTE, minuteRow, tradeRow, venueCandleRow } from './rows.ts'

const clock = createManualClock(MINUTE)
const FILE_A = 'a'.repeat(64)
const FILE_B = 'b'.repeat(64)

/** The same facts, with everything numbered by `base` that a rebuild may number otherwise. */
function facts(base: number): { [T in Table]?: Schema[T][] } {
  const btc = base
  const eth = 3 * base
  const [tapeA, tapeB] = [base === 1 ? 1 : 2, base === 1 ? 2 : 1]
  const trades = Array.from({ length: 2500 }, (_, id) =>
    tradeRow({ instrument_id: id % 2 ? btc : eth, trade_id: id, log_id: base, pos: id * base }),
  )
  for (let id = 0; id < 20; id += 1) {
    trades.push(tradeRow({ instrument_id: btc, trade_id: id, tape_id: id % 2 ? tapeA : tapeB }))
  }
  const scope = { cause: 'live' as const, from_us: MINUTE, to_us: MINUTE * 2 }
  const seen = { subscribed_us: base, unsubscribed_us: null, evidence: `log ${base}` }
  return {
    instruments: [
      instrumentRow({ instrument_id: btc }),
      instrumentRow({ instrument_id: eth, symbol: 'ETH-USD' }),
    ],
    silver_tapes: [
      { tape_id: tapeA, file_hash: FILE_A },
      { tape_id: tapeB, file_hash: FILE_B },
    ],
    silver_trades: trades,
    silver_candles_1m: [
      minuteRow({ instrument_id: btc, tape_id: tapeA, change_seq: base, revision: base }),
      minuteRow({ instrument_id: eth, open: null, change_seq: base }),
    ],
    silver_venue_candles: [
      venueCandleRow({ instrument_id: btc, received_time_us: MINUTE + base, change_seq: base }),
    ],
    silver_scopes: [{ instrument_id: eth, tape_id: tapeB, ...scope, ...seen }],
    silver_outages: [
      { venue: 'kraken', from_us: 3, to_us: 4, ground: 'refused' },
      { venue: 'coinbase', from_us: 1, to_us: 2, ground: 'refused' },
    ],
    silver_witnesses: [{ instrument_id: eth, last_id: 5, time_us: MINUTE }],
  }
}

suite.each(DIALECTS)('the proof of $name', (dialect) => {
  const url = useWarehouse(dialect)
  const open = () => openWarehouse({ url: url(), mode: 'write', clock })

  test('is the same however rows came in and whatever they were numbered', async () => {
    await using warehouse = await open()
    const first = await proofOf(warehouse, facts(1))
    expect(first.rows).toBe(2527)
    for (const seed of [1, 2]) {
      const again = facts(seed + 1)
      const random = createRandom(seed)
      for (const rows of Object.values(again)) rows.sort(() => random.next() - 0.5)
      expect(await proofOf(warehouse, again)).toEqual(first)
    }
  })

  test.each<[string, (tx: WriteTransaction) => Promise<void>, Table]>([
    [
      'a trade',
      (tx) => tx.upsert('silver_trades', [tradeRow({ trade_id: 1, price: '64000.02' })]),
      'silver_trades',
    ],
    [
      'a missing trade',
      (tx) => tx.remove('silver_trades', [tradeRow({ trade_id: 2499 })]),
      'silver_trades',
    ],
    [
      'a minute',
      (tx) => tx.upsert('silver_candles_1m', [minuteRow({ tape_id: 1, complete: 0 })]),
      'silver_candles_1m',
    ],
    [
      'an outage',
      (tx) =>
        tx.upsert('silver_outages', [{ venue: 'kraken', from_us: 3, to_us: 5, ground: 'refused' }]),
      'silver_outages',
    ],
  ])('tells of %s that differs', async (_, change, table) => {
    await using warehouse = await open()
    const before = await proofOf(warehouse, facts(1))
    await warehouse.write(change)
    const after = await proveWarehouse(warehouse)
    expect(after.sha256).not.toBe(before.sha256)
    const differing = Object.keys(before.tables).filter(
      (name) => after.tables[name]?.sha256 !== before.tables[name]?.sha256,
    )
    expect(differing).toEqual([table])
  })

  test('digests lines that anyone can write', async () => {
    await using warehouse = await open()
    await warehouse.write(async (tx) => {
      await tx.upsert('instruments', [instrumentRow()])
      await tx.upsert('silver_trades', [tradeRow({ size: '0.25' })])
    })
    const line =
      '{"instrument":"coinbase:BTC-USD@0","tape":"","trade_id":1,"first_id":null,"last_id":null,' +
      `"event_time_us":${MINUTE},"price":"64000.01","size":"0.25","side":0,"trade_count":1,` +
      '"origin":0}\n'
    const { tables, sha256, rows } = await proveWarehouse(warehouse)
    expect(tables.silver_trades).toEqual({ rows: 1, sha256: digest(line) })
    const summary = Object.entries(tables).map(
      ([table, proof]) => `${JSON.stringify({ table, ...proof })}\n`,
    )
    expect(summary).toEqual([...summary].sort())
    expect({ sha256, rows }).toEqual({ sha256: digest(summary.join('')), rows: 1 })
  })
})

async function proofOf(warehouse: Warehouse, rows: ReturnType<typeof facts>) {
  await warehouse.write(async (tx) => {
    for (const table of Object.keys(rows) as Table[]) {
      let deletion = tx.db.deleteFrom(table)
      if (table === 'silver_tapes') deletion = deletion.where('tape_id' as never, '>', 0 as never)
      await deletion.execute()
      await tx.upsert(table, rows[table] as never)
    }
  })
  return proveWarehouse(warehouse)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
