import { describe, expect, test } from 'vitest'
import { recordOf } from '../decoded.ts'
import { readBook } from '../read-book.ts'
import { books } from './books.ts'

const read = (payload: unknown) =>
  readBook(books, recordOf(JSON.stringify(payload), { dialect: 'binance-us/stream' }))

const snapshotAt = (
  payload: unknown,
  url: string,
  status = 200,
  symbol: string | null = 'BTCUSD',
) =>
  readBook(
    books,
    recordOf(JSON.stringify(payload), {
      dialect: 'binance-us/rest',
      origin: 'rest',
      symbol,
      request: { url, status },
    }),
  )

const UPDATE = {
  e: 'depthUpdate',
  E: 1_617_643_092_236,
  s: 'BTCUSD',
  U: 157,
  u: 160,
  b: [['0.9890', '800.00000000']],
  a: [
    ['0.9900', '0.00000000'],
    ['0.9901', '5'],
  ],
}

const EXPECTED = {
  symbol: 'BTCUSD',
  kind: 'update',
  firstId: 157,
  lastId: 160,
  checksum: null,
  depth: null,
  levels: ['bid 0.9890 800.00000000', 'ask 0.9900 0.00000000', 'ask 0.9901 5'],
}

const SNAPSHOT = { lastUpdateId: 158, bids: [['0.9890', '800']], asks: [['0.9900', '1', []]] }

describe('books of Binance', () => {
  test('are numbered changes, in the wrapper of the combined stream or without', () => {
    expect(read({ stream: 'btcusd@depth@100ms', data: UPDATE })).toEqual([EXPECTED])
    expect(read(UPDATE)).toEqual([EXPECTED])
  })

  test('are joined by snapshots of the symbol that was asked for, with their id', () => {
    const url = 'https://api.binance.us/api/v3/depth?symbol=BTCUSD&limit=1000'
    expect(snapshotAt(SNAPSHOT, url)).toEqual([
      {
        symbol: 'BTCUSD',
        kind: 'snapshot',
        firstId: null,
        lastId: 158,
        checksum: null,
        depth: 1000,
        levels: ['bid 0.9890 800', 'ask 0.9900 1'],
      },
    ])
    expect(snapshotAt(SNAPSHOT, '/api/v3/depth?symbol=BTCUSD')).toMatchObject([{ depth: 100 }])
  })

  test('are known by the symbol in the address, where a recording says no more', () => {
    const url = 'https://api.binance.us/api/v1/depth?symbol=ETHBTC&limit=1000'
    expect(snapshotAt(SNAPSHOT, url, 200, null)).toMatchObject([{ symbol: 'ETHBTC' }])
    expect(snapshotAt(SNAPSHOT, '/api/v3/depth', 200, null)).toBeNull()
  })

  test('are asked for over REST in the channel of their changes', () => {
    expect(books.snapshot('BTCUSD')).toEqual({
      channel: 'depth@100ms',
      symbol: 'BTCUSD',
      path: '/api/v3/depth?symbol=BTCUSD&limit=1000',
      weight: 10,
    })
    expect(books.channels).toContain('depth@100ms')
  })

  test('are no partial books, which name no symbol and follow nothing', () => {
    const partial = { lastUpdateId: 160, bids: [['1', '1']], asks: [] }
    expect(read({ stream: 'btcusd@depth20', data: partial })).toEqual([])
    expect(read(partial)).toEqual([])
  })

  test('are no answers, complaints or other streams', () => {
    expect(read({ result: null, id: 1 })).toEqual([])
    expect(read({ stream: 'btcusd@trade', data: { e: 'trade', s: 'BTCUSD' } })).toEqual([])
    expect(snapshotAt({ code: -1003, msg: 'banned' }, '/api/v3/depth', 418)).toEqual([])
  })

  test.each([
    ['ids in the wrong order', { ...UPDATE, U: 161 }],
    ['an id that is text', { ...UPDATE, u: '160' }],
    ['no symbol', { ...UPDATE, s: undefined }],
    ['a level cut short', { ...UPDATE, b: [['1']] }],
    ['levels that are no list', { ...UPDATE, a: 'none' }],
  ])('cannot be read with %s', (_, payload) => {
    expect(read({ stream: 'btcusd@depth@100ms', data: payload })).toBeNull()
  })

  test('cannot be read from a snapshot without its id', () => {
    expect(snapshotAt({ bids: [], asks: [] }, '/api/v3/depth')).toBeNull()
  })
})
