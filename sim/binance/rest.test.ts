import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Simulator } from '../index.ts'
import type { Payload } from './testing.ts'
import { startBinance } from './testing.ts'

let sim: Simulator

beforeAll(async () => {
  sim = await startBinance()
})

afterAll(() => sim.stop())

async function ask<T>(path: string, from = sim) {
  const response = await fetch(`${from.urls['binance-us'].restUrl}/api/v3/${path}`)
  return { status: response.status, headers: response.headers, body: (await response.json()) as T }
}

type Aggregate = Readonly<Record<'a' | 'f' | 'l' | 'T', number>> & {
  readonly p: string
  readonly q: string
}
type Kline = readonly (string | number)[]

test('aggregates page from an id or a time, oldest first, bounds included', async () => {
  const truth = [...sim.truth({ product: 'BTCUSD' })]
  const all: Aggregate[] = []
  let fromId = (await ask<readonly Aggregate[]>('aggTrades?symbol=BTCUSD&startTime=0&limit=1'))
    .body[0]!.a
  while (all.length === 0 || all.at(-1)!.l < truth.at(-1)!.trade_id) {
    const { body } = await ask<readonly Aggregate[]>(
      `aggTrades?symbol=BTCUSD&fromId=${fromId}&limit=1000`,
    )
    expect(body[0]!.a).toBe(fromId)
    all.push(...body)
    fromId = all.at(-1)!.a + 1
  }
  expect(all[0]!.f).toBe(truth[0]!.trade_id)
  for (const [index, row] of all.slice(1).entries()) {
    expect([row.a, row.f]).toEqual([all[index]!.a + 1, all[index]!.l + 1])
  }
  const middle = all[all.length >> 1]!
  const timed = await ask<readonly Aggregate[]>(
    `aggTrades?symbol=BTCUSD&startTime=${middle.T}&endTime=${middle.T}`,
  )
  expect(timed.body).toEqual(all.filter((row) => row.T === middle.T))
  const recent = await ask<readonly Aggregate[]>('aggTrades?symbol=BTCUSD&limit=3')
  expect(recent.body.map((row) => row.a)).toEqual([2, 1, 0].map((n) => recent.body[2]!.a - n))
  const both = await ask(`aggTrades?symbol=BTCUSD&fromId=1&startTime=1`)
  expect([both.status, both.body]).toEqual([400, expect.objectContaining({ code: -1128 })])
})

test('candles are text in the order of the venue, and equal the truth', async () => {
  const truth = sim.truthCandles({ product: 'ETHUSD' }).slice(0, 2)
  const [from, to] = truth.map((candle) => candle.open_time_us / 1000)
  const { body } = await ask<readonly Kline[]>(
    `klines?symbol=ETHUSD&interval=1m&startTime=${from}&endTime=${to}`,
  )
  expect(body).toHaveLength(2)
  for (const [index, candle] of truth.entries()) {
    const row = body[index]!
    const numbers = [candle.open, candle.high, candle.low, candle.close, candle.volume].map(Number)
    expect(row.slice(1, 6).map(Number)).toEqual(numbers)
    expect([row[0], row[6], row[8]]).toEqual([
      candle.open_time_us / 1000,
      candle.open_time_us / 1000 + 59_999,
      candle.trade_count,
    ])
    expect(Number(row[7])).toBeCloseTo(Number(candle.notional), 6)
    expect(row[1]).toMatch(/^\d+\.\d{8}$/)
  }
  const latest = await ask<readonly Kline[]>('klines?symbol=ETHUSD&interval=1m')
  expect(Number(latest.body.at(-1)![6])).toBeGreaterThanOrEqual(latest.body.length)
  expect((await ask('klines?symbol=ETHUSD&interval=7m')).body).toMatchObject({ code: -1120 })
})

test('a minute without trades is flat at the close before it, and a hole is left out', async () => {
  await using quiet = await startBinance({
    historyMinutes: 30,
    products: { 'binance-us': ['BTCUSD', '1000REKTUSDT'] },
  })
  const page = () =>
    ask<readonly Kline[]>('klines?symbol=1000REKTUSDT&interval=1m&limit=1000', quiet)
  const { body } = await page()
  const flat = body.findIndex((row) => row[8] === 0)
  expect(flat).toBeGreaterThan(0)
  const close = body[flat - 1]![4]
  expect(body[flat]!.slice(1, 6)).toEqual([close, close, close, close, '0.00000000'])
  expect(body.map((row) => row[0])).toEqual(body.map((_, i) => Number(body[0]![0]) + i * 60_000))
  const fault = quiet.inject({ kind: 'kline_hole', product: '1000REKTUSDT', count: 2 })
  const opens = new Set((await page()).body.map((row) => Number(row[0]) * 1000))
  expect(fault.minutes_us).toHaveLength(2)
  expect(fault.minutes_us.map((openUs) => opens.has(openUs))).toEqual([false, false])
})

test('listing, tickers and time are told; what is unknown is refused by code', async () => {
  const info = (await ask<{ readonly symbols: readonly Payload[] }>('exchangeInfo')).body
  const bySymbol = new Map(info.symbols.map((row) => [row.symbol, row]))
  expect(bySymbol.size).toBe(16)
  expect(bySymbol.get('LUNAUSD')).toMatchObject({ status: 'BREAK' })
  expect(bySymbol.get('1000REKTUSDT')).toMatchObject({ baseAsset: '1000REKT', quoteAsset: 'USDT' })
  expect(bySymbol.has('WIFUSD')).toBe(false)
  const filters = bySymbol.get('BTCUSD')!.filters
  expect(JSON.stringify(filters)).toContain('"tickSize":"0.01000000"')
  const one = (await ask<Payload>('ticker/24hr?symbol=BTCUSD')).body
  const before = [...sim.truth({ product: 'BTCUSD', toUs: Number(one.closeTime) * 1000 })]
  expect(Number(one.lastId)).toBeGreaterThanOrEqual(before.at(-1)!.trade_id)
  expect(Number(one.lastId)).toBeLessThanOrEqual(before.at(-1)!.trade_id + 50)
  const symbols = encodeURIComponent('["BTCUSD","ETHUSD"]')
  expect((await ask<readonly Payload[]>(`ticker/24hr?symbols=${symbols}`)).body).toHaveLength(2)
  expect((await ask<readonly Payload[]>('ticker/24hr')).body).toHaveLength(15)
  const time = (await ask<{ readonly serverTime: number }>('time')).body
  expect(time.serverTime).toBeGreaterThan(1e12)
  const trades = await ask<readonly Payload[]>('trades?symbol=BTCUSD&limit=5')
  expect(trades.body.map((row) => row.id)).toEqual(
    trades.body.map((_, i) => Number(trades.body[0]!.id) + i),
  )
  const refusals = [
    'klines?symbol=NO',
    'klines',
    'aggTrades?symbol=BTCUSD&limit=x',
    'historicalTrades',
  ]
  const codes = await Promise.all(refusals.map((path) => ask<Payload>(path)))
  expect(codes.map(({ status, body }) => [status, body.code])).toEqual([
    [400, -1121],
    [400, -1102],
    [400, -1100],
    [401, -2014],
  ])
})

test('weight is told and limited: 429, then 418 for longer each time', async () => {
  const rateLimit = { perSecond: 1, burst: 1 }
  await using small = await startBinance({ rateLimit, historyMinutes: 1 })
  const statuses: number[] = []
  const waits: number[] = []
  let used = 0
  for (let i = 0; i < 12; i += 1) {
    const { status, headers } = await ask<Payload>('exchangeInfo', small)
    used = Number(headers.get('X-MBX-USED-WEIGHT-1M'))
    statuses.push(status)
    if (status !== 200) waits.push(Number(headers.get('Retry-After')))
  }
  // A minute may end in the middle of the dozen: then all of them pass twice over.
  const limited = statuses.indexOf(429)
  expect(limited).toBeGreaterThan(0)
  expect(used).toBeGreaterThan(60)
  expect(statuses.slice(limited + 1).every((status) => status === 418)).toBe(true)
  expect(waits.slice(1)).toEqual(waits.slice(1).toSorted((a, b) => a - b))
  expect(small.stats.requestsWhileBanned).toBe(statuses.length - limited - 1)
})

test('a ban as a fault ends when nobody asks during it', async () => {
  await using banned = await startBinance({ scale: 120, historyMinutes: 1 })
  banned.inject({ kind: 'ban', venue: 'binance-us' })
  const first = await ask<Payload>('ping', banned)
  expect([first.status, first.headers.get('Retry-After')]).toEqual([429, '1'])
  const again = await ask<Payload>('ping', banned)
  expect([again.status, again.headers.get('Retry-After')]).toEqual([418, '2'])
  expect(String(again.body.msg)).toMatch(/IP banned until \d{13}\./)
  await systemClock.sleep(2050)
  expect((await ask('ping', banned)).status).toBe(200)
})
