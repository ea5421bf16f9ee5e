import { afterEach, beforeEach, expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import {
  fingerprintCoinIndicators,
  foldCoinIndicators,
} from '../../../src/gold/indicators/index.ts'
import { INTERVALS, parseTimeUs } from '../../../src/market/bucket.ts'
import { type CoinDailyRow, openWarehouse, type Warehouse } from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { instrumentRow } from './rows.ts'

const DAY_US = INTERVALS['1d']
const FROM_US = parseTimeUs('2026-01-31T00:00:00Z') as number
const SPAN = { fromUs: FROM_US, toUs: FROM_US + DAY_US }

let warehouse: Warehouse

function dayRow(back: number, row: Partial<CoinDailyRow> = {}): CoinDailyRow {
  const close = String(100 + (back % 9))
  return {
    instrument_id: 1,
    day_us: FROM_US - back * DAY_US,
    quote: 'usd',
    avg_price: close,
    min_price: '1',
    max_price: '1000',
    open_price: close,
    close_price: close,
    data_points: 24,
    source: back < 30 ? 'poll' : 'chart',
    market_cap: null,
    volume_24h: null,
    market_cap_rank: 3,
    change_seq: 1,
    ...row,
  }
}

const fill = (days: number) =>
  warehouse.write((tx) =>
    tx.upsert(
      'gold_coin_daily',
      Array.from({ length: days }, (_, back) => dayRow(back)),
    ),
  )

const stored = () => warehouse.read((db) => db.selectFrom('gold_indicators').selectAll().execute())

const fingerprint = () => warehouse.read((db) => fingerprintCoinIndicators(db, SPAN))

suite.each(DIALECTS)('indicators of coins in $name', (dialect) => {
  const url = useWarehouse(dialect)

  beforeEach(async () => {
    const clock = createManualClock(SPAN.toUs)
    warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    const coin = instrumentRow({ venue: 'coingecko', symbol: 'bitcoin', kind: 'coin' })
    await warehouse.write((tx) => tx.upsert('instruments', [coin]))
  })

  afterEach(() => warehouse[Symbol.asyncDispose]())

  test('a coin’s day rests on daily closes, warmed by its history, without a range', async () => {
    await fill(100)
    expect((await foldCoinIndicators(warehouse, SPAN)).rows).toBe(1)
    const [row] = await stored()
    expect(row).toMatchObject({
      ...{ instrument_id: 1, interval_us: DAY_US, open_time_us: FROM_US },
      ...{ close: 100, sma_7: 103, market_cap_rank: 3, complete: 1 },
      // The least and the greatest samples of a day, 1 and 1000, have no say.
      ...{ atr_14: null, support: 100, resistance: 108 },
      ...{ change_1h_pct: null, change_24h_pct: -100 / 101, change_7d_pct: -700 / 107 },
    })
    for (const name of ['sma_90', 'ema_26', 'rsi_14', 'macd_signal', 'volatility_30'] as const) {
      expect(row?.[name], name).toBeTypeOf('number')
    }
  })

  test('a coin is folded again to the same, and what is gone is removed', async () => {
    await fill(40)
    const first = await foldCoinIndicators(warehouse, SPAN)
    const before = await stored()
    await warehouse.write((tx) => tx.upsert('ops_meta', [{ key: 'other', value: 'work' }]))
    const only = { symbol: 'bitcoin' }
    expect(await foldCoinIndicators(warehouse, SPAN, { only })).toEqual(first)
    expect(await stored()).toEqual(before)
    await warehouse.write((tx) => tx.remove('gold_coin_daily', [dayRow(0)]))
    expect((await foldCoinIndicators(warehouse, SPAN)).rows).toBe(0)
    expect(await stored()).toEqual([])
  })

  test('a day that is missing in the look-back makes a coin’s row incomplete', async () => {
    await fill(40)
    await warehouse.write((tx) => tx.remove('gold_coin_daily', [dayRow(20)]))
    await foldCoinIndicators(warehouse, SPAN)
    expect((await stored())[0]).toMatchObject({ complete: 0, ema_26: expect.any(Number) })
  })

  test('the fingerprint changes with a day that is looked back on, and with no other', async () => {
    await fill(10)
    const before = await fingerprint()
    const change = (back: number) =>
      warehouse.write((tx) =>
        tx.upsert('gold_coin_daily', [dayRow(back, { change_seq: tx.changeSeq })]),
      )
    await change(-1)
    await change(1200)
    expect(await fingerprint()).toBe(before)
    await change(9)
    const changed = await fingerprint()
    expect(changed).not.toBe(before)
    await warehouse.write((tx) => tx.remove('gold_coin_daily', [dayRow(9)]))
    expect(await fingerprint()).not.toBe(changed)
  })
})
