import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MINUTE_US } from '../../src/market/bucket.ts'
import { listHoles } from '../../src/silver/holes.ts'
import type { Warehouse } from '../../src/warehouse/index.ts'
import { DATA } from './folders.ts'
import { importInto, openRefinery, tempFolder } from './support.ts'

const CANDLES = { open: 'open', high: 'high', low: 'low', close: 'close', volume: 'volume' }
const SECONDS = { ...CANDLES, open_time: 'start_s:s' }

/** Three venues' own candles of the three weeks in which USDC lost its peg. */
const FILES = [
  {
    venue: 'coinbase',
    symbol: 'BTC-USD',
    file: 'candles/coinbase_1m_BTCUSD_20230301-21.csv.gz',
    columns: SECONDS,
    rows: 29_950,
    absent: 290,
  },
  {
    venue: 'kraken',
    symbol: 'BTC/USD',
    file: 'candles/kraken_1m_BTCUSD_20230301-21.csv.gz',
    columns: { ...SECONDS, trade_count: 'trades' },
    rows: 30_179,
    absent: 60,
  },
  {
    venue: 'binance-us',
    symbol: 'BTCUSD',
    file: 'candles/binanceus_klines1m_BTCUSD_20230301-21_rawcsv.csv.gz',
    columns: { ...CANDLES, open_time: 'open_time' },
    rows: 30_240,
    absent: 0,
  },
]

const DOWN_FROM_US = Date.parse('2023-03-04T17:00:00Z') * 1000
/** 277 minutes: the first candle afterwards is that of 21:37. */
const DOWN_TO_US = DOWN_FROM_US + 277 * MINUTE_US

/** Kraken's own: twelve minutes without a trade, on a day with a trade in every other minute. */
const KRAKEN_FROM_US = Date.parse('2023-03-16T22:01:00Z') * 1000
const KRAKEN_TO_US = KRAKEN_FROM_US + 12 * MINUTE_US

const outagesOf = (warehouse: Warehouse) =>
  warehouse.read((db) => db.selectFrom('silver_outages').selectAll().orderBy('venue').execute())

const minutesOf = (warehouse: Warehouse, venue: string) =>
  warehouse.read((db) =>
    db
      .selectFrom('silver_candles_1m as c')
      .innerJoin('instruments as i', 'i.instrument_id', 'c.instrument_id')
      .select(['c.open_time_us', 'c.status'])
      .where('i.venue', '=', venue)
      .where('c.status', '!=', 'unknown')
      .where('c.status', '!=', 'no_trades')
      .orderBy('c.open_time_us')
      .execute(),
  )

const has = (file: string) => existsSync(join(DATA, file))

describe.skipIf(!FILES.every(({ file }) => has(file)))('the weeks of the USDC depeg', () => {
  test('load on three venues, and tell of one outage instead of 277 holes', async () => {
    const dataDir = tempFolder()
    await using refinery = await openRefinery(dataDir)
    for (const { venue, symbol, file, columns } of FILES) {
      const path = join(DATA, file)
      await importInto(dataDir, { venue, symbol, path, kind: 'klines', columns })
      // As they are refined one after another, the outage is found by what comes last.
      await refinery.refine()
    }
    await refinery.refine()
    const { warehouse, totals } = refinery
    const rows = FILES.reduce((sum, file) => sum + file.rows, 0)
    expect(totals).toMatchObject({ candles: rows, rejected: 0 })
    const ground = 'silence'
    expect(await outagesOf(warehouse)).toEqual([
      { venue: 'coinbase', from_us: DOWN_FROM_US, to_us: DOWN_TO_US, ground },
      { venue: 'kraken', from_us: KRAKEN_FROM_US, to_us: KRAKEN_TO_US, ground },
    ])
    const down = await minutesOf(warehouse, 'coinbase')
    expect(down.length).toBe(277)
    expect(down.every((minute) => minute.status === 'venue_down')).toBe(true)
    expect([down[0]?.open_time_us, down.at(-1)?.open_time_us]).toEqual([
      DOWN_FROM_US,
      DOWN_TO_US - MINUTE_US,
    ])
    expect((await minutesOf(warehouse, 'kraken')).length).toBe(12)

    const absent = await warehouse.read((db) =>
      db
        .selectFrom('silver_candles_1m as c')
        .innerJoin('instruments as i', 'i.instrument_id', 'c.instrument_id')
        .leftJoin('silver_venue_candles as v', (join) =>
          join
            .onRef('v.instrument_id', '=', 'c.instrument_id')
            .onRef('v.open_time_us', '=', 'c.open_time_us'),
        )
        .select(({ fn }) => ['i.venue', fn.countAll<number>().as('minutes')])
        .where('v.source', 'is', null)
        .groupBy('i.venue')
        .orderBy('i.venue')
        .execute(),
    )
    const expected = FILES.filter((file) => file.absent > 0)
    expect(absent).toEqual(expected.map(({ venue, absent: minutes }) => ({ venue, minutes })))
    // Coinbase leaves quiet minutes out; Kraken's own REST candles do not, so there they are asked.
    const holes = await warehouse.read((db) => listHoles(db))
    expect(new Set(holes.map((hole) => `${hole.venue} ${hole.cause}`))).toEqual(
      new Set(['kraken candle_minutes']),
    )
    const lacking = holes.reduce((sum, { fromUs, toUs }) => sum + (toUs - fromUs) / MINUTE_US, 0)
    expect(lacking).toBe(60 - 12)
  }, 60_000)
})
