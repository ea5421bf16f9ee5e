import { describe, expect, test } from 'vitest'
import type { RawRecord } from '../../market/record.ts'
import { type Decoded, decodeAll, recordOf } from '../decoded.ts'
import { decoderOf } from '../index.ts'
import { REST_DIALECT } from './endpoint.ts'

const BASE = 'https://api.coingecko.com/api/v3'

function decode(
  payload: string | object,
  about: Partial<RawRecord> & { readonly path: string; readonly status?: number },
): Decoded {
  const { path, status = 200, ...rest } = about
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const request = { url: BASE + path, status }
  const record = recordOf(text, { dialect: REST_DIALECT, origin: 'rest', request, ...rest })
  return decodeAll(decoderOf(REST_DIALECT), record)
}

const markets = (payload: string | object, status = 200) =>
  decode(payload, { channel: 'markets', path: '/coins/markets?vs_currency=usd', status })

const row = (fields: string) => `[{"id":"pepe","symbol":"pepe","name":"Pepe",${fields}}]`
const ohlc = (payload: string, days: string, about: Partial<RawRecord> = {}) =>
  decode(payload, {
    channel: 'ohlc',
    path: `/coins/bitcoin/ohlc?vs_currency=usd&days=${days}`,
    ...about,
  })

describe('numbers of a market', () => {
  test.each([
    ['70187', '70187'],
    ['70187.0', '70187'],
    ['9.76e-06', '0.00000976'],
    ['1E+3', '1000'],
    ['0.12345678901234567890123', '0.12345678901234567890123'],
    ['1e-20', '0.00000000000000000001'],
    ['1670000000000000000000', '1670000000000000000000'],
    ['0', '0'],
  ])('%s is read exactly, as %s', (text, price) => {
    const { kind, snapshots } = markets(row(`"current_price":${text}`))
    expect(kind).toBe('event')
    expect(snapshots).toMatchObject([{ price }])
  })

  test.each(['"1"', 'true', '[1]', '{}', '""'])('are refused of another type: %s', (text) => {
    const { kind, rejections } = markets(row(`"market_cap":${text}`))
    expect(kind).toBe('rejected')
    expect(rejections).toMatchObject([{ item: 0, reason: 'bad_decimal' }])
  })

  test('below zero are changes, and nothing else', () => {
    const { snapshots } = markets(row('"price_change_24h":-1.5,"price_change_percentage_24h":-2'))
    expect(snapshots).toMatchObject([{ priceChange24h: '-1.5', change24hPct: '-2' }])
    expect(markets(row('"low_24h":-1')).rejections).toMatchObject([{ reason: 'not_positive' }])
  })

  test('are null where they are null, missing or not known yet; new fields change nothing', () => {
    const bare = markets(row('"current_price":1')).snapshots
    const nulls = markets(row('"current_price":1,"max_supply":null,"last_updated":null')).snapshots
    const more = markets(row('"current_price":1,"brand_new":{"deep":[1,2]},"x":"y"')).snapshots
    expect(nulls).toEqual(bare)
    expect(more).toEqual(bare)
    expect(bare).toMatchObject([{ maxSupply: null, marketCapRank: null, change7dPct: null }])
  })

  test('are told apart by span, though the names differ in one letter', () => {
    const names = ['1h', '7d', '24h'].map((span, i) => {
      return `"price_change_percentage_${span}_in_currency":${i + 1}`
    })
    const { snapshots } = markets(row(`${names.join(',')},"price_change_percentage_24h":9`))
    expect(snapshots).toMatchObject([{ change1hPct: '1', change7dPct: '2', change24hPct: '9' }])
  })
})

describe('names of a coin', () => {
  test('may hold quotes, escapes and any script', () => {
    const name = 'Pepe "the\\frog" ペペ\n'
    const { snapshots } = markets([{ id: 'pepe', symbol: 'p"p', name, current_price: 1 }])
    expect(snapshots).toMatchObject([{ symbol: 'pepe', ticker: 'p"p', name, price: '1' }])
  })

  test('make a listing, whose base is the ticker in capitals', () => {
    const { listings } = markets([{ id: 'avalanche-2', symbol: 'avax', name: 'Avalanche' }])
    expect(listings).toMatchObject([
      { symbol: 'avalanche-2', kind: 'coin', base: 'AVAX', quote: 'USD', multiplier: 1 },
    ])
  })

  test('without a ticker make none', () => {
    expect(markets([{ id: 'x', current_price: 1 }])).toMatchObject({ listings: [] })
  })
})

describe('complaints are control, and never an empty answer', () => {
  const tooMany = { status: { error_code: 429, error_message: 'Rate Limit' } }
  test.each([200, 429])('"rate limited" with status %i', (status) => {
    for (const channel of ['markets', 'market_chart', 'ohlc', 'list', 'price']) {
      const path = `/coins/bitcoin/${channel}?vs_currency=usd`
      expect(decode(tooMany, { channel, path, status }).kind).toBe('control')
    }
  })

  test.each([
    [422, { error: 'Missing parameter vs_currency' }],
    [500, { status: 500, error: 'Internal Server Error' }],
    [404, { error: 'coin not found' }],
    [401, { error: { status: { error_code: 10_002, error_message: 'API Key Missing' } } }],
  ])('status %i: %o', (status, body) => {
    expect(markets(body, status).kind).toBe('control')
  })

  test('but what is none of its words is refused', () => {
    expect(markets('<html>1020</html>', 403).rejections).toMatchObject([{ reason: 'not_json' }])
    expect(markets([], 500).rejections).toMatchObject([{ reason: 'malformed' }])
    expect(markets({ rows: [] }).rejections).toMatchObject([{ reason: 'malformed' }])
  })
})

describe('charts', () => {
  const chart = (payload: object, path = '/coins/bitcoin/market_chart?vs_currency=usd&days=1') =>
    decode(payload, { channel: 'market_chart', path })

  test('join their lists by time and keep the last point, which is on no grid', () => {
    const { snapshots } = chart({
      prices: [
        [1_790_688_600_000, 1],
        [1_790_688_900_000, 2],
        [1_790_689_123_456, 3],
      ],
      market_caps: [[1_790_688_900_000, 20]],
      total_volumes: [
        [1_790_689_123_456, 300],
        [1_790_689_200_000, 400],
      ],
    })
    expect(
      snapshots.map(({ timeUs, price, marketCap, volume24h, source }) => {
        return [timeUs, price, marketCap, volume24h, source]
      }),
    ).toEqual([
      [1_790_688_600_000_000, '1', null, null, 'chart'],
      [1_790_688_900_000_000, '2', '20', null, 'chart'],
      [1_790_689_123_456_000, '3', null, '300', 'chart'],
      [1_790_689_200_000_000, null, null, '400', 'chart'],
    ])
  })

  test('in another currency are kept raw', () => {
    const path = '/coins/bitcoin/market_chart?vs_currency=eur&days=1'
    expect(chart({ prices: [[1_790_688_600_000, 1]] }, path).kind).toBe('raw_only')
  })

  test('without a coin in record or address are refused', () => {
    expect(chart({ prices: [] }, '/market_chart').rejections).toMatchObject([
      { reason: 'bad_symbol' },
    ])
  })
})

describe('candles', () => {
  const HALF_HOUR_US = 1_800_000_000
  const CLOSE_MS = 1_790_688_600_000

  test('are stored by their start, though stamped with their end', () => {
    const { candles } = ohlc(`[[${CLOSE_MS},1,3,1,2]]`, '1')
    expect(candles).toMatchObject([
      { openTimeUs: CLOSE_MS * 1000 - HALF_HOUR_US, intervalUs: HALF_HOUR_US, volume: '0' },
    ])
  })

  test.each([
    ['1', 0.5],
    ['14', 4],
    ['90', 96],
    ['max', 96],
  ])('alone over %s days are %d hours wide', (days, hours) => {
    const closeMs = 1_790_640_000_000
    const { candles } = ohlc(`[[${closeMs},1,1,1,1]]`, days)
    expect(candles).toMatchObject([{ intervalUs: hours * 3_600_000_000 }])
  })

  test('are as wide as most of them are apart, whatever was asked for', () => {
    const day = 86_400_000
    const first = 1_790_640_000_000
    const rows = [0, 1, 2, 4].map((n) => `[${first - (4 - n) * day},1,1,1,1]`)
    const { candles } = ohlc(`[${rows.join()}]`, '90')
    expect(candles.map(({ intervalUs }) => intervalUs)).toEqual(rows.map(() => day * 1000))
  })

  test('are closed once they are received after their end', () => {
    const at = (receivedTimeUs: number) =>
      ohlc(`[[${CLOSE_MS},1,1,1,1]]`, '1', { receivedTimeUs }).candles.map((one) => one.closed)
    expect(at(CLOSE_MS * 1000 - 1)).toEqual([false])
    expect(at(CLOSE_MS * 1000)).toEqual([true])
  })
})
