import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createManualClock } from '../../src/core/clock.ts'
import { candlesFingerprint, foldSpan } from '../../src/gold/candle-spans.ts'
import { followCandles } from '../../src/gold/candles.ts'
import { changedDays, changedHours } from '../../src/gold/changes.ts'
import { coinDailyFingerprint, foldCoinDaily } from '../../src/gold/coin-daily.ts'
import { dailyKpisFingerprint, foldDailyKpis } from '../../src/gold/daily-kpis.ts'
import { foldMarketDaily, marketDailyFingerprint } from '../../src/gold/market-daily.ts'
import { topMoversFingerprint } from '../../src/gold/mover-standings.ts'
import { foldTopMovers } from '../../src/gold/top-movers.ts'
import {
  openWarehouse,
  type Schema,
  type Table,
  type Warehouse,
} from '../../src/warehouse/index.ts'
import {
  bareCandle,
  DAY,
  DAY_US,
  dayCandle,
  HOUR_US,
  instrument,
  MINUTE_US,
  minute,
  quietMinute,
  snapshot,
} from './gold-rows.ts'

const SPAN = { fromUs: DAY, toUs: DAY + DAY_US }
const HOUR = { fromUs: DAY, toUs: DAY + HOUR_US }
const END = { fromUs: SPAN.toUs - HOUR_US, toUs: SPAN.toUs }
const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

let folder: string
let warehouse: Warehouse

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-gold-'))
  const clock = createManualClock(DAY)
  warehouse = await openWarehouse({ url: `sqlite:${folder}`, mode: 'write', clock })
})
afterEach(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** Stores rows as one commit, under its number where they bear one. */
async function put(tables: { [T in Table]?: Schema[T][] }): Promise<void> {
  await warehouse.write(async (tx) => {
    for (const [table, rows] of Object.entries(tables)) {
      const stamped = (rows as object[]).map((row) =>
        'change_seq' in row ? { ...row, change_seq: tx.changeSeq } : row,
      )
      await tx.upsert(table as Table, stamped as never)
    }
  })
}

async function all<T extends Table>(table: T): Promise<Schema[T][]> {
  const { rows } = await warehouse.read((db) =>
    sql<Schema[T]>`select * from ${sql.table(table)}`.execute(db),
  )
  return rows.map((row) => ({ ...row }))
}

const changeSeq = async () => (await warehouse.read((db) => changedHours(db, 0))).upTo

describe('candles of a span', () => {
  test('of an empty day are none, and what is left of it is removed', async () => {
    await put({ instruments: [instrument(1)] })
    expect(await foldSpan(warehouse, { interval: '1d', ...SPAN })).toEqual({
      ...{ rows: 0, version: NOTHING },
    })
    await put({ gold_candles: [dayCandle(1), dayCandle(1, { open_time_us: DAY - DAY_US })] })
    expect((await foldSpan(warehouse, { interval: '1d', ...SPAN })).rows).toBe(0)
    const left = (await all('gold_candles')).map((row) => row.open_time_us)
    expect(left).toEqual([DAY - DAY_US])
  })

  test('tell of a venue that was down, and of nothing where nothing is known', async () => {
    const down = { status: 'venue_down', complete: 0 } as const
    const minutes = Array.from({ length: 5 }, (_, at) => quietMinute(1, DAY + at * MINUTE_US))
    await put({
      instruments: [instrument(1)],
      silver_candles_1m: [
        ...minutes.map((row) => ({ ...row, ...down })),
        quietMinute(1, DAY + 5 * MINUTE_US),
      ],
    })
    await foldSpan(warehouse, { interval: '5m', ...HOUR })
    expect(await all('gold_candles')).toMatchObject([
      { open: null, volume: '0', minutes_known: 5, status: 'venue_down', complete: 0 },
      { open: null, volume: '0', minutes_known: 1, status: 'unknown', complete: 0 },
    ])
  })

  test('have one version whatever the instruments’ numbers, and of some only theirs', async () => {
    const versions: string[] = []
    for (const [a, b] of [
      [1, 2],
      [12, 11],
    ] as const) {
      await warehouse.write(async (tx) => {
        for (const table of ['instruments', 'silver_candles_1m', 'gold_candles'] as const)
          await tx.db.deleteFrom(table).execute()
      })
      await put({
        instruments: [instrument(a, { symbol: 'A' }), instrument(b, { symbol: 'B' })],
        silver_candles_1m: [minute(a, DAY, '1.5'), minute(b, DAY, '2')],
      })
      const done: string[] = []
      const onItem = (item: string, rows: number) => done.push(`${item} ${rows}`)
      const span = { interval: '5m', ...HOUR } as const
      versions.push((await foldSpan(warehouse, span, { onItem })).version)
      expect(done).toEqual(['kraken:A 1', 'kraken:B 1'])
      const some = await foldSpan(warehouse, span, { only: { venue: 'kraken', symbol: 'B' } })
      expect(some.rows).toBe(1)
      versions.push(some.version)
    }
    expect(versions.slice(0, 2)).toEqual(versions.slice(2))
    expect(new Set(versions).size).toBe(2)
  })

  test('are written once: again, nothing changes', async () => {
    await put({ instruments: [instrument(1)], silver_candles_1m: [minute(1, DAY, '1.5')] })
    await foldSpan(warehouse, { interval: '5m', ...HOUR })
    const before = await all('gold_candles')
    await foldSpan(warehouse, { interval: '5m', ...HOUR })
    expect(await all('gold_candles')).toEqual(before)
    await put({ silver_candles_1m: [minute(1, DAY, '1.6')] })
    await foldSpan(warehouse, { interval: '5m', ...HOUR })
    expect(await all('gold_candles')).toMatchObject([{ close: '1.6', revision: 0 }])
  })

  test('folded for the flow do not keep what follows minutes from folding the rest', async () => {
    await put({ instruments: [instrument(1)], silver_candles_1m: [minute(1, DAY, '1.5')] })
    await foldSpan(warehouse, { interval: '5m', ...HOUR })
    expect(await followCandles(warehouse)).toBe(5)
    expect(await all('gold_candles')).toHaveLength(6)
  })

  test('stop between two commits when they are told to', async () => {
    await put({ instruments: [instrument(1)], silver_candles_1m: [minute(1, DAY, '1.5')] })
    const signal = AbortSignal.abort(new Error('enough'))
    const run = {
      signal,
      read: warehouse.read.bind(warehouse),
      write: warehouse.write.bind(warehouse),
    }
    await expect(foldSpan(run, { interval: '5m', ...HOUR })).rejects.toThrow('enough')
    expect(await all('gold_candles')).toEqual([])
  })
})

describe('figures of a day', () => {
  test('leave out what a venue’s candle did not tell', async () => {
    const bare = { notional: null, taker_buy_volume: null, trade_count: null }
    await put({ instruments: [instrument(1)], gold_candles: [dayCandle(1, bare)] })
    await foldDailyKpis(warehouse, SPAN)
    expect(await all('gold_daily_kpis')).toMatchObject([
      { change: '1', change_pct: '33.333333333333333333', vwap: null, buy_share: null, ...bare },
    ])
  })

  test('have no price, change or share without trades, or while the venue is down', async () => {
    const quiet = { open: null, high: null, low: null, close: null, volume: '0', notional: '0' }
    const none = { ...quiet, taker_buy_volume: '0', trade_count: 0 }
    await put({
      instruments: [instrument(1), instrument(2)],
      gold_candles: [
        dayCandle(1, { ...none, status: 'no_trades' }),
        dayCandle(2, { ...none, status: 'venue_down', complete: 0 }),
      ],
    })
    expect((await foldDailyKpis(warehouse, SPAN)).rows).toBe(2)
    const absent = { change: null, change_pct: null, vwap: null, buy_share: null, open: null }
    expect(await all('gold_daily_kpis')).toMatchObject([
      { ...absent, status: 'no_trades', complete: 1, trade_count: 0 },
      { ...absent, status: 'venue_down', complete: 0, trade_count: 0 },
    ])
  })

  test('go when their candle goes, and their fingerprint tells', async () => {
    await put({ instruments: [instrument(1)], gold_candles: [dayCandle(1)] })
    const stamp = () => warehouse.read((db) => dailyKpisFingerprint(db, SPAN))
    const before = await stamp()
    expect((await foldDailyKpis(warehouse, SPAN)).rows).toBe(1)
    expect(await stamp()).toBe(before)
    await warehouse.write((tx) => tx.db.deleteFrom('gold_candles').execute())
    expect(await stamp()).not.toBe(before)
    expect(await foldDailyKpis(warehouse, SPAN)).toEqual({ rows: 0, version: NOTHING })
    expect(await all('gold_daily_kpis')).toEqual([])
  })
})

describe('boards', () => {
  const before = DAY - MINUTE_US
  const now = SPAN.toUs - MINUTE_US
  const boards = async () =>
    (await all('gold_top_movers')).map(
      ({ board, rank, instrument_id: id, change_pct: change }) =>
        `${board} ${rank} ${id} ${change}`,
    )

  test('take ties in the order of symbols, and leave out who did not move', async () => {
    const ids = [1, 2, 3, 4]
    const symbols = ['', 'Z', 'A', 'M', 'B']
    await put({
      instruments: ids.map((id) => instrument(id, { symbol: symbols[id] ?? '' })),
      silver_candles_1m: ids.flatMap((id) => [
        minute(id, before, '10'),
        minute(id, now, id === 4 ? '10' : '11'),
      ]),
    })
    await foldTopMovers(warehouse, END)
    expect(await boards()).toEqual([
      ...['gainers 1 2 10', 'gainers 2 3 10', 'gainers 3 1 10'],
      ...['traded 1 2 10', 'traded 2 3 10', 'traded 3 1 10', 'traded 4 4 0'],
    ])
    expect(await all('gold_top_movers')).toMatchObject(new Array(7).fill({ complete: 0 }))
  })

  test('never rank what is quoted in different currencies together, but for dollars', async () => {
    const quotes = ['USD', 'USDT', 'EUR']
    await put({
      instruments: quotes.map((quote, at) => instrument(at + 1, { quote, symbol: `X-${quote}` })),
      silver_candles_1m: [1, 2, 3].flatMap((id) => [
        ...[minute(id, before, '10'), minute(id, now, `1${id}`)],
      ]),
    })
    await foldTopMovers(warehouse, END)
    const rows = (await all('gold_top_movers')).filter(({ board }) => board === 'gainers')
    expect(
      rows.map(({ currency, rank, instrument_id: id }) => `${currency} ${rank} ${id}`),
    ).toEqual(['EUR 1 3', 'USD 1 2', 'USD 2 1'])
  })

  test('leave out a zero price before, no price before, and what stopped trading', async () => {
    await put({
      instruments: [
        ...[1, 2, 4].map((id) => instrument(id)),
        instrument(3, { delisted_us: before }),
      ],
      silver_candles_1m: [
        ...[minute(1, before, '0'), minute(1, now, '5')],
        minute(2, now, '5'),
        minute(3, before, '5'),
        ...[minute(4, DAY - DAY_US, '8'), minute(4, DAY, '6')],
      ],
    })
    await foldTopMovers(warehouse, END)
    expect(await boards()).toEqual(['losers 1 4 -25', 'traded 1 4 -25'])
    // A minute later the price of the fourth, and the one before it, are too long ago.
    await foldTopMovers(warehouse, { fromUs: 0, toUs: SPAN.toUs + MINUTE_US })
    const later = (await all('gold_top_movers')).filter((row) => row.at_us > SPAN.toUs)
    expect(later).toEqual([])
  })

  test('rank no notional that is not told of every minute', async () => {
    await put({
      instruments: [instrument(1)],
      silver_candles_1m: [minute(1, before, '10'), minute(1, DAY, '11')],
      silver_venue_candles: [bareCandle(1, now, '12')],
    })
    await foldTopMovers(warehouse, END)
    expect(await all('gold_top_movers')).toMatchObject([
      { board: 'gainers', price: '12', notional: null, change_pct: '20' },
    ])
  })

  test('are complete where every minute is whole, or the venue was down', async () => {
    const minutes = Array.from({ length: 1440 }, (_, at) => quietMinute(1, DAY + at * MINUTE_US))
    const down = { ...quietMinute(1, DAY + HOUR_US), status: 'venue_down', complete: 0 } as const
    await put({
      instruments: [instrument(1)],
      silver_candles_1m: [minute(1, before, '10'), ...minutes],
    })
    await put({ silver_candles_1m: [minute(1, now, '11'), down] })
    await foldTopMovers(warehouse, END)
    expect((await all('gold_top_movers')).map((row) => row.complete)).toEqual([1, 1])
    await put({ silver_candles_1m: [{ ...quietMinute(1, DAY), complete: 0, status: 'unknown' }] })
    await foldTopMovers(warehouse, END)
    expect((await all('gold_top_movers')).map((row) => row.complete)).toEqual([0, 0])
  })

  test('of coins go by what was last said of each, a poll before a sample', async () => {
    const coin = { venue: 'coingecko', kind: 'coin' } as const
    await put({
      instruments: [1, 2, 3].map((id) => instrument(id, { ...coin, symbol: `coin-${id}` })),
      silver_snapshots: [
        ...[snapshot(1, DAY - HOUR_US, { price: '4' }), snapshot(1, now - 1, { price: '5' })],
        ...[snapshot(1, now, { price: null }), snapshot(2, DAY - 1, { price: '4' })],
        snapshot(2, now, { price: '9', source: 'chart' }),
        snapshot(2, now, { price: '3', volume_24h: null }),
        // Prices in two currencies cannot be compared.
        ...[snapshot(3, DAY - 1, { quote: 'EUR' }), snapshot(3, now)],
      ],
    })
    await foldTopMovers(warehouse, END)
    expect(await boards()).toEqual(['gainers 1 1 25', 'losers 1 2 -25', 'traded 1 1 25'])
  })

  test('are taken down when nothing is left to rank, and their fingerprint tells', async () => {
    await put({
      instruments: [instrument(1)],
      silver_candles_1m: [minute(1, before, '10'), minute(1, now, '11')],
    })
    const stamp = () => warehouse.read((db) => topMoversFingerprint(db, END))
    const first = await stamp()
    expect((await foldTopMovers(warehouse, END)).rows).toBe(2)
    await warehouse.write((tx) =>
      tx.db.deleteFrom('silver_candles_1m').where('open_time_us', '=', before).execute(),
    )
    expect(await stamp()).not.toBe(first)
    expect(await foldTopMovers(warehouse, END)).toEqual({ rows: 0, version: NOTHING })
    expect(await boards()).toEqual([])
  })
})

describe('days of coins', () => {
  const coin = (id: number, symbol: string) =>
    instrument(id, { venue: 'coingecko', kind: 'coin', symbol })

  test('count every poll with a price, the unchanged ones too', async () => {
    const prices = ['3', '3', '3', '10.5', null, '1']
    await put({
      instruments: [coin(1, 'bitcoin')],
      silver_snapshots: [
        ...prices.map((price, at) => snapshot(1, DAY + at, { price, market_cap: String(at) })),
        snapshot(1, DAY + 9, { source: 'chart', price: '99' }),
        snapshot(1, SPAN.toUs, { price: '77' }),
      ],
    })
    expect((await foldCoinDaily(warehouse, SPAN)).rows).toBe(1)
    expect(await all('gold_coin_daily')).toMatchObject([
      {
        ...{ avg_price: '4.1', min_price: '1', max_price: '10.5', open_price: '3' },
        ...{ close_price: '1', data_points: 5, source: 'poll', market_cap: '5' },
      },
    ])
  })

  test.each([499, 500, 501, 1000, 1001])('count %i polls, whatever a page holds', async (count) => {
    const polls = Array.from({ length: count }, (_, at) =>
      snapshot(1, DAY + at, { price: String(at + 1) }),
    )
    await put({ instruments: [coin(1, 'bitcoin')], silver_snapshots: polls })
    await foldCoinDaily(warehouse, SPAN)
    expect(await all('gold_coin_daily')).toMatchObject([
      { data_points: count, max_price: String(count), avg_price: String((count + 1) / 2) },
    ])
  })

  test('are made of samples of history where there was no poll, and of a single poll', async () => {
    await put({
      instruments: [coin(1, 'bitcoin'), coin(2, 'ethereum'), coin(3, 'silent')],
      silver_snapshots: [
        snapshot(1, DAY, { source: 'chart', price: '1', market_cap_rank: null }),
        snapshot(1, DAY + 1, { source: 'chart', price: '2', market_cap_rank: null }),
        snapshot(1, DAY + 2, { source: 'chart', price: '2', market_cap_rank: null }),
        snapshot(2, DAY, { price: '7', volume_24h: null }),
        snapshot(3, DAY, { price: null }),
      ],
    })
    await foldCoinDaily(warehouse, SPAN)
    expect(await all('gold_coin_daily')).toMatchObject([
      { avg_price: '1.666666666666666667', data_points: 3, source: 'chart', close_price: '2' },
      { avg_price: '7', open_price: '7', close_price: '7', data_points: 1, volume_24h: null },
    ])
  })

  test('make the market of the day, which knows what no coin told', async () => {
    const last = (id: number, cap: string | null, prices: readonly string[]) =>
      prices.map((price, at) =>
        snapshot(id, DAY + at, { price, market_cap: cap, volume_24h: null }),
      )
    await put({
      instruments: [
        ...[coin(1, 'bitcoin'), coin(2, 'ethereum'), coin(3, 'other'), coin(4, 'free')],
        coin(5, 'euro'),
      ],
      silver_snapshots: [
        ...last(1, '600', ['10', '11']),
        ...last(2, '300', ['4', '3']),
        ...last(3, null, ['2', '2']),
        ...last(4, '0', ['0', '1']),
        snapshot(5, DAY, { quote: 'EUR', market_cap: '5' }),
      ],
    })
    await foldCoinDaily(warehouse, SPAN)
    expect((await foldMarketDaily(warehouse, SPAN)).rows).toBe(2)
    expect(await all('gold_market_daily')).toMatchObject([
      { quote: 'EUR', coins: 1, unchanged: 1, bitcoin_share_pct: null, avg_change_pct: '0' },
      {
        ...{ quote: 'USD', coins: 4, rising: 2, falling: 1, unchanged: 1, market_cap: '900' },
        ...{ volume_24h: null, bitcoin_share_pct: '66.666666666666666667', data_points: 8 },
        // A rise from nothing is no part of the mean: (10 - 25 + 0) / 3.
        ...{ ethereum_share_pct: '33.333333333333333333', avg_change_pct: '-5' },
      },
    ])
  })

  test('go with their snapshots, and their fingerprints tell', async () => {
    await put({ instruments: [coin(1, 'bitcoin')], silver_snapshots: [snapshot(1, DAY)] })
    const stamps = async () => [
      await warehouse.read((db) => coinDailyFingerprint(db, SPAN)),
      await warehouse.read((db) => marketDailyFingerprint(db, SPAN)),
    ]
    const make = async () => [
      (await foldCoinDaily(warehouse, SPAN)).rows,
      (await foldMarketDaily(warehouse, SPAN)).rows,
    ]
    expect(await make()).toEqual([1, 1])
    const before = await stamps()
    expect(await make()).toEqual([1, 1])
    expect(await stamps()).toEqual(before)
    await warehouse.write((tx) => tx.db.deleteFrom('silver_snapshots').execute())
    expect(await make()).toEqual([0, 0])
    const after = await stamps()
    expect(after.map((stamp, at) => stamp === before[at])).toEqual([false, false])
    expect(await all('gold_market_daily')).toEqual([])
  })
})

describe('what changed', () => {
  test('is told by the hour of minutes and the day of snapshots, since then alone', async () => {
    await put({ instruments: [instrument(1)], silver_candles_1m: [minute(1, DAY, '1')] })
    const first = await changeSeq()
    await put({
      silver_candles_1m: [minute(1, DAY + HOUR_US, '1'), minute(1, DAY + HOUR_US + 1e9, '1')],
      silver_venue_candles: [bareCandle(1, DAY + 5 * HOUR_US, '1')],
      silver_snapshots: [snapshot(1, DAY + DAY_US + 5)],
    })
    const hours = await warehouse.read((db) => changedHours(db, first))
    expect(hours).toEqual({ times: [DAY + HOUR_US, DAY + 5 * HOUR_US], upTo: first + 1 })
    const days = await warehouse.read((db) => changedDays(db, first))
    expect(days).toEqual({ times: [DAY + DAY_US], upTo: first + 1 })
    expect((await warehouse.read((db) => changedHours(db, first + 1))).times).toEqual([])
  })

  test('of an hour shows in its fingerprint, whichever minutes it is of', async () => {
    await put({
      instruments: [instrument(1)],
      silver_candles_1m: [minute(1, DAY, '1'), minute(1, DAY + MINUTE_US, '1')],
    })
    const stamp = () => warehouse.read((db) => candlesFingerprint(db, { interval: '5m', ...HOUR }))
    const seen = [await stamp()]
    await put({ silver_venue_candles: [bareCandle(1, DAY, '1')] })
    seen.push(await stamp())
    await put({ silver_candles_1m: [minute(1, DAY, '1')] })
    seen.push(await stamp())
    await warehouse.write((tx) =>
      tx.db
        .deleteFrom('silver_candles_1m')
        .where('open_time_us', '=', DAY + MINUTE_US)
        .execute(),
    )
    seen.push(await stamp())
    await put({ silver_candles_1m: [minute(1, DAY + HOUR_US, '1')] })
    expect(await stamp()).toBe(seen.at(-1))
    expect(new Set(seen).size).toBe(4)
  })
})
