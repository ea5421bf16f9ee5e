import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Lineage,
  type LineageNode,
  TRACEABLE,
  traceValue,
  type ValueQuery,
} from '../../src/assets/lineage/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { INTERVALS } from '../../src/market/bucket.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { findInstrument, openWarehouse, type WriteTransaction } from '../../src/warehouse/index.ts'
import { urlOf } from './folders.ts'
import { importInto, openRefinery, tempFolder, writeLog } from './support.ts'

// The measures themselves are folded elsewhere: here their rows are put where those would be, over
// facts that came by the usual way, and followed back.

const DAY = INTERVALS['1d']
/** 2026-01-05 and the day before it. */
const DAY_US = 1_767_571_200_000_000
const BEGIN_US = DAY_US - DAY
const STEP_US = 600_000_000
const TRADES = 288
const POLLS = [0, 1, 2].map((at) => DAY_US + at * 60_000_000 + 5)

function poll(at: number): NewRecord {
  const coins = ['bitcoin', 'ethereum'].map((id, place) => ({
    ...{ id, symbol: id.slice(0, 3), name: id, current_price: 100 + place, market_cap: 1000 },
    ...{ market_cap_rank: place + 1, total_volume: 7, last_updated: '2026-01-05T00:00:00.000Z' },
  }))
  const url = 'https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd&ids=bitcoin,ethereum'
  return {
    ...{ dialect: 'coingecko/rest', channel: 'markets', symbol: null, origin: 'rest' },
    ...{ receivedTimeUs: at + 400_000, conn: 'p', frame: at % 1000 },
    request: { url, status: 200, polledUs: at },
    payload: Buffer.from(JSON.stringify(coins)),
  }
}

let dataDir: string
beforeAll(async () => {
  dataDir = tempFolder()
  const path = join(dataDir, 'tape.csv')
  const lines = Array.from({ length: TRADES }, (_, at) =>
    [at + 1, BEGIN_US + at * STEP_US, 100 + (at % 9), 1, 'buy'].join(','),
  )
  writeFileSync(path, ['id,time,price,size,side', ...lines].join('\n'))
  const columns = { trade_id: 'id', time: 'time:us', price: 'price', size: 'size', side: 'side' }
  await importInto(dataDir, { path, venue: 'coinbase', symbol: 'BTC-USD', kind: 'trades', columns })
  await writeLog(dataDir, 'polls', POLLS.map(poll))
  await using refinery = await openRefinery(dataDir)
  await refinery.settle()
  const { warehouse } = refinery
  const [btc, coin, other] = await Promise.all(
    ['coinbase:BTC-USD', 'coingecko:bitcoin', 'coingecko:ethereum'].map(async (name) => {
      return (await findInstrument(warehouse, name)).instrumentId
    }),
  )
  await warehouse.write((tx) => putGold(tx, { btc: btc!, coins: [coin!, other!] }))
})

/** Puts rows of the measures where their folds would. */
async function putGold(
  tx: WriteTransaction,
  { btc, coins }: { readonly btc: number; readonly coins: readonly number[] },
): Promise<void> {
  const seq = { change_seq: tx.changeSeq }
  const prices = { open: '100', high: '108', low: '100', close: '101', volume: '144' }
  await tx.upsert('gold_daily_kpis', [
    {
      ...{ instrument_id: btc, day_us: DAY_US, ...prices, change: '1', change_pct: '1' },
      ...{ notional: null, vwap: null, trade_count: 144, taker_buy_volume: null },
      ...{ buy_share: null, status: 'traded', complete: 1, ...seq },
    },
  ])
  const place = { at_us: DAY_US + DAY, rank: 1 }
  const figures = { price: '1', price_before: '1', change_pct: '0', notional: null, complete: 1 }
  await tx.upsert(
    'gold_top_movers',
    [
      { venue: 'coinbase', currency: 'USD', board: 'gainers' as const, instrument_id: btc },
      { venue: 'coinbase', currency: 'USD', board: 'traded' as const, instrument_id: btc },
      {
        venue: 'coingecko',
        currency: 'USD',
        board: 'losers' as const,
        instrument_id: coins[1] ?? 0,
      },
    ].map((one) => ({ ...place, ...one, ...figures, ...seq })),
  )
  const day = { day_us: DAY_US, quote: 'usd', market_cap: '1000', volume_24h: '7' }
  const told = { avg_price: '1', min_price: '1', max_price: '1', open_price: '1', close_price: '1' }
  await tx.upsert(
    'gold_coin_daily',
    coins.map((instrument_id) => ({
      ...{ instrument_id, ...day, ...told, data_points: 3, source: 'poll' as const },
      ...{ market_cap_rank: 1, ...seq },
    })),
  )
  await tx.upsert('gold_market_daily', [
    {
      ...{ ...day, coins: 2, rising: 0, falling: 0, unchanged: 2, bitcoin_share_pct: null },
      ...{ ethereum_share_pct: null, avg_change_pct: null, data_points: 6, ...seq },
    },
  ])
  await putIndicators(tx, btc, INTERVALS['1h'])
  await putIndicators(tx, coins[0] ?? 0, DAY)
}

async function putIndicators(tx: WriteTransaction, instrumentId: number, widthUs: number) {
  const circles = { hour_sin: 0, hour_cos: 1, weekday_sin: 0, weekday_cos: 1 }
  const means = { sma_7: 1.5, sma_30: null, sma_90: null, ema_12: null, ema_26: null }
  const momentum = { rsi_14: null, macd: null, macd_signal: null, macd_histogram: null }
  const bands = { bb_middle: null, bb_upper: null, bb_lower: null, atr_14: null }
  const rest = { volatility_30: null, trend: null, support: null, resistance: null }
  const changes = { change_1h_pct: null, change_24h_pct: null, change_7d_pct: null }
  await tx.upsert('gold_indicators', [
    {
      ...{ instrument_id: instrumentId, interval_us: widthUs, open_time_us: DAY_US, close: 1 },
      ...{ ...means, ...momentum, ...bands, ...rest, ...changes, market_cap_rank: null },
      ...{ ...circles, complete: 1, change_seq: tx.changeSeq },
    },
  ])
}

type Asked = Omit<ValueQuery, 'instrument'>

async function trace(query: Asked, selector: string | null): Promise<Lineage> {
  const clock = createManualClock(DAY_US)
  await using warehouse = await openWarehouse({ url: urlOf(dataDir), mode: 'read', clock })
  const instrument = selector === null ? null : await findInstrument(warehouse, selector)
  return await warehouse.read((db) => traceValue(db, { ...query, instrument }, { dataDir }))
}

/** The tree as names, each with its rows. */
function outline({ dataset, rows, made_from }: LineageNode): unknown {
  const name = `${rows} ${dataset}`
  return made_from.length === 0 ? name : [name, ...made_from.map(outline)]
}

const BTC = 'coinbase:BTC-USD'

describe('the lineage of each measure', () => {
  test('of a day of trading goes through the day’s candle', async () => {
    const lineage = await trace({ dataset: 'gold.daily_kpis', timeUs: DAY_US + 5 }, BTC)
    expect(lineage.tree.made_from[0]?.what).toBe('candles of 1d')
    expect(lineage.totals).toMatchObject({ trades: 144, records: 1 })
    expect(lineage.row).toMatchObject({ trade_count: 144 })
  })

  test('of a place on a board is the minutes of the day, and the price before them', async () => {
    const lineage = await trace({ dataset: 'gold.top_movers', timeUs: DAY_US + DAY }, BTC)
    expect(lineage.tree.listed.map(({ board }) => board)).toEqual(['gainers', 'traded'])
    const [within, before] = lineage.tree.made_from
    expect(within).toMatchObject({ what: 'minutes of the 24 hours, by precedence' })
    expect(before).toMatchObject({ what: 'the minute whose close is the price before', rows: 1 })
    expect(before?.from).toBe('2026-01-04T23:50:00.000Z')
    expect(lineage.totals.trades).toBe(145)
    const coin = await trace({ dataset: 'gold.top_movers', timeUs: DAY_US + DAY }, 'ethereum')
    expect(outline(coin.tree)).toEqual([
      '1 gold.top_movers',
      ['1 silver.snapshots', '1 bronze.log'],
    ])
    expect(coin.tree.made_from[0]?.from).toBe('2026-01-05T00:02:00.000005Z')
  })

  test('of a coin’s day is its polls, of the market’s that of every coin', async () => {
    const coin = await trace({ dataset: 'gold.coin_daily', timeUs: DAY_US }, 'bitcoin')
    expect(outline(coin.tree)).toEqual([
      '1 gold.coin_daily',
      ['3 silver.snapshots', '3 bronze.log'],
    ])
    expect(coin.sources).toMatchObject([
      { kind: 'snapshot', log: 'polls', pos: 0, item: 0 },
      { pos: 2, item: 0 },
    ])
    const market = await trace({ dataset: 'gold.market_daily', timeUs: DAY_US }, null)
    expect(outline(market.tree)).toEqual([
      '1 gold.market_daily',
      ['2 gold.coin_daily', ['6 silver.snapshots', '3 bronze.log']],
    ])
    const snapshot = await trace({ dataset: 'silver.snapshots', timeUs: POLLS[1] ?? 0 }, 'ethereum')
    expect(snapshot.sources).toMatchObject([{ pos: 1, item: 1 }])
    const late = trace({ dataset: 'silver.snapshots', timeUs: (POLLS[1] ?? 0) + 1 }, 'ethereum')
    await expect(late).rejects.toMatchObject({
      context: { nearest: ['2026-01-05T00:01:00.000005Z', '2026-01-05T00:02:00.000005Z'] },
    })
  })

  test('of indicators is their candle, and a window that is stated', async () => {
    const query = { dataset: 'gold.indicators', interval: '1h', timeUs: DAY_US } as const
    const lineage = await trace(query, BTC)
    const [own, window] = lineage.tree.made_from
    expect(own).toMatchObject({ dataset: 'gold.candles', rows: 1 })
    expect(window).toMatchObject({
      what: 'candles of 1h before it',
      to: '2026-01-05T00:00:00.000Z',
    })
    expect(window?.rows).toBeGreaterThanOrEqual(24)
    expect(window?.notes.join()).toContain('90 candles')
    const back = DAY_US - Date.parse(window?.from ?? '') * 1000
    expect(back / INTERVALS['1h']).toBeGreaterThanOrEqual(512)
    expect(lineage.totals.trades).toBe(6)
    const coin = await trace({ ...query, interval: '1d' }, 'bitcoin')
    expect(outline(coin.tree)).toEqual([
      '1 gold.indicators',
      ['1 gold.coin_daily', ['3 silver.snapshots', '3 bronze.log']],
      '0 gold.coin_daily',
    ])
  })

  test('is known of every dataset that can be traced, and asks for what it needs', async () => {
    expect(TRACEABLE.length).toBe(9)
    for (const dataset of TRACEABLE.filter((name) => name !== 'gold.market_daily')) {
      const asked = trace({ dataset, interval: '1h', timeUs: 0 }, BTC)
      await expect(asked).rejects.toMatchObject({ code: 'ASSAY_NO_SUCH_ROW' })
      const nobody = trace({ dataset, interval: '1h', timeUs: 0 }, null)
      await expect(nobody).rejects.toMatchObject({ code: 'ASSAY_USAGE' })
    }
  })
})
