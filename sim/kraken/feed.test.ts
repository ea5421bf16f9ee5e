import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Simulator, TruthTrade } from '../index.ts'
import { startSimulator } from '../index.ts'
import type { TestClient } from '../testing.ts'
import { connect } from '../testing.ts'
import { bookChecksum } from './checksum.ts'

type Row = Readonly<Record<string, unknown>>

let sim: Simulator

beforeAll(async () => {
  sim = await startSimulator({
    seed: 11,
    venues: ['kraken'],
    products: { kraken: ['BTC/USD', 'ETH/USD', 'PEPE/USD', 'SOL/USD', 'REKT/USD'] },
    tradesPerSecond: 200,
    historyMinutes: 20,
    rateLimit: null,
  })
})

afterAll(() => sim.stop())

const dial = () => connect(sim.urls.kraken.wsUrl)
const jsons = (client: TestClient): readonly Row[] =>
  client.frames.flatMap(({ json }) => (json === null ? [] : [json]))
const told = (client: TestClient, channel: string, type: string) =>
  jsons(client).filter((json) => json.channel === channel && json.type === type)
const rows = (client: TestClient, channel: string, type: string) =>
  told(client, channel, type).flatMap((json) => json.data as readonly Row[])
const answers = (client: TestClient) => jsons(client).filter((json) => json.channel === undefined)

function ask(client: TestClient, channel: string, symbol: readonly string[], more: object = {}) {
  client.send({ method: 'subscribe', params: { channel, symbol, ...more }, req_id: 7 })
}

/** The digits of a field as they stand in the frames of a channel. */
function texts(client: TestClient, channel: string, field: string): readonly string[] {
  return client.frames
    .filter(({ json }) => json?.channel === channel)
    .flatMap(({ bytes }) => [...String(bytes).matchAll(new RegExp(`"${field}":([^,}]*)`, 'g'))])
    .map(([, text]) => text!)
}

/** A JSON number as canonical decimal text. */
function plain(text: string): string {
  const [mantissa = '', exponent = '0'] = text.split('e-')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = whole.padStart(Number(exponent) + 1, '0')
  const cut = digits.length - Number(exponent)
  const all = `${digits.slice(0, cut)}.${digits.slice(cut)}${fraction}`
  return all.replace(/0+$/, '').replace(/\.$/, '')
}

test.concurrent('a status comes first, its connection id beyond what a double holds', async () => {
  await using client = await dial()
  await client.until(() => client.frames.length > 0)
  expect(rows(client, 'status', 'update')[0]).toMatchObject({ system: 'online', api_version: 'v2' })
  expect(String(client.frames[0]!.bytes)).toMatch(/"connection_id":1[0-7]\d{18},/)
})

test.concurrent('every symbol has its own ack, a refused one costs no other', async () => {
  await using client = await dial()
  const good = ['BTC/USD', 'ETH/USD', 'PEPE/USD', 'SOL/USD']
  ask(client, 'trade', [...good, 'XBT/USDT', 'BTCUSD', 'BTC/*'], { snapshot: true })
  await client.until(() => answers(client).length === 7)
  const acks = answers(client).filter((answer) => answer.success === true)
  expect(acks.map((ack) => (ack.result as Row).symbol)).toEqual(expect.arrayContaining(good))
  expect(acks[0]).toMatchObject({ method: 'subscribe', req_id: 7, result: { channel: 'trade' } })
  expect(Number(acks[0]!.time_out !== acks[0]!.time_in)).toBe(1)
  const errors = answers(client).filter((answer) => answer.success === false)
  expect(errors.map((error) => error.result)).toEqual([undefined, undefined, undefined])
  expect(new Map(errors.map((error) => [error.symbol, error.error]))).toEqual(
    new Map([
      ['XBT/USDT', 'Currency pair not supported XBT/USDT'],
      ['BTCUSD', 'Currency pair not in ISO 4217-A3 format BTCUSD'],
      ['BTC/*', 'Currency pair not in ISO 4217-A3 format BTC/*'],
    ]),
  )
  const order = jsons(client).map(
    (json) => (json.result as Row | undefined)?.symbol ?? json.channel,
  )
  expect(order.indexOf('trade')).toBeGreaterThan(1)
  expect(client.socket.readyState).toBe(1)
})

test.concurrent('acks come in varying order', async () => {
  const orders = new Set<string>()
  await using client = await dial()
  for (const method of ['subscribe', 'unsubscribe', 'subscribe', 'unsubscribe']) {
    const before = answers(client).length
    const symbol = ['BTC/USD', 'ETH/USD', 'PEPE/USD', 'SOL/USD', 'REKT/USD']
    client.send({ method, params: { channel: 'ticker', symbol } })
    await client.until(() => answers(client).length === before + 5)
    const acks = answers(client).slice(before)
    orders.add(acks.map((ack) => (ack.result as Row).symbol).join())
  }
  expect(orders.size).toBeGreaterThan(1)
})

test.concurrent('requests that make no sense are refused and the connection lives on', async () => {
  await using client = await dial()
  client.socket.send('no json')
  client.send({ method: 'subscribe', params: { channel: 'trades', symbol: ['BTC/USD'] } })
  ask(client, 'trade', [])
  ask(client, 'book', ['BTC/USD'], { depth: 7 })
  ask(client, 'ohlc', ['BTC/USD'], { interval: 2 })
  ask(client, 'trade', ['BTC/USD'])
  ask(client, 'trade', ['BTC/USD'])
  client.send({ method: 'unsubscribe', params: { channel: 'book', symbol: ['BTC/USD'] } })
  client.send({ method: 'ping', req_id: 101 })
  await client.until(() => answers(client).length === 9)
  expect(answers(client).map((answer) => answer.error ?? answer.method)).toEqual([
    'Malformed request',
    'Malformed request',
    'Pair(s) not found',
    'Subscription depth not supported',
    'Subscription ohlc interval not supported',
    'subscribe',
    'Already subscribed',
    'Subscription Not Found',
    'pong',
  ])
  expect(answers(client).at(-1)).toMatchObject({ req_id: 101, time_in: expect.any(String) })
})

test.concurrent('a client that floods is told so and still served', async () => {
  await using client = await dial()
  for (let i = 0; i < 60; i += 1) client.send({ method: 'ping', req_id: i })
  const over = () =>
    answers(client).filter((it) => (it.error ?? it.Error) === 'Exceeded msg rate').length
  await client.until(() => answers(client).length === 60)
  expect(over()).toBeGreaterThanOrEqual(10)
  expect(sim.stats.venues.kraken!.messagesOverLimit).toBe(over())
})

test.concurrent('trades come with their fifty newest before them, or without', async () => {
  await using client = await dial()
  ask(client, 'trade', ['BTC/USD'], { snapshot: true })
  ask(client, 'trade', ['ETH/USD'])
  await client.until(() => rows(client, 'trade', 'update').length > 200)
  const snapshot = rows(client, 'trade', 'snapshot')
  expect(snapshot).toHaveLength(50)
  expect(new Set(snapshot.map((row) => row.symbol))).toEqual(new Set(['BTC/USD']))
  const updates = rows(client, 'trade', 'update').filter((row) => row.symbol === 'BTC/USD')
  const ids = [...snapshot, ...updates].map((row) => Number(row.trade_id))
  expect(ids).toEqual(ids.map((_, i) => ids[0]! + i))
})

test.concurrent('a message holds a whole sweep: one time, one taker, consecutive ids', async () => {
  await using client = await dial()
  ask(client, 'trade', ['BTC/USD'])
  await client.until(() => told(client, 'trade', 'update').length > 60)
  const sweeps = told(client, 'trade', 'update')
    .map((json) => json.data as readonly Row[])
    .filter((data) => data.length > 1)
  expect(sweeps.length).toBeGreaterThan(10)
  for (const sweep of sweeps) {
    for (const field of ['timestamp', 'side', 'ord_type', 'symbol']) {
      expect(new Set(sweep.map((row) => row[field])).size).toBe(1)
    }
    const ids = sweep.map((row) => Number(row.trade_id))
    expect(ids).toEqual(ids.map((_, i) => ids[0]! + i))
  }
})

test.concurrent('numbers are bare, exact to the digit, and small ones have exponents', async () => {
  await using client = await dial()
  ask(client, 'trade', ['BTC/USD', 'PEPE/USD', 'REKT/USD'], { snapshot: true })
  await client.until(() => rows(client, 'trade', 'update').length > 100)
  const [prices, sizes] = [texts(client, 'trade', 'price'), texts(client, 'trade', 'qty')]
  expect(prices.filter((text) => /^\d(\.\d+)?e-0\d$/.test(text)).length).toBeGreaterThan(10)
  expect(sizes.some((text) => text.endsWith('.0'))).toBe(true)
  const truth = new Map<string, TruthTrade>(
    [...sim.truth()].map((trade) => [`${trade.product} ${trade.trade_id}`, trade]),
  )
  const trades = [...rows(client, 'trade', 'snapshot'), ...rows(client, 'trade', 'update')]
  const order = client.frames.flatMap(({ json }) =>
    json?.channel === 'trade' ? (json.data as readonly Row[]) : [],
  )
  expect(order).toHaveLength(trades.length)
  for (const [i, row] of order.entries()) {
    const trade = truth.get(`${row.symbol} ${row.trade_id}`)!
    expect([plain(prices[i]!), plain(sizes[i]!)]).toEqual([trade.price, trade.size])
    expect([row.side, row.timestamp]).toEqual([trade.side, trade.time])
    expect(row.timestamp).toMatch(/\.\d{6}Z$/)
  }
})

test.concurrent('bars begin with a snapshot without tradeless minutes', async () => {
  await using client = await dial()
  ask(client, 'ohlc', ['BTC/USD', 'REKT/USD'], { interval: 1 })
  await client.until(() => told(client, 'ohlc', 'snapshot').length === 2)
  expect(answers(client)[0]).toMatchObject({
    result: { interval: 1, warnings: ['timestamp is deprecated, use interval_begin'] },
  })
  const all = rows(client, 'ohlc', 'snapshot')
  const begins = (symbol: string) =>
    all.filter((row) => row.symbol === symbol).map((row) => String(row.interval_begin))
  expect(begins('BTC/USD').length).toBeGreaterThanOrEqual(12)
  expect(begins('REKT/USD').length).toBeLessThan(begins('BTC/USD').length)
  expect(begins('BTC/USD')).toEqual(begins('BTC/USD').toSorted())
  for (const row of all) {
    expect(row.interval_begin).toMatch(/:00\.000000000Z$/)
    expect(row.timestamp).toMatch(/:00\.000000Z$/)
    const begin = Date.parse(String(row.interval_begin))
    expect(Date.parse(String(row.timestamp)) - begin).toBe(60_000)
  }
  const first = all.find((row) => row.symbol === 'BTC/USD')!
  const fromUs = Date.parse(String(first.interval_begin)) * 1000
  const [truth] = sim.truthCandles({ product: 'BTC/USD', fromUs })
  expect(first).toMatchObject({
    open: Number(truth!.open),
    close: Number(truth!.close),
    volume: Number(truth!.volume),
    trades: truth!.trade_count,
  })
  const average = Number(truth!.notional) / Number(truth!.volume)
  expect(Number(first.vwap)).toBeLessThanOrEqual(average)
  expect(average - Number(first.vwap)).toBeLessThan(0.1001)
})

test.concurrent('bars are told on trades alone, each time whole', async () => {
  await using client = await dial()
  ask(client, 'ohlc', ['BTC/USD'], { interval: 1, snapshot: false })
  ask(client, 'trade', ['BTC/USD'])
  await client.until(() => rows(client, 'ohlc', 'update').length > 40)
  expect(told(client, 'ohlc', 'snapshot')).toEqual([])
  const counts = rows(client, 'ohlc', 'update').map((row) => Number(row.trades))
  expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  const bars = told(client, 'ohlc', 'update').length
  expect(bars).toBeLessThanOrEqual(told(client, 'trade', 'update').length)
  expect(told(client, 'ohlc', 'update')[0]!.timestamp).toMatch(/\.\d{9}Z$/)
})

test.concurrent('a ticker is told at once and then on trades', async () => {
  await using client = await dial()
  ask(client, 'ticker', ['BTC/USD'])
  await client.until(() => rows(client, 'ticker', 'update').length > 5)
  const [first] = rows(client, 'ticker', 'snapshot')
  expect(Object.keys(first!)).toEqual(
    'symbol bid bid_qty ask ask_qty last volume vwap low high change change_pct timestamp'.split(
      ' ',
    ),
  )
  expect(Number(first!.bid)).toBeLessThan(Number(first!.ask))
})

test.concurrent('the instrument channel has no symbols, and its data is an object', async () => {
  await using client = await dial()
  client.send({ method: 'subscribe', params: { channel: 'instrument' } })
  await client.until(() => told(client, 'instrument', 'snapshot').length === 1)
  const [{ data }] = told(client, 'instrument', 'snapshot') as [{ data: Record<string, Row[]> }]
  expect(data.assets!.map((asset) => asset.id)).toContain('USD')
  expect(data.pairs!.find((pair) => pair.symbol === 'PEPE/USD')).toMatchObject({
    base: 'PEPE',
    status: 'online',
    price_precision: 9,
    price_increment: 1e-9,
  })
})

test.concurrent('heartbeats come after a subscription, when nothing else does', async () => {
  await using deaf = await dial()
  await using quiet = await dial()
  await using busy = await dial()
  ask(deaf, 'trade', ['LUNA/USD'])
  ask(quiet, 'trade', ['REKT/USD'])
  ask(busy, 'trade', ['BTC/USD'])
  const beats = (client: TestClient) => client.frames.filter(({ json }) => isBeat(json)).length
  const isBeat = (json: Row | null) => json?.channel === 'heartbeat'
  await quiet.until(() => beats(quiet) >= 2)
  expect([beats(deaf), beats(busy)]).toEqual([0, 0])
  expect(String(quiet.frames.find(({ json }) => isBeat(json))!.bytes)).toBe(
    '{"channel":"heartbeat"}',
  )
})

interface Side {
  readonly price: string
  readonly qty: string
}

/** Follows the book frames as a client must: texts kept, order of telling, cut to the depth. */
function followBook(client: TestClient, depth: number): { frames: number; wrong: number } {
  const sides = { bids: new Map<string, string>(), asks: new Map<string, string>() }
  const sorted = (side: 'bids' | 'asks'): readonly Side[] =>
    [...sides[side]]
      .map(([price, qty]) => ({ price, qty }))
      .toSorted((a, b) => (Number(a.price) - Number(b.price)) * (side === 'bids' ? -1 : 1))
  let wrong = 0
  const frames = client.frames.filter(({ json }) => json?.channel === 'book')
  for (const { json, bytes } of frames) {
    if (json!.type === 'snapshot') for (const side of Object.values(sides)) side.clear()
    for (const side of ['bids', 'asks'] as const) {
      const list = new RegExp(`"${side}":\\[([^\\]]*)\\]`).exec(String(bytes))![1]!
      for (const [, price, qty] of list.matchAll(/"price":([\d.]+),"qty":([\d.]+)/g)) {
        if (Number(qty) === 0) sides[side].delete(price!)
        else sides[side].set(price!, qty!)
      }
      sides[side] = new Map(
        sorted(side)
          .slice(0, depth)
          .map((level) => [level.price, level.qty]),
      )
    }
    const [row] = json!.data as readonly Row[]
    if (bookChecksum(sorted('asks'), sorted('bids')) !== row!.checksum) wrong += 1
  }
  return { frames: frames.length, wrong }
}

test.concurrent.each([10, 100])(
  'a book of depth %i can be followed by its checksums',
  async (depth) => {
    await using client = await dial()
    ask(client, 'book', ['BTC/USD'], { depth })
    await client.until(() => told(client, 'book', 'update').length > 10)
    const [snapshot] = rows(client, 'book', 'snapshot')
    expect((snapshot!.bids as Row[]).length).toBe(depth)
    expect(followBook(client, depth).wrong).toBe(0)
    expect(
      texts(client, 'book', 'qty').every((qty) => /\.\d{8}$/.test(qty.replace(/].*/, ''))),
    ).toBe(true)
  },
)

test.concurrent('a spoilt book update breaks checksums until a new subscription', async () => {
  await using client = await dial()
  const book = { channel: 'book', symbol: ['ETH/USD'], depth: 10 }
  client.send({ method: 'subscribe', params: book })
  await client.until(() => told(client, 'book', 'update').length > 2)
  const fault = sim.inject({ kind: 'book_corrupt', product: 'ETH/USD' })
  await client.until(() => fault.hits === 1 && followBook(client, 10).wrong > 0)
  client.send({ method: 'unsubscribe', params: book })
  await client.until(() => answers(client).length === 2)
  const before = followBook(client, 10).wrong
  client.send({ method: 'subscribe', params: book })
  await client.until(() => told(client, 'book', 'snapshot').length === 2)
  const count = told(client, 'book', 'update').length
  await client.until(() => told(client, 'book', 'update').length > count + 3)
  expect(followBook(client, 10).wrong).toBe(before)
})

test.concurrent('what is unsubscribed stops, and the rest goes on', async () => {
  await using client = await dial()
  ask(client, 'trade', ['BTC/USD', 'ETH/USD'])
  await client.until(() => rows(client, 'trade', 'update').length > 20)
  client.send({ method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USD'] } })
  await client.until(() => answers(client).some((it) => it.method === 'unsubscribe'))
  const at = client.frames.length
  await systemClock.sleep(200)
  await client.until(() => client.frames.length > at + 20)
  const after = client.frames.slice(at).flatMap(({ json }) => (json!.data ?? []) as Row[])
  expect(new Set(after.map((row) => row.symbol))).toEqual(new Set(['ETH/USD']))
})
