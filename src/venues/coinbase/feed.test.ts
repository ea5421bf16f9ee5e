import { describe, expect, test } from 'vitest'
import { advancedFeed, exchangeFeed } from './feed.ts'
import { coinbase } from './index.ts'

const encode = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const exchange = (value: unknown) => exchangeFeed.route(encode(value))
const advanced = (value: unknown) => advancedFeed.route(encode(value))
const TIME_US = 1_790_689_558_467_935
const TIME = '2026-09-29T13:45:58.467935Z'

describe('subscribing to the Exchange', () => {
  test('asks for all channels and products in one request', () => {
    const wanted = ['BTC-USD', 'ETH-USD'].flatMap((symbol) =>
      exchangeFeed.channels.map((channel) => ({ channel, symbol })),
    )
    const frames = exchangeFeed.subscribe([...wanted, { channel: 'status', symbol: '' }], 4)
    expect(frames.map(({ id, subscriptions }) => [id, subscriptions.length])).toEqual([[4, 7]])
    expect(frames.map(({ text }) => JSON.parse(text))).toEqual([
      {
        type: 'subscribe',
        product_ids: ['BTC-USD', 'ETH-USD'],
        channels: ['matches', 'heartbeat', 'ticker', 'status'],
      },
    ])
  })

  test('gives channels their own products where they differ', () => {
    const [ask] = exchangeFeed.unsubscribe(
      [
        { channel: 'matches', symbol: 'BTC-USD' },
        { channel: 'matches', symbol: 'ETH-USD' },
        { channel: 'ticker', symbol: 'BTC-USD' },
        { channel: 'status', symbol: '' },
      ],
      1,
    )
    expect(JSON.parse(ask?.text ?? '')).toEqual({
      type: 'unsubscribe',
      channels: [
        { name: 'matches', product_ids: ['BTC-USD', 'ETH-USD'] },
        { name: 'ticker', product_ids: ['BTC-USD'] },
        'status',
      ],
    })
  })

  test('asks for nothing when nothing is wanted', () => {
    expect(exchangeFeed.subscribe([], 1)).toEqual([])
    expect(advancedFeed.subscribe([], 1)).toEqual([])
  })
})

test('subscribing to Advanced Trade takes one request for each channel', () => {
  const frames = advancedFeed.subscribe(
    [
      { channel: 'market_trades', symbol: 'BTC-USD' },
      { channel: 'market_trades', symbol: 'ETH-USD' },
      { channel: 'heartbeats', symbol: '' },
    ],
    7,
  )
  expect(frames.map(({ id, subscriptions }) => [id, subscriptions.length])).toEqual([
    [7, 2],
    [8, 1],
  ])
  expect(frames.map(({ text }) => JSON.parse(text))).toEqual([
    { type: 'subscribe', product_ids: ['BTC-USD', 'ETH-USD'], channel: 'market_trades' },
    { type: 'subscribe', channel: 'heartbeats' },
  ])
})

describe('a frame of the Exchange', () => {
  const about = { product_id: 'BTC-USD', time: TIME }
  const route = { symbol: 'BTC-USD', eventTimeUs: TIME_US }

  test.each([
    ['match', { trade_id: 7 }, { kind: 'data', channel: 'matches', lastId: 7 }],
    ['last_match', { trade_id: 7 }, { kind: 'data', channel: 'matches', lastId: 7 }],
    ['ticker', { trade_id: 9 }, { kind: 'data', channel: 'ticker', lastId: 9 }],
    ['ticker', {}, { kind: 'data', channel: 'ticker', lastId: -1 }],
    ['heartbeat', { last_trade_id: 9 }, { kind: 'heartbeat', channel: 'heartbeat', lastId: 9 }],
    ['heartbeat', { last_trade_id: 0 }, { kind: 'heartbeat', channel: 'heartbeat', lastId: -1 }],
    ['l2update', {}, { kind: 'data', channel: 'level2_batch', lastId: -1 }],
    ['open', {}, { kind: 'data', channel: 'full', lastId: -1 }],
  ])('of type %s with %j is routed as %j', (type, fields, expected) => {
    expect(exchange({ type, ...about, ...fields })).toEqual({ ...route, ...expected })
  })

  test('acknowledges everything that is subscribed, under the names that are asked for', () => {
    const ack = {
      type: 'subscriptions',
      channels: [
        { name: 'matches', product_ids: ['ETH-USD', 'BTC-USD'], account_ids: null },
        { name: 'level2_50', product_ids: ['BTC-USD'] },
        { name: 'status', product_ids: [] },
      ],
    }
    const { kind, ack: acked } = exchange(ack)
    expect(kind).toBe('ack')
    expect(acked).toEqual({
      kind: 'whole',
      subscriptions: [
        { channel: 'matches', symbol: 'ETH-USD' },
        { channel: 'matches', symbol: 'BTC-USD' },
        { channel: 'level2_batch', symbol: 'BTC-USD' },
        { channel: 'status', symbol: '' },
      ],
    })
  })

  test('may be a complaint, in the words of the venue', () => {
    const complaint = { type: 'error', message: 'Failed to subscribe', reason: 'X is delisted' }
    expect(exchange(complaint)).toMatchObject({
      kind: 'error',
      message: 'Failed to subscribe: X is delisted',
    })
  })

  test.each(['', '{', 'null', '[]', '{}', '{"type":5}', '{"type":"toString"}', '{"type":"new"}'])(
    'is unknown where it is %j',
    (frame) => {
      expect(exchange(frame)).toMatchObject({ kind: 'unknown', symbol: null, lastId: -1 })
    },
  )

  test('with an ack that is none is unknown', () => {
    expect(exchange({ type: 'subscriptions', channels: [{ name: 5 }] }).kind).toBe('unknown')
  })
})

describe('a frame of Advanced Trade', () => {
  test('of trades is routed by its first product, with the newest id and time', () => {
    const trade = { product_id: 'BTC-USD', price: '1', size: '1', side: 'BUY' }
    const trades = [
      { ...trade, trade_id: '12', time: TIME },
      { ...trade, trade_id: '11', time: '2026-09-29T13:45:57Z' },
      { ...trade, trade_id: '99', time: TIME, product_id: 'ETH-USD' },
    ]
    expect(advanced({ channel: 'market_trades', timestamp: TIME, events: [{ trades }] })).toEqual({
      kind: 'data',
      channel: 'market_trades',
      symbol: 'BTC-USD',
      lastId: 12,
      eventTimeUs: TIME_US,
    })
  })

  test.each([
    ['ticker', { tickers: [{ product_id: 'BTC-USD' }] }, 'ticker'],
    ['candles', { candles: [{ product_id: 'BTC-USD' }] }, 'candles'],
    ['l2_data', { product_id: 'BTC-USD', updates: [] }, 'level2'],
  ])('of %s is data of its product', (channel, event, subscribed) => {
    const route = advanced({ channel, timestamp: TIME, events: [event] })
    expect(route).toMatchObject({ kind: 'data', channel: subscribed, symbol: 'BTC-USD' })
  })

  test('may be a heartbeat, an ack or a complaint', () => {
    const heartbeat = { channel: 'heartbeats', timestamp: TIME, events: [{}] }
    expect(advanced(heartbeat)).toMatchObject({ kind: 'heartbeat', eventTimeUs: TIME_US })
    const subscriptions = { market_trades: ['BTC-USD'], heartbeats: ['heartbeats'] }
    expect(advanced({ channel: 'subscriptions', events: [{ subscriptions }] })).toMatchObject({
      kind: 'ack',
      ack: {
        kind: 'whole',
        subscriptions: [
          { channel: 'market_trades', symbol: 'BTC-USD' },
          { channel: 'heartbeats', symbol: '' },
        ],
      },
    })
    expect(advanced({ type: 'error', message: 'no' })).toMatchObject({
      kind: 'error',
      message: 'no',
    })
  })

  test.each(['', '[]', '{}', '{"channel":5}', '{"channel":"subscriptions","events":5}'])(
    'is unknown where it is %j',
    (frame) => {
      expect(advanced(frame).kind).toBe('unknown')
    },
  )
})

test('recordings are told apart by their address', () => {
  const { classify } = coinbase
  const rest = (channel: string) => ({ dialect: 'coinbase/rest', channel })
  expect(classify('wss://ws-feed.pro.coinbase.com', 'ws').dialect).toBe('coinbase/exchange')
  expect(classify('wss://advanced-trade-ws.coinbase.com', 'ws').dialect).toBe('coinbase/advanced')
  expect(classify('https://api.pro.coinbase.com/products', 'rest')).toEqual(rest('products'))
  expect(classify('https://host/products/BTC-USD/trades?after=5', 'rest')).toEqual(rest('trades'))
  expect(classify('/products/BTC-USD/candles?granularity=60', 'rest')).toEqual(rest('candles'))
  expect(classify('https://host/products/BTC-USD/book', 'rest')).toEqual(rest('unknown'))
  expect(classify('', 'rest')).toEqual(rest('unknown'))
})
