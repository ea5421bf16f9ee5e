import { describe, expect, test } from 'vitest'
import { recordOf } from '../decoded.ts'
import type { CoinSelection } from '../snapshot-source.ts'
import type { PageSummary, RestRequest } from '../venue.ts'
import { REST_DIALECT } from './endpoint.ts'
import { coingecko } from './index.ts'
import { snapshots } from './snapshots.ts'

const pageOf = (request: RestRequest, count: number): PageSummary => ({
  ...{ request, status: 200, headers: {}, count },
  ...{ leastId: 0, greatestId: 0, leastTimeUs: 0, greatestTimeUs: 0 },
})

/** All requests of a poll, each answered with so many rows. */
function poll(coins: CoinSelection, rowsOf: (page: number) => number): readonly URLSearchParams[] {
  const paths: string[] = []
  for (let request = snapshots.page(coins, null); request !== null; ) {
    paths.push(request.path)
    request = snapshots.page(coins, pageOf(request, rowsOf(paths.length)))
  }
  return paths.map((path) => new URL(path, 'http://host').searchParams)
}

describe('a poll by ids', () => {
  test('asks for each once, a hundred at a time, whatever comes back', () => {
    const ids = Array.from({ length: 250 }, (_, i) => `coin-${i}`)
    const pages = poll({ kind: 'ids', ids: [...ids, 'coin-7'] }, () => 0)
    expect(pages).toHaveLength(3)
    const asked = pages.flatMap((query) => (query.get('ids') ?? '').split(','))
    expect(asked.toSorted()).toEqual(ids.toSorted())
    for (const query of pages) expect(query.get('page')).toBe('1')
  })

  test('asks for every change and all the digits', () => {
    const [query] = poll({ kind: 'ids', ids: ['bitcoin'] }, () => 1)
    expect(query?.get('price_change_percentage')).toBe('1h,24h,7d')
    expect(query?.get('precision')).toBe('full')
    expect(query?.get('vs_currency')).toBe('usd')
  })

  test('of none asks for nothing', () => {
    expect(poll({ kind: 'ids', ids: [] }, () => 0)).toEqual([])
  })
})

describe('a poll of the first by rank', () => {
  test.each([
    [1, [1]],
    [250, [250]],
    [251, [126, 126]],
    [1000, [250, 250, 250, 250]],
  ])('of %i turns pages of one size', (count, sizes) => {
    const pages = poll({ kind: 'top', count }, () => 250)
    expect(pages.map((query) => Number(query.get('per_page')))).toEqual(sizes)
    expect(pages.map((query) => query.get('page'))).toEqual(sizes.map((_, i) => String(i + 1)))
  })

  test('goes on after a short page, and ends at an empty one', () => {
    expect(poll({ kind: 'top', count: 1000 }, (page) => (page === 1 ? 249 : 0))).toHaveLength(2)
  })
})

test('the history of a coin is samples, and candles over the least span there is of it', () => {
  const paths = (days: number) => snapshots.history('avalanche-2', days).map(({ path }) => path)
  expect(paths(10)).toEqual([
    '/coins/avalanche-2/market_chart?vs_currency=usd&precision=full&days=10',
    '/coins/avalanche-2/ohlc?vs_currency=usd&precision=full&days=14',
  ])
  expect(paths(366)[1]).toContain('days=max')
})

test('a key goes into the header of the host it is for', () => {
  const { keyHeader } = snapshots
  expect(keyHeader('https://pro-api.coingecko.com/api/v3')).toBe('x-cg-pro-api-key')
  expect(keyHeader('https://api.coingecko.com/api/v3')).toBe('x-cg-demo-api-key')
  expect(keyHeader('http://127.0.0.1:1/coingecko/api/v3')).toBe('x-cg-demo-api-key')
})

describe('what an answer says beside its status', () => {
  const NOW_US = 1_790_689_560_000_000
  const heed = (body: unknown, status: number, headers: Record<string, string> = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = { status, headers, nowUs: NOW_US, body: new TextEncoder().encode(text) }
    return coingecko.history.heed(answer)
  }
  const tooMany = { status: { error_code: 429, error_message: 'Rate Limit' } }

  test.each([200, 429])(
    'is a limit with status %i, for a minute where it does not say',
    (status) => {
      expect(heed(tooMany, status)).toEqual({
        ...{ kind: 'limited', afterMs: 60_000, message: 'Rate Limit' },
      })
    },
  )

  test('is a limit for as long as Retry-After says: seconds, or a date', () => {
    expect(heed(tooMany, 200, { 'retry-after': '7' })).toMatchObject({ afterMs: 7000 })
    const date = new Date(NOW_US / 1000 + 30_000).toUTCString()
    expect(heed('', 429, { 'retry-after': date })).toMatchObject({ afterMs: 30_000 })
    expect(heed(tooMany, 429, { 'retry-after': 'soon' })).toMatchObject({ afterMs: 60_000 })
    expect(heed(tooMany, 429, { 'retry-after': '9999999' })).toMatchObject({ afterMs: 3_600_000 })
  })

  test('is a pause of its own where it says that it has a problem', () => {
    expect(heed({ status: 500, error: 'Internal Server Error' }, 500)).toMatchObject({
      kind: 'unavailable',
    })
    expect(heed({ status: { error_code: 503 } }, 200)).toMatchObject({ kind: 'unavailable' })
  })

  test('is a no where asking again would not help', () => {
    expect(heed({ error: 'coin not found' }, 404)).toMatchObject({
      ...{ kind: 'refused', message: 'coin not found' },
    })
    expect(heed({ status: { error_code: 10_002, error_message: 'key' } }, 401)).toMatchObject({
      kind: 'refused',
    })
  })

  test('is nothing of an answer, however small or odd', () => {
    for (const body of ['[]', '{"prices":[]}', '{"bitcoin":{"usd":1}}', '{"status":"ok"}', '<p>']) {
      expect(heed(body, 200)).toBeNull()
    }
  })
})

test('the list names every coin once by id, also those that share a ticker', () => {
  const rows = [
    { id: 'bitcoin', symbol: 'btc', name: 'Bitcoin' },
    { id: 'bridged-bitcoin', symbol: 'btc', name: 'Bridged' },
    { id: '', symbol: 'x' },
    { symbol: 'y' },
    null,
  ]
  const record = recordOf(JSON.stringify(rows), { dialect: REST_DIALECT, channel: 'list' })
  const listings = coingecko.listings(record)
  expect(listings.map(({ symbol, base }) => [symbol, base])).toEqual([
    ['bitcoin', 'BTC'],
    ['bridged-bitcoin', 'BTC'],
  ])
  expect(coingecko.listings(recordOf('{"error":"x"}', { dialect: REST_DIALECT }))).toEqual([])
})

test.each([
  ['https://api.coingecko.com/api/v3/coins/markets?x=1', 'markets'],
  ['http://h/coingecko/api/v3/coins/list', 'list'],
  ['https://api.coingecko.com/api/v3/coins/bitcoin/market_chart?days=1', 'market_chart'],
  ['https://api.coingecko.com/api/v3/coins/bitcoin/market_chart/range?from=1', 'market_chart'],
  ['https://api.coingecko.com/api/v3/coins/bitcoin/ohlc?days=1', 'ohlc'],
  ['https://api.coingecko.com/api/v3/simple/price?ids=bitcoin', 'price'],
  ['https://api.coingecko.com/api/v3/global', 'global'],
  ['https://api.coingecko.com/api/v3/ping', 'ping'],
  ['https://api.coingecko.com/api/v3/coins/bitcoin', 'unknown'],
])('%s is of the channel %s', (url, channel) => {
  expect(coingecko.classify(url, 'rest')).toEqual({ dialect: REST_DIALECT, channel })
})
