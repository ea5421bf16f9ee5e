import { sql } from 'kysely'
import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import {
  type CoinDailyRow,
  type DailyKpiRow,
  type MarketDailyRow,
  type MinuteRow,
  openWarehouse,
  type TopMoverRow,
  type VenueCandleRow,
  type Views,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { instrumentRow, MINUTE, minuteRow, tradeInsert, tradeRow, venueCandleRow } from './rows.ts'

const clock = createManualClock(MINUTE)
const WS = 0
const REST = 1
const IMPORT = 2

suite.each(DIALECTS)('the views of $name', (dialect) => {
  const url = useWarehouse(dialect)

  /** Returns the one candle that these rows make, or what there is instead. */
  async function exact(minutes: Partial<MinuteRow>[], candles: Partial<VenueCandleRow>[]) {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    await warehouse.write(async (tx) => {
      await tx.upsert('silver_candles_1m', minutes.map(minuteRow))
      await tx.upsert('silver_venue_candles', candles.map(venueCandleRow))
    })
    const rows = await warehouse.read((db) =>
      db.withTables<Views>().selectFrom('candles_1m_exact').selectAll().execute(),
    )
    return rows.length === 1 ? { ...rows[0] } : rows.length
  }

  const ours = { source: 'trades', close: '1.5', volume: '10', change_seq: 1 }
  const theirs = { close: '100.5', volume: '7', status: 'traded', complete: 1, change_seq: 2 }

  test('give complete trades before any candle of the venue', async () => {
    expect(await exact([{}], [{ source: WS }, { source: REST }])).toMatchObject(ours)
  })

  test.each([
    ['a socket candle before all others', [WS, REST, IMPORT], 'ws'],
    ['a REST candle before an imported one', [REST, IMPORT], 'rest'],
    ['an imported candle before incomplete trades', [IMPORT], 'import'],
  ])('give %s', async (_, sources, source) => {
    const candles = sources.map((one) => ({ source: one }))
    const found = await exact([{ complete: 0, repaired: 1, revision: 3 }], candles)
    expect(found).toMatchObject({ ...theirs, source, repaired: 1, revision: 3 })
  })

  test('give incomplete trades before a candle that is still open', async () => {
    const found = await exact([{ complete: 0 }], [{ source: WS, closed: 0 }])
    expect(found).toMatchObject({ ...ours, complete: 0 })
  })

  test('pass by an open socket candle for a closed one of REST', async () => {
    const candles = [{ source: WS, closed: 0 }, { source: REST }]
    expect(await exact([{ complete: 0 }], candles)).toMatchObject({ ...theirs, source: 'rest' })
  })

  test('include minutes that only a closed candle of the venue knows', async () => {
    const candles = [{ source: REST, change_seq: 9 }, { source: IMPORT }]
    expect(await exact([], candles)).toMatchObject({ ...theirs, source: 'rest', change_seq: 9 })
  })

  test('hide minutes out of scope, unless the venue has a candle of them', async () => {
    expect(await exact([{ source: 'unscoped' }], [])).toBe(0)
    expect(await exact([], [{}])).toMatchObject({ ...theirs, source: 'rest' })
  })

  test('show no price where the venue saw no trade', async () => {
    expect(await exact([{ complete: 0 }], [{ volume: '0', trade_count: 0 }])).toMatchObject({
      open: null,
      high: null,
      low: null,
      close: null,
      status: 'no_trades',
      complete: 1,
      trade_count: 0,
    })
  })

  test('tell the later of the two changes', async () => {
    const found = await exact([{ complete: 0, change_seq: 12 }], [{ change_seq: 4 }])
    expect(found).toMatchObject({ source: 'rest', change_seq: 12 })
  })

  test('are readable by people', async () => {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    await warehouse.write(async (tx) => {
      await tx.upsert('instruments', [instrumentRow()])
      await tx.upsert('ops_logs', [{ log_id: 1, name: 'collect', time_us: MINUTE }])
      await tx.upsert('silver_candles_1m', [minuteRow()])
      await tx.insertTrades(tradeInsert([tradeRow({ event_time_us: MINUTE + 1, side: 1 })]))
      const { instrument_id, open_time_us } = minuteRow()
      await tx.upsert('gold_candles', [
        {
          ...goldColumns(),
          instrument_id,
          open_time_us,
          interval_us: 300_000_000,
        },
      ])
      await tx.upsert('ops_gap_work', [gapWork()])
      await tx.upsert('silver_quarantine', [quarantined()])
    })
    const read = (view: string) =>
      warehouse.read(async (db) => {
        const { rows } = await sql<
          Record<string, unknown>
        >`select * from ${sql.table(view)}`.execute(db)
        expect(rows, view).toHaveLength(1)
        return { ...rows[0] }
      })
    const named = { venue: 'coinbase', symbol: 'BTC-USD' }
    expect(await read('trades')).toMatchObject({
      ...named,
      event_time: '2026-09-29T13:45:00.000001Z',
      price: 64000.01,
      side: 'sell',
      origin: 'ws',
      tape: '',
    })
    expect(await read('candles_1m')).toMatchObject({
      ...named,
      open_time: '2026-09-29T13:45:00.000000Z',
      vwap: 1.2,
      close: 1.5,
      source: 'trades',
      base: 'BTC',
      quote: 'USD',
      multiplier: 1,
      usd_name: 'BTC-USD',
    })
    const usd = { usd_name: 'BTC-USD' }
    expect(await read('candles')).toMatchObject({ ...named, ...usd, interval_seconds: 300 })
    expect(await read('gaps_work')).toMatchObject({ ...named, first_id: 4, verdict: 'open' })
    expect(await read('quarantine')).toMatchObject({ log: 'collect', reason: 'not_json' })
    expect(await read('instruments_named')).toMatchObject({
      name: 'coinbase:BTC-USD',
      product: 'BTC-USD',
      ...usd,
    })
  })
})

suite.each(DIALECTS)('the views of gold’s measures on $name', (dialect) => {
  const url = useWarehouse(dialect)

  test('are readable by people: names, times as text, floats', async () => {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    const day = MINUTE - (MINUTE % 86_400_000_000)
    await warehouse.write(async (tx) => {
      const coin = { venue: 'coingecko', symbol: 'bitcoin', kind: 'coin' } as const
      await tx.upsert('instruments', [
        instrumentRow(),
        instrumentRow({ instrument_id: 2, ...coin }),
      ])
      await tx.upsert('gold_daily_kpis', [dailyKpi(day)])
      await tx.upsert('gold_top_movers', [topMover(day)])
      await tx.upsert('gold_coin_daily', [coinDay(day)])
      await tx.upsert('gold_market_daily', [marketDay(day)])
    })
    const read = (view: string) =>
      warehouse.read(async (db) => {
        const found = await sql<object>`select * from ${sql.table(view)}`.execute(db)
        expect(found.rows, view).toHaveLength(1)
        return { ...found.rows[0] }
      })
    const time = '2026-09-29T00:00:00.000000Z'
    const named = { venue: 'coinbase', symbol: 'BTC-USD', base: 'BTC', quote: 'USD' }
    expect(await read('daily_kpis')).toMatchObject({
      ...{ ...named, day: time, day_us: day, open: 1, change_pct: -12.5, vwap: 1.2 },
      ...{ buy_share: null, status: 'traded', trade_count: 3 },
    })
    expect(await read('top_movers')).toMatchObject({
      ...{ ...named, at_time: time, at_us: day, currency: 'USD', board: 'gainers', rank: 1 },
      price: 2.5,
      ...{ change_pct: 25, notional: null },
    })
    expect(await read('coin_daily')).toMatchObject({
      ...{ symbol: 'bitcoin', day: time, quote: 'USD', avg_price: 1.5, close_price: 2 },
      ...{ market_cap: 1e12, market_cap_rank: 1, source: 'poll' },
    })
    expect(await read('market_daily')).toMatchObject({
      ...{ day: time, quote: 'USD', coins: 2, bitcoin_share_pct: 50.5, ethereum_share_pct: null },
    })
  })
})

function dailyKpi(day: number): DailyKpiRow {
  return {
    ...{ instrument_id: 1, day_us: day, open: '1', high: '2', low: '0.5', close: '0.875' },
    ...{ change: '-0.125', change_pct: '-12.5', volume: '10', notional: '12', vwap: '1.2' },
    ...{ trade_count: 3, taker_buy_volume: null, buy_share: null, status: 'traded' },
    ...{ complete: 1, change_seq: 1 },
  }
}

function topMover(at: number): TopMoverRow {
  return {
    ...{ at_us: at, venue: 'coinbase', currency: 'USD', board: 'gainers', rank: 1 },
    instrument_id: 1,
    ...{ price: '2.5', price_before: '2', change_pct: '25', notional: null, complete: 1 },
    change_seq: 1,
  }
}

function coinDay(day: number): CoinDailyRow {
  return {
    ...{ instrument_id: 2, day_us: day, quote: 'USD', avg_price: '1.5', min_price: '1' },
    ...{ max_price: '2', open_price: '1', close_price: '2', data_points: 2, source: 'poll' },
    ...{ market_cap: '1000000000000', volume_24h: '3', market_cap_rank: 1, change_seq: 1 },
  }
}

function marketDay(day: number): MarketDailyRow {
  return {
    ...{ day_us: day, quote: 'USD', coins: 2, rising: 1, falling: 1, unchanged: 0 },
    ...{ market_cap: '10', volume_24h: '3', bitcoin_share_pct: '50.5', ethereum_share_pct: null },
    ...{ avg_change_pct: '-1.25', data_points: 4, change_seq: 1 },
  }
}

function goldColumns() {
  return {
    open: '1',
    high: '2',
    low: '0.5',
    close: '1.5',
    volume: '10',
    notional: '12',
    taker_buy_volume: '4',
    trade_count: 3,
    status: 'traded' as const,
    complete: 1,
    repaired: 0,
    minutes_traded: 1,
    minutes_known: 5,
    revision: 0,
    change_seq: 3,
  }
}

function gapWork() {
  return {
    instrument_id: 1,
    tape_id: 0,
    first_id: 4,
    last_id: 6,
    from_us: MINUTE,
    to_us: MINUTE + 5,
    attempts: 1,
    last_attempt_us: MINUTE + 9,
    verdict: null,
    evidence: '',
  }
}

function quarantined() {
  return {
    log_id: 1,
    pos: 7,
    item: 0,
    reason: 'not_json',
    detail: 'an unexpected end',
    sample: '{',
    dialect: 'coinbase/exchange',
    state: 'held' as const,
    received_time_us: MINUTE,
  }
}
