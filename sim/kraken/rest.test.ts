import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Simulator } from '../index.ts'
import { startSimulator } from '../index.ts'
import { connect, getJson } from '../testing.ts'

interface Answer<T> {
  readonly error: readonly string[]
  readonly result: T
}

type Row = readonly (string | number)[]

let sim: Simulator

beforeAll(async () => {
  sim = await startSimulator({
    seed: 3,
    venues: ['kraken'],
    products: { kraken: ['BTC/USD', 'ETH/USD', 'SOL/USD', 'BTC/USDT', 'PEPE/USD', 'REKT/USD'] },
    tradesPerSecond: 200,
    historyMinutes: 30,
    rateLimit: null,
  })
})

afterAll(() => sim.stop())

const url = (query: string) => `${sim.urls.kraken.restUrl}/0/public/${query}`
const ask = <T>(query: string) => getJson<Answer<T>>(url(query))
const text = async (query: string) => (await fetch(url(query))).text()

async function trades(query: string) {
  const { result } = await ask<Record<string, unknown>>(`Trades?${query}`)
  const [key, rows] = Object.entries(result).find(([name]) => name !== 'last')!
  return { key, rows: rows as readonly Row[], last: result.last }
}

const idsOf = (rows: readonly Row[]) => rows.map((row) => Number(row[6]))
const truthOf = (product: string) => [...sim.truth({ product })]

test('errors come with status 200, and unknown pairs are one', async () => {
  for (const [query, error] of [
    ['Trades?pair=LUNAUSD', 'EQuery:Unknown asset pair'],
    ['OHLC?pair=nonsense', 'EQuery:Unknown asset pair'],
    ['OHLC', 'EGeneral:Invalid arguments'],
    ['OHLC?pair=XBTUSD&interval=7', 'EGeneral:Invalid arguments'],
    ['Trades?pair=XBTUSD&since=-4', 'EGeneral:Invalid arguments'],
    ['Depth?pair=XBTUSD&count=501', 'EGeneral:Invalid arguments'],
    ['Nothing', 'EGeneral:Unknown method'],
  ] as const) {
    const response = await fetch(url(query))
    expect([query, response.status, await response.json()]).toEqual([
      query,
      200,
      { error: [error] },
    ])
  }
})

test('pairs are listed by old keys, or by the symbols of version 2', async () => {
  const old = (await ask<Record<string, Record<string, unknown>>>('AssetPairs')).result
  expect(Object.keys(old)).toEqual([
    'XXBTZUSD',
    'XETHZUSD',
    'SOLUSD',
    'XBTUSDT',
    'PEPEUSD',
    'REKTUSD',
  ])
  expect(old.XXBTZUSD).toMatchObject({
    altname: 'XBTUSD',
    wsname: 'XBT/USD',
    base: 'XXBT',
    quote: 'ZUSD',
    pair_decimals: 1,
    status: 'online',
  })
  const fresh = (await ask<Record<string, object>>('AssetPairs?assetVersion=1')).result
  expect(fresh['BTC/USD']).toMatchObject({ base: 'BTC', quote: 'USD', wsname: 'XBT/USD' })
  const one = (await ask<Record<string, object>>('AssetPairs?pair=XBTUSD,SOL/USD')).result
  expect(Object.keys(one)).toEqual(['XXBTZUSD', 'SOLUSD'])
})

test('trades are the latest thousand, exact, under a key that is not the name asked', async () => {
  const { key, rows, last } = await trades('pair=XBTUSD')
  expect([key, rows.length]).toEqual(['XXBTZUSD', 1000])
  expect((await trades('pair=BTC/USD')).key).toBe('XXBTZUSD')
  expect((await trades('pair=XBTUSDT&count=1')).key).toBe('XBTUSDT')
  expect(last).toMatch(/^\d{19}$/)
  const ids = idsOf(rows)
  expect(ids).toEqual(ids.map((_, i) => ids[0]! + i))
  const truth = new Map(truthOf('BTC/USD').map((trade) => [trade.trade_id, trade]))
  for (const [price, size, time, side, kind, misc, id] of rows) {
    const trade = truth.get(Number(id))!
    expect([Number(price), Number(size)]).toEqual([Number(trade.price), Number(trade.size)])
    expect([side, misc]).toEqual([trade.side === 'buy' ? 'b' : 's', ''])
    expect(['m', 'l']).toContain(kind)
    expect(price).toMatch(/\.\d{5}$/)
    expect(size).toMatch(/\.\d{8}$/)
    expect(typeof time).toBe('number')
  }
})

test('times have seven decimals that agree with the socket to the microsecond', async () => {
  const body = await text('Trades?pair=XBTUSD&count=200')
  const truth = new Map(truthOf('BTC/USD').map((trade) => [trade.trade_id, trade.time_us]))
  const times = [...body.matchAll(/,(\d{10})\.(\d{1,7}),"[bs]","[ml]","",(\d+)\]/g)]
  expect(times).toHaveLength(200)
  for (const [, seconds, fraction, id] of times) {
    expect(Number(`${seconds}${fraction!.padEnd(7, '0').slice(0, 6)}`)).toBe(truth.get(Number(id)))
  }
  expect(times.some(([, , fraction]) => fraction!.length === 7)).toBe(true)
})

test('pages go on after `last`, and lose trades of one time at the seam', async () => {
  const all = truthOf('BTC/USD')
  // A page that ends inside a sweep: its last row and the next trade have one time.
  const at = all.findIndex((trade, i) => i > 50 && all[i + 1]!.time_us === trade.time_us)
  const since = `${all[at - 20]!.time_us * 1000 - 1}`
  const start = all.findIndex((trade) => trade.time_us === all[at - 20]!.time_us)
  const page = await trades(`pair=XBTUSD&since=${since}&count=${at - start + 1}`)
  expect(idsOf(page.rows)).toEqual(all.slice(start, at + 1).map((trade) => trade.trade_id))
  const next = await trades(`pair=XBTUSD&since=${page.last}&count=5`)
  expect(idsOf(next.rows)[0]).toBeGreaterThan(all[at]!.trade_id + 1)
  const healed = await trades(`pair=XBTUSD&since=${BigInt(String(page.last)) - 1n}`)
  expect(idsOf(healed.rows)).toContain(all[at]!.trade_id + 1)
})

test('history is paged whole where pages overlap by a nanosecond', async () => {
  const all = truthOf('SOL/USD').map((trade) => trade.trade_id)
  const walked = new Set<number>()
  let since = '0'
  while (walked.size < all.length) {
    const page = await trades(`pair=SOLUSD&since=${since}&count=1000`)
    for (const id of idsOf(page.rows)) walked.add(id)
    since = String(BigInt(String(page.last)) - 1n)
  }
  expect([...walked].slice(0, all.length)).toEqual(all)
})

test('`since` may be in seconds, and comes back where there is nothing newer', async () => {
  const all = truthOf('SOL/USD')
  const second = Math.floor(all[10]!.time_us / 1e6)
  const page = await trades(`pair=SOLUSD&since=${second}`)
  expect(idsOf(page.rows)[0]).toBe(all.find((trade) => trade.time_us >= second * 1e6)!.trade_id)
  const future = `${BigInt(Math.floor(sim.startUs + 3600e6)) * 1000n}`
  expect(await trades(`pair=SOLUSD&since=${future}`)).toMatchObject({ rows: [], last: future })
})

test('bars are 721 rows, flat where nothing was traded, the last not committed', async () => {
  const { result } = await ask<Record<string, readonly Row[]> & { last: number }>(
    'OHLC?pair=REKTUSD&interval=1',
  )
  const rows = result.REKTUSD!
  expect(rows).toHaveLength(721)
  expect(rows.map((row) => row[0])).toEqual(rows.map((_, i) => Number(rows[0]![0]) + i * 60))
  expect(result.last).toBe(rows.at(-2)![0])
  const truth = new Map(
    sim.truthCandles({ product: 'REKT/USD' }).map((candle) => [candle.open_time_us / 1e6, candle]),
  )
  let [flat, close] = [0, '']
  for (const [time, open, high, low, end, vwap, volume, count] of rows.slice(0, -1)) {
    const candle = truth.get(Number(time))
    if (candle === undefined) {
      flat += 1
      expect([high, low, end, vwap, volume, count]).toEqual([open, open, open, '0.0', zero, 0])
      if (close !== '') expect(open).toBe(close)
    } else {
      expect([Number(open), Number(high), Number(low), Number(end), count]).toEqual([
        Number(candle.open),
        Number(candle.high),
        Number(candle.low),
        Number(candle.close),
        candle.trade_count,
      ])
      expect(Number(volume)).toBe(Number(candle.volume))
      const average = Number(candle.notional) / Number(candle.volume)
      expect(Number(vwap) / average).toBeLessThan(1 + 1e-12)
      expect(average - Number(vwap)).toBeLessThan(10 ** -String(vwap).split('.')[1]!.length)
    }
    close = String(end)
  }
  expect(flat).toBeGreaterThan(0)
  expect(truth.size).toBeGreaterThan(3)
})

const zero = '0.00000000'

test('only newer bars are told to one who polls, and holes are left out', async () => {
  const { result } = await ask<Record<string, readonly Row[]>>('OHLC?pair=XBTUSD')
  const rows = result.XXBTZUSD!
  const polled = await ask<Record<string, readonly Row[]>>(
    `OHLC?pair=XBTUSD&since=${rows.at(-4)![0]}`,
  )
  expect(polled.result.XXBTZUSD!.length).toBeGreaterThanOrEqual(3)
  expect(polled.result.XXBTZUSD![0]![0]).toBe(rows.at(-3)![0])
  const hole = sim.inject({ kind: 'kline_hole', product: 'ETH/USD' })
  const eth = await ask<Record<string, readonly Row[]>>('OHLC?pair=ETHUSD')
  const opens = eth.result.XETHZUSD!.map((row) => Number(row[0]) * 1e6)
  expect(opens).toHaveLength(720)
  expect(opens).not.toContain(hole.minutes_us[0])
})

test('tickers, depth, time and status are told', async () => {
  type Ticker = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  const { result } = await ask<Ticker>('Ticker?pair=XBTUSD,ETHUSD')
  expect(Object.keys(result)).toEqual(['XXBTZUSD', 'XETHZUSD'])
  const ticker = result.XXBTZUSD!
  expect(Object.keys(ticker).toSorted().join('')).toBe('abchloptv')
  expect(Number(ticker.a![0])).toBeGreaterThan(Number(ticker.b![0]))
  type Depth = Readonly<Record<string, { asks: readonly Row[]; bids: readonly Row[] }>>
  const depth = (await ask<Depth>('Depth?pair=BTC/USD&count=25')).result.XXBTZUSD!
  expect([depth.asks.length, depth.bids.length]).toEqual([25, 25])
  expect(Number(depth.asks[0]![0])).toBeGreaterThan(Number(depth.bids[0]![0]))
  expect((await ask('Time')).result).toMatchObject({ unixtime: expect.any(Number) })
  expect((await ask('SystemStatus')).result).toMatchObject({ status: 'online' })
})

test('the venue answers its faults in its own words, and pages bend', async () => {
  const error = async (query = 'Trades?pair=XBTUSD') => {
    const response = await fetch(url(query))
    return [response.status, ((await response.json()) as Answer<unknown>).error[0]]
  }
  sim.inject({ kind: 'rest_status' })
  expect(await error()).toEqual([200, 'EService:Unavailable'])
  sim.inject({ kind: 'rest_status', status: 200 })
  expect(await error()).toEqual([200, 'EService:Busy'])
  sim.inject({ kind: 'rest_status', status: 502 })
  expect((await error())[0]).toBe(502)
  sim.inject({ kind: 'rest_429', retryAfterSeconds: null })
  expect(await error()).toEqual([200, 'EAPI:Rate limit exceeded'])
  const before = await trades('pair=XBTUSD&since=0&count=100')
  const next = `pair=XBTUSD&since=${before.last}&count=20`
  const whole = idsOf((await trades(next)).rows)
  sim.inject({ kind: 'rest_short', rows: 3 })
  expect(idsOf((await trades(next)).rows)).toEqual(whole.slice(0, 3))
  sim.inject({ kind: 'rest_overlap', rows: 4 })
  expect(idsOf((await trades(next)).rows).slice(4)).toEqual(whole)
  sim.inject({ kind: 'rest_empty' })
  expect(await trades(next)).toMatchObject({ rows: [], last: before.last })
  sim.inject({ kind: 'rest_truncate' })
  await expect(trades(next)).rejects.toThrow()
})

test('a call too many is limited, for each pair by itself; a ban says when it ends', async () => {
  await using strict = await startSimulator({
    venues: ['kraken'],
    products: { kraken: ['BTC/USD', 'ETH/USD'] },
    historyMinutes: 0,
  })
  const get = (query: string) =>
    getJson<Answer<unknown>>(`${strict.urls.kraken.restUrl}/0/public/${query}`)
  const answers = await Promise.all(
    Array.from({ length: 14 }, () => get('OHLC?pair=XBTUSD&interval=1')),
  )
  const limited = answers.filter((it) => it.error[0] === 'EAPI:Rate limit exceeded')
  expect(limited).toHaveLength(4)
  expect((await get('OHLC?pair=BTC/USD')).error).toHaveLength(1)
  expect((await get('OHLC?pair=ETHUSD')).error).toEqual([])
  expect((await get('Trades?pair=XBTUSD')).error).toEqual([])
  strict.inject({ kind: 'ban', seconds: 60 })
  const [banned] = (await get('Time')).error
  const until = Number(/^EService:Throttled: (\d{10})$/.exec(banned!)![1])
  expect(until - strict.startUs / 1e6).toBeGreaterThan(59)
  expect((await get('Time')).error[0]).toMatch(/^EService:Throttled: \d{10}$/)
  expect(strict.stats.requestsWhileBanned).toBe(1)
})

test('socket and REST tell one trade the same', async () => {
  await using client = await connect(sim.urls.kraken.wsUrl)
  const params = { channel: 'trade', symbol: ['PEPE/USD'], snapshot: true }
  client.send({ method: 'subscribe', params })
  await client.until(() => client.of('snapshot').length === 1)
  const told = client.of('snapshot')[0]!.data as readonly Record<string, unknown>[]
  const { rows } = await trades('pair=PEPEUSD')
  const byId = new Map(rows.map((row) => [Number(row[6]), row]))
  for (const trade of told) {
    const row = byId.get(Number(trade.trade_id))!
    expect([trade.price, trade.qty]).toEqual([Number(row[0]), Number(row[1])])
    expect(String(trade.side)[0]).toBe(row[3])
    expect(String(trade.ord_type)[0]).toBe(row[4])
  }
})
