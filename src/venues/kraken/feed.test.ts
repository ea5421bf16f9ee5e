import { describe, expect, test } from 'vitest'
import type { Subscription } from '../venue.ts'
import { books } from './books.ts'
import { feed } from './feed.ts'

function subscriptions(channel: string, count: number): Subscription[] {
  return Array.from({ length: count }, (_, i) => ({ channel, symbol: `S${i}/USD` }))
}

function parse(text: string): { method: string; params: Record<string, unknown>; req_id: number } {
  return JSON.parse(text) as never
}

describe('asking for subscriptions', () => {
  test('is one request for each channel, under the id that answers repeat', () => {
    const wanted = [
      { channel: 'trade', symbol: 'BTC/USD' },
      { channel: 'ohlc', symbol: 'BTC/USD' },
      { channel: 'trade', symbol: 'ETH/USD' },
      { channel: 'instrument', symbol: '' },
    ]
    const asks = feed.subscribe(wanted, 40)
    expect(asks.map(({ text }) => parse(text))).toEqual([
      {
        method: 'subscribe',
        params: { channel: 'trade', symbol: ['BTC/USD', 'ETH/USD'], snapshot: true },
        req_id: 40,
      },
      {
        method: 'subscribe',
        params: { channel: 'ohlc', symbol: ['BTC/USD'], interval: 1, snapshot: true },
        req_id: 41,
      },
      { method: 'subscribe', params: { channel: 'instrument', snapshot: true }, req_id: 42 },
    ])
    expect(asks.map(({ id }) => id)).toEqual([40, 41, 42])
    expect(asks.flatMap((ask) => ask.subscriptions)).toHaveLength(4)
  })

  test('takes a hundred symbols to a request', () => {
    const asks = feed.subscribe(subscriptions('trade', 250), 1)
    const sizes = asks.map(({ text }) => (parse(text).params.symbol as string[]).length)
    expect(sizes).toEqual([100, 100, 50])
    expect(asks.map(({ id }) => id)).toEqual([1, 2, 3])
  })

  test('leaves with what was asked for: the width of candles, the depth of books', () => {
    const wanted = [
      { channel: 'ohlc', symbol: 'BTC/USD' },
      { channel: 'book', symbol: 'BTC/USD' },
    ]
    expect(feed.unsubscribe(wanted, 1).map(({ text }) => parse(text).params)).toEqual([
      { channel: 'ohlc', symbol: ['BTC/USD'], interval: 1 },
      { channel: 'book', symbol: ['BTC/USD'], depth: books.depth },
    ])
    expect(feed.bookChannel).toBe('book')
  })
})

describe('a frame', () => {
  const route = (text: string) => feed.route(new TextEncoder().encode(text))
  const trade = (symbol: string, id: number, time: string) =>
    `{"symbol":"${symbol}","side":"buy","price":1,"qty":1,"ord_type":"limit","trade_id":${id},` +
    `"timestamp":"${time}"}`

  test('of trades speaks of its first symbol, by the highest id, in whatever order', () => {
    const list = [
      trade('BTC/USD', 8, '2026-08-02T05:43:39.000002Z'),
      trade('BTC/USD', 9, '2026-08-02T05:43:39.000001Z'),
      trade('ETH/USD', 99, '2026-08-02T05:43:40.000000Z'),
      trade('BTC/USD', 7, '2026-08-02T05:43:39.000000Z'),
    ].join()
    const exact = route(`{"channel":"trade","type":"update","data":[${list}]}`)
    expect(exact).toMatchObject({ kind: 'data', channel: 'trade', symbol: 'BTC/USD', lastId: 9 })
    expect(exact.eventTimeUs).toBe(Date.parse('2026-08-02T05:43:39Z') * 1000 + 2)
    expect(route(`{"type":"update","channel":"trade","data":[${list}]}`)).toEqual(exact)
  })

  test('that limits our rate refuses no symbol, even where it names one', () => {
    const told = route('{"error":"Exceeded msg rate","method":"subscribe","symbol":"BTC/USD"}')
    expect(told).toMatchObject({ kind: 'error', symbol: null, message: 'Exceeded msg rate' })
    expect(told.requestId).toBeUndefined()
  })

  test('of a recording of the older WebSocket is told apart by its channel and pair', () => {
    expect(route('[321,[["1","1","1616333924.7","b","m",""]],"trade","XBT/USD"]')).toMatchObject({
      kind: 'data',
      channel: 'trade',
      symbol: 'BTC/USD',
      lastId: -1,
    })
    expect(route('[1,{"as":[],"bs":[]},"book-25","XDG/USD"]').channel).toBe('book-25')
    expect(route('[1,2]').kind).toBe('unknown')
  })

  test('that tells of a restricted engine is a complaint, of an open one is not', () => {
    const status = (system: string) =>
      route(`{"channel":"status","type":"update","data":[{"system":"${system}"}]}`)
    for (const system of ['maintenance', 'cancel_only', 'post_only']) {
      expect(status(system)).toMatchObject({ kind: 'error', symbol: null })
      expect(status(system).message).toContain(system)
    }
    expect(status('online').kind).toBe('data')
  })
})
