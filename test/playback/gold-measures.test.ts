import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { candlesFingerprint, foldSpan } from '../../src/gold/candle-spans.ts'
import { followCandles } from '../../src/gold/candles.ts'
import { changedHours } from '../../src/gold/changes.ts'
import { dailyKpisFingerprint } from '../../src/gold/daily-kpis.ts'
import { topMoversFingerprint } from '../../src/gold/mover-standings.ts'
import { foldTopMovers } from '../../src/gold/top-movers.ts'
import type { Schema, SnapshotRow, Warehouse } from '../../src/warehouse/index.ts'
import { heldTrades, kpisByHand, moversByHand } from './gold-by-hand.ts'
import {
  DAY_US,
  type Facts,
  GOLD_TABLES,
  goldOf,
  HOUR_US,
  makeParts,
  partsOf,
  rowsOf,
} from './gold-tables.ts'
import { BEGIN_US, importTape, type Made, makeTrades } from './made-trades.ts'
import { openRefinery, type Refinery, tempFolder } from './support.ts'

const FIRST_DAY_US = BEGIN_US - (BEGIN_US % DAY_US)
const SPAN = { fromUs: FIRST_DAY_US, toUs: FIRST_DAY_US + 3 * DAY_US }
const PARTS = partsOf(SPAN)

/** Three days of each product; one stops after a day and a half, one begins after two. */
function makeMarket(): Record<string, Made[]> {
  const made = (seed: string, cents: readonly [number, number], pause = 900) =>
    makeTrades({ seed, trades: 380, pauseUs: pause * 1_000_000, cents }).filter(
      ({ timeUs }) => timeUs < SPAN.toUs,
    )
  return {
    'BTC-USD': made('btc', [9_000_000, 11_000_000]),
    'ETH-USD': made('eth', [300_000, 400_000]),
    'SOL-USD': made('sol', [1, 9]),
    'ADA-USD': made('ada', [50, 60], 1200),
    'OLD-USD': made('old', [100, 200]).filter(({ timeUs }) => timeUs < BEGIN_US + 1.5 * DAY_US),
    'NEW-USD': made('new', [100, 200]).filter(({ timeUs }) => timeUs > BEGIN_US + 2 * DAY_US),
  }
}

function snapshot(id: number, timeUs: number, more: Partial<SnapshotRow>): SnapshotRow {
  const none = { last_updated_us: null, fully_diluted_valuation: null, high_24h: null }
  const rest = { low_24h: null, price_change_24h: null, change_1h_pct: null, max_supply: null }
  return {
    ...{ instrument_id: id, time_us: timeUs, source: 'poll', quote: 'USD', price: '1' },
    ...{ market_cap: '10', volume_24h: '3', change_24h_pct: null, change_7d_pct: null },
    ...{ circulating_supply: null, total_supply: null, market_cap_rank: id },
    ...{ received_time_us: timeUs, log_id: 1, pos: 1, item: 0, change_seq: 1 },
    ...none,
    ...rest,
    ...more,
  }
}

/** Coins polled every hour beside the products, which the refiner knows nothing of. */
async function putCoins(warehouse: Warehouse): Promise<void> {
  const names = ['bitcoin', 'ethereum', 'tether']
  const coin = { venue: 'coingecko', listed_from_us: 0, delisted_us: null, kind: 'coin' } as const
  const rest = { base: null, quote: 'USD', multiplier: 1, price_step: null, size_step: null }
  await warehouse.write(async (tx) => {
    const instruments: Schema['instruments'][] = names.map((symbol, at) => {
      return { instrument_id: 9001 + at, symbol, ...coin, ...rest, listing_us: 0 }
    })
    await tx.upsert('instruments', instruments)
    const polls = names.flatMap((_, at) =>
      Array.from({ length: 72 }, (__, hour) =>
        snapshot(9001 + at, SPAN.fromUs + hour * HOUR_US, {
          price: String(100 + ((hour * (at + 3)) % 17)),
          change_seq: tx.changeSeq,
        }),
      ),
    )
    await tx.upsert('silver_snapshots', polls)
  })
}

async function removeAll(warehouse: Warehouse): Promise<void> {
  await warehouse.write(async (tx) => {
    for (const table of GOLD_TABLES) await tx.db.deleteFrom(table).execute()
  })
}

/** A person's figures and ours: floats on both sides, so near is as good as equal. */
function expectNear(found: Facts | undefined, wanted: Facts): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (typeof value !== 'number') expect(found?.[name], name).toBe(value)
    else expect(Number(found?.[name]) / (value || 1), name).toBeCloseTo(value === 0 ? 0 : 1, 9)
  }
}

describe('the measures of three days of trades', () => {
  const market = makeMarket()
  const late = market['ETH-USD']?.[200] as Made
  let refinery: Refinery
  let warehouse: Warehouse
  let dataDir: string

  beforeAll(async () => {
    dataDir = tempFolder()
    for (const [symbol, trades] of Object.entries(market)) {
      const held = trades.filter((trade) => trade !== late)
      await importTape(dataDir, held, { name: `${symbol}.csv`, symbol })
    }
    refinery = await openRefinery(dataDir)
    warehouse = refinery.warehouse
    await refinery.settle()
    await putCoins(warehouse)
  })
  afterAll(() => refinery[Symbol.asyncDispose]())

  const read = <T>(work: Parameters<Warehouse['read']>[0]) => warehouse.read(work) as Promise<T>
  const person = async (text: string) => {
    const found = await read<{ rows: Facts[] }>((db) => sql.raw<Facts>(text).execute(db))
    return found.rows.map((row) => ({ ...row }))
  }

  test('candles folded by spans are those that follow the minutes', async () => {
    const followed = await rowsOf(warehouse, 'gold_candles')
    expect(followed.length).toBeGreaterThan(5000)
    await removeAll(warehouse)
    const made = await makeParts(warehouse, PARTS)
    expect(await rowsOf(warehouse, 'gold_candles')).toEqual(followed)
    const whole = await foldSpan(warehouse, { interval: '1d', ...SPAN })
    expect(whole.rows).toBe(followed.filter((row) => row.interval_us === DAY_US).length)
    expect(await makeParts(warehouse, PARTS)).toEqual(made)
    expect(await followCandles(warehouse)).toBe(0)
  })

  test('figures of a day are those of its trades, to the last digit', async () => {
    const traded = (await rowsOf(warehouse, 'gold_daily_kpis')).filter(
      (row) => row.status === 'traded',
    )
    const wanted = kpisByHand(await heldTrades(warehouse))
    expect(wanted.length).toBeGreaterThan(12)
    expect(traded.map(({ complete: _, ...row }) => row)).toEqual(inOrder(wanted))
  })

  test('boards are those of the trades, to the last digit', async () => {
    const trades = await heldTrades(warehouse)
    const boards = await rowsOf(warehouse, 'gold_top_movers')
    for (const at of PARTS.filter(({ table }) => table === 'gold_top_movers')) {
      const found = boards.filter((row) => row.at_us === at.toUs && row.venue === 'coinbase')
      const wanted = moversByHand(trades, at.toUs, 10)
      expect(found.map(({ complete: _, ...row }) => row)).toEqual(inOrder(wanted))
    }
    const ends = boards.filter((row) => row.at_us === SPAN.toUs && row.board === 'traded')
    expect(ends.filter((row) => row.venue === 'coingecko')).toHaveLength(3)
    const symbols = await person(`select symbol from top_movers where venue = 'coinbase'
      and at_us = ${SPAN.toUs} and board = 'traded'`)
    // One that has no price before, and one that traded no more, are left out.
    expect(symbols.map(({ symbol }) => symbol).sort()).toEqual([
      ...['ADA-USD', 'BTC-USD', 'ETH-USD', 'SOL-USD'],
    ])
    const { rows } = await foldTopMovers(warehouse, SPAN, { top: 2, only: { venue: 'coinbase' } })
    expect(rows).toBe(
      (
        await person(`select 1 from top_movers where venue = 'coinbase'
      and at_us = ${SPAN.toUs}`)
      ).length,
    )
    expect(rows).toBeLessThanOrEqual(6)
    await foldTopMovers(warehouse, SPAN)
  })

  test('plain SQL over trades comes to the same figures of a day', async () => {
    const theirs = await person(`
      select symbol, substr(event_time, 1, 10) as day, max(price) as high, min(price) as low,
        sum(size) as volume, sum(price * size) as notional,
        sum(price * size) / sum(size) as vwap, count(*) as trade_count,
        sum(case when side = 'buy' then size else 0 end) / sum(size) as buy_share
      from trades group by symbol, day order by symbol, day`)
    const ours = await person(`
      select *, substr(day, 1, 10) as date from daily_kpis where status = 'traded'
      order by symbol, day`)
    expect(ours).toHaveLength(theirs.length)
    theirs.forEach(({ day, ...figures }, at) => {
      expectNear(ours[at], { ...figures, date: day })
      const { open, close, change_pct: pct } = ours[at] as Record<string, number>
      expect(pct).toBeCloseTo((100 * ((close ?? 0) - (open ?? 0))) / (open ?? 1), 8)
    })
  })

  test('plain SQL over minutes comes to the same boards', async () => {
    const at = SPAN.toUs
    const theirs = await person(`
      with minutes as (
        select *, open_time_us >= ${at - DAY_US} as is_now from candles_1m
        where open_time_us >= ${at - 2 * DAY_US} and open_time_us < ${at} and status = 'traded'
      ), lasts as (
        select symbol, is_now, close, sum(notional) over (partition by symbol, is_now) as notional,
          row_number() over (partition by symbol, is_now order by open_time_us desc) as back
        from minutes
      )
      select n.symbol, n.close as price, b.close as price_before, n.notional,
        100 * (n.close - b.close) / b.close as change_pct
      from lasts n join lasts b on b.symbol = n.symbol and b.is_now = 0 and b.back = 1
      where n.is_now = 1 and n.back = 1 order by change_pct desc`)
    const ours = await person(`select * from top_movers where venue = 'coinbase'
      and at_us = ${at} order by board, rank`)
    const board = (name: string) => ours.filter((row) => row.board === name)
    const gained = theirs.filter((row) => Number(row.change_pct) > 0)
    const lost = theirs.filter((row) => Number(row.change_pct) < 0).reverse()
    expect([gained.length, lost.length].map(Boolean)).toEqual([true, true])
    for (const [name, moved] of Object.entries({ gainers: gained, losers: lost })) {
      expect(board(name)).toHaveLength(moved.length)
      moved.forEach((row, at) => {
        expectNear(board(name)[at], { ...row, rank: at + 1 })
      })
    }
  })

  test.each(GOLD_TABLES)('%s comes back the same once it is deleted', async (table) => {
    const before = await rowsOf(warehouse, table)
    expect(before.length).toBeGreaterThan(0)
    const parts = PARTS.filter((part) => part.table === table)
    const made = await makeParts(warehouse, parts)
    await warehouse.write((tx) => tx.db.deleteFrom(table).execute())
    expect(await makeParts(warehouse, parts)).toEqual(made)
    expect(await rowsOf(warehouse, table)).toEqual(before)
  })

  test('the order and number of runs change nothing', async () => {
    const before = await goldOf(warehouse)
    const made = await makeParts(warehouse, PARTS)
    // What is made from what goes first; among those of one table any order will do.
    const rank = (name: string) =>
      ['5m', '15m', '30m', '1h', '4h', '1d', 'kpis', 'movers', 'coins', 'market'].indexOf(
        name.split(' ')[0] ?? '',
      )
    const orders = fc.shuffledSubarray(PARTS, { minLength: PARTS.length })
    await fc.assert(
      fc.asyncProperty(orders, fc.integer({ min: 0, max: 40 }), async (order, twice) => {
        await removeAll(warehouse)
        await makeParts(warehouse, order.slice(0, twice))
        const sorted = order.toSorted((a, b) => rank(a.name) - rank(b.name))
        const again = await makeParts(warehouse, sorted)
        expect(Object.fromEntries(again)).toEqual(Object.fromEntries(made))
        expect(await goldOf(warehouse)).toEqual(before)
      }),
      { numRuns: 2 },
    )
  })

  test('a late trade changes its hour, its day and its boards, and nothing else', async () => {
    const hourUs = late.timeUs - (late.timeUs % HOUR_US)
    const dayUs = late.timeUs - (late.timeUs % DAY_US)
    const hour = { fromUs: hourUs, toUs: hourUs + HOUR_US }
    const stamps = async () => ({
      hour: await read((db) => candlesFingerprint(db, { interval: '5m', ...hour })),
      other: await read((db) =>
        candlesFingerprint(db, { interval: '5m', fromUs: hour.toUs, toUs: hour.toUs + HOUR_US }),
      ),
      movers: await read((db) => topMoversFingerprint(db, hour)),
      before: await read((db) =>
        topMoversFingerprint(db, { fromUs: hourUs - HOUR_US, toUs: hourUs }),
      ),
    })
    await makeParts(warehouse, PARTS)
    const kpis = { fromUs: dayUs, toUs: dayUs + DAY_US }
    const before = await goldOf(warehouse)
    const stampsBefore = await stamps()
    const kpisBefore = await read((db) => dailyKpisFingerprint(db, kpis))
    const { upTo } = await read<{ upTo: number }>((db) => changedHours(db, 0))
    await importTape(dataDir, [late], { name: 'late.csv', symbol: 'ETH-USD' })
    await refinery.refine()

    const changed = await read<{ times: number[] }>((db) => changedHours(db, upTo))
    // The next trade's hour is proven whole by it, as may be those between.
    expect(changed.times).toContain(hourUs)
    expect(changed.times.length).toBeLessThan(4)
    const stampsAfter = await stamps()
    expect(stampsAfter.hour).not.toBe(stampsBefore.hour)
    expect(stampsAfter.movers).not.toBe(stampsBefore.movers)
    if (!changed.times.includes(hourUs + HOUR_US)) {
      expect(stampsAfter.other).toBe(stampsBefore.other)
    }
    if (!changed.times.includes(hourUs - HOUR_US)) {
      expect(stampsAfter.before).toBe(stampsBefore.before)
    }
    await makeParts(warehouse, PARTS)
    expect(await read((db) => dailyKpisFingerprint(db, kpis))).not.toBe(kpisBefore)
    const after = await goldOf(warehouse)
    const differing = (table: string) => {
      const held = new Set(before[table]?.map((row) => JSON.stringify(row)))
      return (after[table] ?? []).filter((row) => !held.has(JSON.stringify(row)))
    }
    const [kpi, ...others] = differing('gold_daily_kpis')
    expect(others).toEqual([])
    const [eth] = await person(`select instrument_id from instruments where symbol = 'ETH-USD'`)
    expect(kpi).toMatchObject({ day_us: dayUs, instrument_id: eth?.instrument_id })
    const times = changed.times
    for (const row of differing('gold_candles')) {
      const [openUs, widthUs] = [Number(row.open_time_us), Number(row.interval_us)]
      expect(row.instrument_id).toBe(eth?.instrument_id)
      expect(times.some((one) => one < openUs + widthUs && openUs < one + HOUR_US)).toBe(true)
    }
    for (const row of differing('gold_top_movers')) {
      expect(Number(row.at_us) > hourUs && Number(row.at_us) <= hourUs + 2 * DAY_US).toBe(true)
    }
    expect(differing('gold_coin_daily')).toEqual([])
    const tradedDays = after.gold_daily_kpis?.filter((row) => row.status === 'traded')
    expect(tradedDays?.map(({ complete: _, ...row }) => row)).toEqual(
      inOrder(kpisByHand(await heldTrades(warehouse))),
    )
  })
})

/** Rows in the order in which stored ones are told. */
function inOrder(rows: readonly Facts[]): Facts[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
