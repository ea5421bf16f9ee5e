import { describe, expect, test } from 'vitest'
import { foldCoinDaily } from '../../src/gold/coin-daily.ts'
import { foldDailyKpis } from '../../src/gold/daily-kpis.ts'
import { foldMarketDaily } from '../../src/gold/market-daily.ts'
import type { NewRecord } from '../../src/market/record.ts'
import { coingecko } from '../../src/venues/coingecko/index.ts'
import { hasRecording, readRecording } from './capture.ts'
import { DATA } from './folders.ts'
import { heldTrades, kpisByHand } from './gold-by-hand.ts'
import { DAY_US, rowsOf } from './gold-tables.ts'
import { importInto, openRefinery, tempFolder, writeLog } from './support.ts'

const MARKETS = 'coingecko/coins_markets_100_20240114.json'
const ANSWERS = 'coingecko/vcr_responses_2021.jsonl'
const POLLED = 'Sun, 14 Jan 2024 19:52:00 GMT'

const dayOf = (timeUs: number) => timeUs - (timeUs % DAY_US)

function recordOf(url: string, body: string, date: string): NewRecord {
  const about = { ...coingecko.classify(url, 'rest'), origin: 'rest' as const }
  const request = { url, status: 200 }
  const receivedTimeUs = Date.parse(date) * 1000
  const payload = Buffer.from(body)
  return { ...about, receivedTimeUs, symbol: null, conn: 'c-1', frame: 0, request, payload }
}

describe.skipIf(!hasRecording(MARKETS))('a hundred coins polled once', () => {
  test('are a day each, and a market that adds up to the last digit', async () => {
    const body = readRecording(MARKETS)
    const url = 'https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd'
    const dataDir = tempFolder()
    await writeLog(dataDir, 'collect', [recordOf(url, body, POLLED)])
    await using refinery = await openRefinery(dataDir)
    await refinery.refine()
    const fromUs = dayOf(Date.parse(POLLED) * 1000)
    const day = { fromUs, toUs: fromUs + DAY_US }
    expect((await foldCoinDaily(refinery.warehouse, day)).rows).toBe(100)
    expect((await foldMarketDaily(refinery.warehouse, day)).rows).toBe(1)
    const coins = JSON.parse(body) as { id: string; market_cap: number; total_volume: number }[]
    const sum = (of: (coin: (typeof coins)[number]) => number) =>
      coins.reduce((total, coin) => total + BigInt(of(coin)), 0n)
    const [market] = await rowsOf(refinery.warehouse, 'gold_market_daily')
    expect(market).toMatchObject({
      ...{ quote: 'USD', coins: 100, unchanged: 100, avg_change_pct: '0', data_points: 100 },
      market_cap: String(sum((coin) => coin.market_cap)),
      volume_24h: String(sum((coin) => coin.total_volume)),
    })
    const bitcoin = coins.find(({ id }) => id === 'bitcoin')?.market_cap ?? 0
    const share = (100 * bitcoin) / Number(sum((coin) => coin.market_cap))
    expect(Number(market?.bitcoin_share_pct)).toBeCloseTo(share, 9)
  })
})

describe.skipIf(!hasRecording(ANSWERS))(
  'a month of hourly samples and a quarter of daily ones',
  () => {
    test('are days of as many data points, but for the day that was polled', async () => {
      const charts = readRecording(ANSWERS)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { uri: string; status: number; body: string } & Dated)
        .filter(({ status }) => status === 200)
      type Dated = { readonly headers: { readonly date: string } }
      const dataDir = tempFolder()
      const records = charts.map(({ uri, body, headers }) => recordOf(uri, body, headers.date))
      await writeLog(dataDir, 'collect', records)
      await using refinery = await openRefinery(dataDir)
      await refinery.refine()
      const samples = new Map<number, number>()
      for (const { uri, body } of charts.filter(({ uri }) => uri.includes('market_chart'))) {
        expect(uri).toContain('vs_currency=usd')
        const { prices } = JSON.parse(body) as { prices: [number, number][] }
        for (const [timeMs, price] of prices) samples.set(timeMs * 1000, price)
      }
      const times = [...samples.keys()].sort((a, b) => a - b)
      const span = { fromUs: dayOf(times[0] ?? 0), toUs: dayOf(times.at(-1) ?? 0) + DAY_US }
      await foldCoinDaily(refinery.warehouse, span)
      const rows = await rowsOf(refinery.warehouse, 'gold_coin_daily')
      const days = Map.groupBy(times, dayOf)
      expect(rows.map((row) => row.day_us)).toEqual([...days.keys()])
      for (const row of rows.slice(0, -1)) {
        const prices = (days.get(Number(row.day_us)) ?? []).map((time) => samples.get(time) ?? 0)
        expect(row).toMatchObject({ source: 'chart', quote: 'USD', data_points: prices.length })
        const texts = [row.open_price, row.close_price, row.min_price, row.max_price].map(Number)
        expect(texts).toEqual([
          ...[prices[0], prices.at(-1), Math.min(...prices), Math.max(...prices)],
        ])
        const mean = prices.reduce((total, price) => total + price, 0) / prices.length
        expect(Number(row.avg_price) / mean).toBeCloseTo(1, 12)
      }
      expect(rows.at(-1)).toMatchObject({ source: 'poll', data_points: 1 })
    })
  },
)

const TAPE = 'gold/binancefut_trades_BTCUSDT_20200222_0000-0124.csv.gz'

describe.skipIf(!hasRecording(TAPE))('an hour and a half of a venue’s trades', () => {
  test('are the figures of their day, to the last digit', async () => {
    const dataDir = tempFolder()
    const about = { venue: 'binance-futures', symbol: 'BTCUSDT', kind: 'trades' as const }
    const columns = {
      trade_id: 'id',
      time: 'timestamp:us',
      price: 'price',
      size: 'amount',
      side: 'side',
    }
    await importInto(dataDir, { path: `${DATA}/${TAPE}`, ...about, columns })
    await using refinery = await openRefinery(dataDir)
    await refinery.settle()
    const trades = await heldTrades(refinery.warehouse)
    expect(trades.length).toBeGreaterThan(5000)
    const fromUs = dayOf(trades[0]?.timeUs ?? 0)
    await foldDailyKpis(refinery.warehouse, { fromUs, toUs: fromUs + DAY_US })
    const [row] = await rowsOf(refinery.warehouse, 'gold_daily_kpis')
    expect(row).toMatchObject(kpisByHand(trades)[0] ?? {})
  })
})
