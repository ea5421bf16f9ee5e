import { describe, expect, test } from 'vitest'
import { feed } from './feed.ts'
import { binanceUs } from './index.ts'

const route = (value: unknown) =>
  feed.route(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)))

describe('subscribing', () => {
  test('names streams in small letters, under the id that is given', () => {
    const wanted = ['BTCUSD', '1000REKTUSDT'].flatMap((symbol) =>
      feed.channels.map((channel) => ({ channel, symbol })),
    )
    const [ask] = feed.subscribe(wanted, 12)
    expect(JSON.parse(ask?.text ?? '')).toEqual({
      method: 'SUBSCRIBE',
      params: [
        'btcusd@aggTrade',
        'btcusd@kline_1m',
        '1000rektusdt@aggTrade',
        '1000rektusdt@kline_1m',
      ],
      id: 12,
    })
    expect(ask).toMatchObject({ id: 12, subscriptions: wanted })
    expect(JSON.parse(feed.unsubscribe(wanted, 13)[0]?.text ?? '')).toMatchObject({
      method: 'UNSUBSCRIBE',
      id: 13,
    })
  })

  test('takes a request for each fifty streams, with ids of their own', () => {
    const wanted = Array.from({ length: 120 }, (_, at) => ({ channel: 'trade', symbol: `S${at}` }))
    const asks = feed.subscribe(wanted, 5)
    const sizes = asks.map(({ id, subscriptions }) => [id, subscriptions.length])
    expect(sizes).toEqual([
      [5, 50],
      [6, 50],
      [7, 20],
    ])
  })
})

test('requests and pings stay far below five messages a second', () => {
  const { messagesPerSecond, pingEveryMs } = feed.limits
  expect(messagesPerSecond + 1000 / Number(pingEveryMs)).toBeLessThan(3)
})

test('a connection ends before the venue’s own 24 hours', () => {
  expect(feed.limits.lifeMsMax).toBe(23 * 3_600_000)
})

test('an end that is announced asks for another connection', () => {
  expect(route('{"e":"serverShutdown","E":1790689558500}').endsSoon).toBe(true)
  expect(route('{"e":"trade","E":1790689558500}').endsSoon).toBeUndefined()
})

describe('an answer', () => {
  test('acknowledges the request it names, and nothing else', () => {
    expect(route('{"result":null,"id":7}').ack).toEqual({ kind: 'request', id: 7 })
    expect(route('{"result":null}').kind).toBe('unknown')
    expect(route('{"result":null,"id":"x"}').kind).toBe('unknown')
    expect(route('{"result":["btcusd@aggTrade"],"id":7}').kind).toBe('unknown')
  })

  test('is a complaint, with the id of its request where there is one', () => {
    const error = { code: 2, msg: 'Invalid request' }
    const message = 'Invalid request (code 2)'
    expect(route(error)).toMatchObject({ kind: 'error', message })
    expect(route(error)).not.toHaveProperty('requestId')
    expect(route({ ...error, id: 9 })).toMatchObject({ message, requestId: 9 })
    expect(route({ error, id: 9 })).toMatchObject({ kind: 'error', message, requestId: 9 })
    expect(route({ code: 0, msg: 'x'.repeat(5000) }).kind).toBe('unknown')
  })
})

describe('a frame', () => {
  const TIME = 1_790_689_558_467
  const aggregate = { e: 'aggTrade', E: TIME + 1, s: 'BTCUSD', f: 5, l: 9, T: TIME }

  test('is told by its stream and by its payload alike', () => {
    const expected = {
      kind: 'data',
      channel: 'aggTrade',
      symbol: 'BTCUSD',
      lastId: 9,
      eventTimeUs: TIME * 1000,
    }
    expect(route(aggregate)).toEqual(expected)
    expect(route({ stream: 'btcusd@aggTrade', data: aggregate })).toEqual(expected)
  })

  test.each([
    [{ e: 'trade', s: 'BTCUSD', t: 51, T: TIME, E: TIME }, 'trade', 51],
    [{ e: 'kline', s: 'BTCUSD', E: TIME, k: { i: '1m', L: 51 } }, 'kline_1m', 51],
    [{ e: 'kline', s: 'BTCUSD', E: TIME, k: { i: '1m', L: -1 } }, 'kline_1m', -1],
    [{ e: 'depthUpdate', s: 'BTCUSD', E: TIME, U: 1, u: 2, b: [], a: [] }, 'depth@100ms', -1],
    [{ e: '24hrTicker', s: 'BTCUSD', E: TIME, L: 51 }, 'ticker', -1],
    [{ e: '24hrMiniTicker', s: 'BTCUSD', E: TIME }, 'miniTicker', -1],
    [{ u: 1, s: 'BTCUSD', b: '1', B: '1', a: '1', A: '1' }, 'bookTicker', -1],
  ])('%j is of %s and speaks of trade %i', (payload, channel, lastId) => {
    expect(route(payload)).toMatchObject({ kind: 'data', channel, symbol: 'BTCUSD', lastId })
  })

  test('without a symbol of its own has that of its stream, in capitals', () => {
    const data = { lastUpdateId: 1, bids: [], asks: [] }
    const routed = route({ stream: 'btcusd@depth20@100ms', data })
    expect(routed).toMatchObject({ channel: 'depth20@100ms', symbol: 'BTCUSD', eventTimeUs: 0 })
    expect(route({ stream: '!ticker@arr', data: [] })).toMatchObject({ symbol: null })
  })

  test('claims no trades for an aggregate that is none', () => {
    expect(route({ ...aggregate, l: 4 }).lastId).toBe(-1)
    expect(route({ ...aggregate, l: 9_000_000 }).lastId).toBe(-1)
    expect(route({ ...aggregate, T: TIME * 1000 }).eventTimeUs).toBe(0)
  })

  test.each(['', '{', 'null', '[]', '7', '{}', '{"e":5}', '{"e":"toString"}', '{"stream":"x@y"}'])(
    'is unknown where it is %j',
    (frame) => {
      expect(route(frame)).toMatchObject({ kind: 'unknown', symbol: null, lastId: -1 })
    },
  )
})

test('recordings are told apart by their address', () => {
  const { classify } = binanceUs
  const ws = (url: string) => classify(url, 'ws').dialect
  const rest = (url: string) => Object.values(classify(url, 'rest')).join(' ')
  expect(ws('wss://stream.binance.us:9443/stream?streams=a@trade')).toBe('binance-us/stream')
  expect(ws('wss://stream.binance.com:9443/ws')).toBe('binance/stream')
  expect(ws('wss://fstream.binance.com/stream')).toBe('binance-futures/stream')
  expect(ws('ws://127.0.0.1:80/binance-us/stream')).toBe('binance-us/stream')
  expect(rest('https://api.binance.us/api/v3/aggTrades?symbol=A')).toBe('binance-us/rest aggTrades')
  expect(rest('https://www.binance.com/api/v1/depth?symbol=A')).toBe('binance/rest depth')
  expect(rest('https://api.binance.com/api/v3/ticker/24hr')).toBe('binance/rest ticker24hr')
  expect(rest('http://127.0.0.1/binance-us/api/v3/klines?a')).toBe('binance-us/rest klines')
  expect(rest('/api/v3/exchangeInfo')).toBe('binance-us/rest exchangeInfo')
  expect(rest('https://fapi.binance.com/fapi/v1/klines')).toBe('binance-futures/rest unknown')
  expect(rest('https://notbinance.com/api/v3/toString')).toBe('binance-us/rest unknown')
})

test('symbols are spelled without a sign between, lots by their table', () => {
  expect(binanceUs.spell('BTC', 'USD')).toBe('BTCUSD')
  expect(binanceUs.spell('REKT', 'USDT')).toBe('1000REKTUSDT')
  expect(binanceUs.spell('1INCH', 'USD')).toBe('1INCHUSD')
  expect(binanceUs.spell('toString', 'USD')).toBe('toStringUSD')
})
