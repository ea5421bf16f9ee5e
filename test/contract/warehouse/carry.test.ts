import { sql } from 'kysely'
import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { carryFlow, copyMeasures } from '../../../src/warehouse/carry-flow.ts'
import {
  acquireLease,
  createGeneration,
  openWarehouse,
  type TopMoverRow,
  type Warehouse,
  type WriteTransaction,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { instrumentRow, MINUTE } from './rows.ts'

const clock = createManualClock(MINUTE)

const mover = (rank: number, more: Partial<TopMoverRow> = {}): TopMoverRow => ({
  at_us: MINUTE,
  venue: 'coinbase',
  currency: 'USD',
  board: 'traded',
  rank,
  instrument_id: 1,
  price: '2',
  price_before: '1',
  change_pct: '100',
  notional: null,
  complete: 1,
  change_seq: 0,
  ...more,
})

const putMovers = (warehouse: Pick<Warehouse, 'write'>, ...rows: TopMoverRow[]) =>
  warehouse.write((tx) =>
    tx.upsert(
      'gold_top_movers',
      rows.map((row) => ({ ...row, change_seq: tx.changeSeq })),
    ),
  )

const movers = (warehouse: Warehouse) =>
  warehouse.read((db) => db.selectFrom('gold_top_movers').selectAll().orderBy('rank').execute())

const coins = [instrumentRow(), instrumentRow({ instrument_id: 2, symbol: 'ETH-USD' })]

async function fillFlow(tx: WriteTransaction): Promise<void> {
  const part = { code_version: '1', run_id: 'r', output_version: 'o', input_version: 'i' }
  await tx.upsert('ops_schedules', [{ name: 's', cursor_us: 5 }])
  await tx.upsert('ops_partition_maps', [{ asset: 'gold.x', chunk: 0, states: 'mm.fm' }])
  await tx.upsert('ops_flow_assets', [
    { asset: 'gold.x', code_version: '1', known_us: 1, change_seq: 77 },
  ])
  await tx.upsert('ops_partitions', [
    { ...part, asset: 'gold.x', partition_us: 0, rows: 1, materialized_us: 9 },
  ])
  await tx.upsert('ops_run_logs', [
    { run_id: 'r', seq: 1, time_us: 1, attempt: 1, level: 'info', message: 'done' },
  ])
  await tx.upsert('ops_checkpoints', [
    { reader: 'lineage:http', log_id: 0, pos: 4 },
    { reader: 'gold-candles', log_id: 0, pos: 4 },
  ])
  for (const name of ['run/r', 'silver-writer']) {
    await acquireLease(tx, { name, holder: 'me', nowUs: MINUTE, ttlUs: MINUTE })
  }
}

suite.each(DIALECTS)('what a rebuild carries over in $name', (dialect) => {
  const url = useWarehouse(dialect)
  const open = (mode: 'read' | 'write' | 'share') => openWarehouse({ url: url(), mode, clock })

  test('is what the flow remembers, made stale, and its measures by instrument', async () => {
    {
      await using old = await open('write')
      await old.write(async (tx) => {
        await tx.upsert('instruments', coins)
        await fillFlow(tx)
      })
      await putMovers(old, mover(1), mover(2, { instrument_id: 2 }), mover(3, { instrument_id: 9 }))
    }
    const generation = await createGeneration({ url: url(), clock })
    const swapped = coins.map((row) => ({ ...row, instrument_id: 3 - row.instrument_id }))
    await generation.write((tx) => tx.upsert('instruments', swapped))
    {
      await using beside = await open('share')
      await putMovers(beside, mover(2, { instrument_id: 2, price: '3' }))
    }
    await generation.finish()
    await using now = await open('read')
    expect(await movers(now)).toMatchObject([
      { rank: 1, instrument_id: 2, price: '2' },
      { rank: 2, instrument_id: 1, price: '3' },
    ])
    await now.read(async (db) => {
      const all = (table: 'ops_partition_maps' | 'ops_flow_assets' | 'ops_leases') =>
        db.selectFrom(table).selectAll().execute()
      expect(await all('ops_partition_maps')).toMatchObject([{ states: 'ss.fs' }])
      expect(await all('ops_flow_assets')).toMatchObject([{ change_seq: 0 }])
      expect(await all('ops_leases')).toMatchObject([{ name: 'run/r', token: 1 }])
      const places = await db.selectFrom('ops_checkpoints').selectAll().execute()
      expect(places).toEqual([{ reader: 'lineage:http', log_id: 0, pos: 4 }])
      const kept = [
        db.selectFrom('ops_schedules').selectAll(),
        db.selectFrom('ops_partitions').selectAll(),
        db.selectFrom('ops_run_logs').selectAll(),
      ]
      for (const query of kept) expect(await query.execute()).toHaveLength(1)
    })
  })

  test('is what stands when it is locked, whatever was changed or taken since', async () => {
    await using old = await open('write')
    await old.write((tx) => tx.upsert('instruments', coins))
    await putMovers(old, mover(1), mover(2), mover(3))
    await using made = await openWarehouse({ url: `${url()}-new`, mode: 'write', clock })
    await made.write((tx) => tx.upsert('instruments', coins))
    const write = made.write.bind(made) as Warehouse['write']
    const copied = await old.read((from) => copyMeasures({ from, write }))
    expect(await movers(made)).toHaveLength(3)
    await putMovers(old, mover(2, { price: '9' }), mover(4))
    await old.write((tx) => tx.remove('gold_top_movers', [mover(1), mover(3)]))
    await old.read((from) => carryFlow({ from, write }, copied))
    const found = await movers(made)
    expect(found.map(({ rank, price }) => [rank, price])).toEqual([
      [2, '9'],
      [4, '2'],
    ])
  })

  test('is nothing where the old tables cannot be read, and the rebuild goes on', async () => {
    const generation = await createGeneration({ url: url(), clock })
    expect(generation.previous).toBe('none')
    expect(await generation.readPrevious(async () => 1)).toBeNull()
    await generation.finish()
    await using now = await open('read')
    expect(await movers(now)).toEqual([])
  })

  test('tables of people’s own come over as they are, with their indexes', async () => {
    {
      await using shared = await openWarehouse({ url: url(), mode: 'share', clock })
      await shared.write(async ({ db }) => {
        await sql`create table user_notes (id integer primary key, word text, share real)`.execute(
          db,
        )
        await sql`create index user_notes_by_word on user_notes (word)`.execute(db)
        for (let id = 1; id <= 120; id += 1) {
          const word = id % 3 === 0 ? null : `w${id}`
          await sql`insert into user_notes values (${id}, ${word}, ${id / 7})`.execute(db)
        }
      })
    }
    const notes = async () => {
      await using reader = await openWarehouse({ url: url(), mode: 'read', clock })
      return await reader.read(async (db) => (await sql`select * from user_notes`.execute(db)).rows)
    }
    const before = await notes()
    const generation = await createGeneration({ url: url(), clock })
    await generation.finish()
    expect(await notes()).toEqual(before)
    expect(before).toHaveLength(120)
  })
})
