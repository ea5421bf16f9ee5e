import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { defaultProducts, resolveProducts } from '../market/catalogue.ts'
import { createMarket } from '../market/market.ts'
import type { PageBend } from '../venue-sim.ts'
import { WHOLE_PAGE } from '../venue-sim.ts'
import { coinsOf, figuresAt, updatedUs } from './coin.ts'
import { numberText } from './number-text.ts'
import { createCoinGeckoRest } from './rest.ts'

const START_US = 1_790_689_560_000_000
const RESTS = { reason: 'limited', retryAfterSeconds: null, untilUs: null } as const

function open(retryAfter = false) {
  const market = createMarket({
    products: resolveProducts(defaultProducts('coingecko'), 'coingecko'),
    ...{ seed: 7, startUs: START_US, tradesPerSecond: 5, historyMinutes: 90 },
    tradesHeldMax: 1_000_000,
  })
  const scenery = { random: createRandom('scenery'), retryAfter, rateLimit: undefined }
  const rest = createCoinGeckoRest({ market, ...scenery })
  const ask = (target: string, bend: PageBend = WHOLE_PAGE) => {
    const { pathname: path, searchParams: query } = new URL(`/api/v3${target}`, 'http://host')
    const request = { path, query, address: 'a', nowUs: market.timeUs, nowMs: 0 }
    const { status, body, headers } = rest.answer(request, bend)
    return { status, body, headers, value: JSON.parse(body) as unknown, request }
  }
  const later = (seconds: number) =>
    market.advanceTo(market.timeUs + seconds * 1e6, () => undefined)
  return { market, rest, ask, later, coins: coinsOf(market) }
}

type Row = Record<string, unknown>
const MARKETS = '/coins/markets?vs_currency=usd&precision=full'

describe('markets', () => {
  test('are ranked by capitalisation, paged, and leave out what nobody knows', () => {
    const { ask, coins } = open()
    const rows = ask(`${MARKETS}&per_page=250`).value as Row[]
    expect(rows).toHaveLength(coins.length)
    const caps = rows.map((row) => Number(row.market_cap) || 0)
    expect(caps).toEqual(caps.toSorted((a, b) => b - a))
    const pages = [1, 2, 9].map((page) => ask(`${MARKETS}&per_page=15&page=${page}`).value as Row[])
    expect(pages.map((page) => page.length)).toEqual([15, coins.length - 15, 0])
    expect(pages.flat().map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
    const some = ask(`${MARKETS}&ids=bitcoin,polygon,pepe`).value as Row[]
    expect(some.map(({ id }) => id).toSorted()).toEqual(['bitcoin', 'pepe'])
  })

  test('have nulls, exponents, and whole numbers beside broken ones', () => {
    const { ask } = open()
    const { body, value } = ask(`${MARKETS}&price_change_percentage=1h,24h,7d`)
    const rows = value as Row[]
    expect(rows.some((row) => row.market_cap === null && row.market_cap_rank === null)).toBe(true)
    expect(rows.some((row) => row.max_supply === null)).toBe(true)
    expect(rows.every((row) => row.price_change_percentage_7d_in_currency === null)).toBe(true)
    expect(rows.some((row) => row.price_change_percentage_1h_in_currency !== null)).toBe(true)
    expect(body).toMatch(/"current_price":[0-9.]+e-0[0-9]/)
    expect(body).toMatch(/"total_supply":[0-9]+\.0[,}]/)
  })

  test('stay as they are until they are computed anew, each coin at its own time', () => {
    const { ask, later, coins, market } = open()
    const times = (value: unknown) => (value as Row[]).map((row) => row.last_updated)
    const first = ask(MARKETS)
    expect(new Set(times(first.value)).size).toBeGreaterThan(coins.length / 2)
    // A second on, all but the few whose turn it was are the same to the letter.
    later(1)
    const changed = times(ask(MARKETS).value).filter((time, i) => time !== times(first.value)[i])
    expect(changed.length).toBeLessThan(5)
    later(70)
    expect(times(ask(MARKETS).value)).not.toContain(times(first.value)[0])
    const [bitcoin] = ask(`${MARKETS}&ids=bitcoin`).value as Row[]
    const coin = coins.find(({ id }) => id === 'bitcoin')!
    const at = updatedUs(coin, market.timeUs)
    expect(bitcoin?.last_updated).toBe(new Date(at / 1000).toISOString())
    const truth = figuresAt(coin, at)
    later(600)
    expect(figuresAt(coin, at)).toEqual(truth)
    expect(bitcoin?.current_price).toBe(Number(truth.current_price))
  })

  test('bend as faults ask', () => {
    const { ask } = open()
    const second = `${MARKETS}&per_page=5&page=2`
    const ids = (value: unknown) => (value as Row[]).map(({ id }) => id)
    expect(ids(ask(second, { rowsMax: 2, overlap: 0 }).value)).toHaveLength(2)
    const overlapping = ids(ask(second, { rowsMax: null, overlap: 1 }).value)
    const [last] = ids(ask(`${MARKETS}&per_page=5&page=1`).value).slice(-1)
    expect(overlapping[0]).toBe(last)
  })

  test('are not told without a currency', () => {
    const { ask } = open()
    expect(ask('/coins/markets')).toMatchObject({
      ...{ status: 422, value: { error: 'Missing parameter vs_currency' } },
    })
  })
})

describe('history', () => {
  test('of a day is samples near five minutes, and the last one is now', () => {
    const { ask, market } = open()
    const path = '/coins/bitcoin/market_chart?vs_currency=usd&days=1'
    const { prices, market_caps, total_volumes } = ask(path).value as Record<string, number[][]>
    expect(prices!.length).toBeGreaterThan(15)
    expect([market_caps!.length, total_volumes!.length]).toEqual([prices!.length, prices!.length])
    const times = prices!.map(([ms]) => ms!)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBe(Math.floor(market.timeUs / 1000))
    expect(times.some((ms) => ms % 300_000 !== 0)).toBe(true)
  })

  test('as candles is stamped with their end, and the last is still forming', () => {
    const { ask, market } = open()
    const rows = ask('/coins/bitcoin/ohlc?vs_currency=usd&days=1').value as number[][]
    expect(rows.length).toBeGreaterThan(2)
    for (const [ms, open_, high, low, close] of rows) {
      expect(ms! % 1_800_000).toBe(0)
      expect(high).toBeGreaterThanOrEqual(Math.max(open_!, close!))
      expect(low).toBeLessThanOrEqual(Math.min(open_!, close!))
    }
    expect(rows.at(-1)![0]! * 1000).toBeGreaterThan(market.timeUs)
    expect(ask('/coins/bitcoin/ohlc?vs_currency=usd&days=2').status).toBe(422)
  })

  test('of a coin that nobody knows is not found', () => {
    const answer = open().ask('/coins/polygon/ohlc?vs_currency=usd&days=1')
    expect(answer).toMatchObject({ status: 404, value: { error: 'coin not found' } })
  })
})

test('tickers are not unique in the list, ids are', () => {
  const rows = open().ask('/coins/list').value as Row[]
  const ids = rows.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(rows.filter(({ symbol }) => symbol === 'btc').length).toBeGreaterThan(1)
})

test('simple prices are by id, in seconds, without what is not known', () => {
  const { ask } = open()
  const path = '/simple/price?ids=bitcoin,nowhere&vs_currencies=usd&include_last_updated_at=true'
  const value = ask(path).value as Record<string, Row>
  expect(Object.keys(value)).toEqual(['bitcoin'])
  expect(Number(value.bitcoin?.last_updated_at)).toBeLessThan(START_US / 1e6)
})

describe('a request too many', () => {
  test('is refused with either status, and says when to come back if it is told to', () => {
    for (const retryAfter of [true, false]) {
      const { rest, ask } = open(retryAfter)
      const { request } = ask('/ping')
      const answers = Array.from({ length: 60 }, () => rest.admit(request)).filter(
        (answer) => answer !== null,
      )
      expect(answers).toHaveLength(30)
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]))
      for (const { body, headers } of answers) {
        expect(JSON.parse(body)).toMatchObject({ status: { error_code: 429 } })
        expect(headers?.['Retry-After']).toBe(retryAfter ? '1' : undefined)
      }
    }
  })

  test('is refused by a fault as the fault says', () => {
    const { rest } = open()
    expect(rest.refuse({ ...RESTS, status: 200 })).toMatchObject({ status: 200, headers: {} })
    expect(rest.refuse({ ...RESTS, status: 429, retryAfterSeconds: 7 })).toMatchObject({
      ...{ status: 429, headers: { 'Retry-After': '7' } },
    })
    expect(rest.refuse({ ...RESTS, reason: 'failed', status: null })).toMatchObject({ status: 503 })
  })
})

test.each([
  [70_187, '70187', '70187.0'],
  [84_140.83, '84140.83', '84140.83'],
  [9.76e-6, '0.00000976', '9.76e-06'],
  [1.5e-7, '1.5e-7', '1.5e-07'],
  [1e-12, '1e-12', '1e-12'],
  [-2.5e-5, '-0.000025', '-2.5e-05'],
  [0, '0', '0.0'],
])('%d is written %s, or %s', (value, short, float) => {
  expect(numberText(value, 'short')).toBe(short)
  expect(numberText(value, 'float')).toBe(float)
})
