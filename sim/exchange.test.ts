import { createConnection } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import type { Simulator } from './index.ts'
import { startSimulator } from './index.ts'
import { connect, getJson, subscribed } from './testing.ts'

let sim: Simulator

beforeAll(async () => {
  sim = await startSimulator({ seed: 11, tradesPerSecond: 300, historyMinutes: 2, rateLimit: null })
})

afterAll(() => sim.stop())

interface RestTrade {
  readonly trade_id: number
  readonly time: string
  readonly price: string
  readonly size: string
  readonly side: string
}

async function page(product: string, query: string) {
  const response = await fetch(`${sim.restUrl}/products/${product}/trades?${query}`)
  return {
    rows: (await response.json()) as readonly RestTrade[],
    before: response.headers.get('CB-BEFORE'),
    after: response.headers.get('CB-AFTER'),
  }
}

test('a subscription is acknowledged, then told the last trade, then every one', async () => {
  await using client = await subscribed(sim.wsUrl, ['BTC-USD', 'ETH-USD'])
  await client.until(() => client.of('match').length > 100)
  expect(client.frames[0]!.json).toMatchObject({ type: 'subscriptions' })
  expect(client.of('last_match')).toHaveLength(2)
  for (const product of ['BTC-USD', 'ETH-USD']) {
    const last = client.of('last_match').find((frame) => frame.product_id === product)!
    const ids = client.of('match').flatMap((m) => (m.product_id === product ? [m.trade_id] : []))
    expect(ids).toEqual(ids.map((_, i) => Number(last.trade_id) + 1 + i))
  }
  expect(Object.keys(client.of('match')[0]!)).toEqual([
    'type',
    'trade_id',
    'maker_order_id',
    'taker_order_id',
    'side',
    'size',
    'price',
    'product_id',
    'sequence',
    'time',
  ])
})

test('acks are cumulative, name channels of old, and shuffle products', async () => {
  await using client = await subscribed(sim.wsUrl, ['BTC-USD', 'ETH-USD'], ['matches'])
  const extra = { name: 'level2_batch', product_ids: ['SOL-USD'] }
  client.send({ type: 'subscribe', channels: [extra, 'status'] })
  await client.until(
    () => client.of('subscriptions').length === 2 && client.of('status').length > 0,
  )
  const [, second] = client.of('subscriptions')
  expect(second!.channels).toMatchObject([
    { name: 'matches', account_ids: null },
    { name: 'level2_50', product_ids: ['SOL-USD'], account_ids: null },
    { name: 'status', product_ids: [] },
  ])
  expect(client.of('snapshot')[0]).toMatchObject({ product_id: 'SOL-USD' })
  client.send({ type: 'unsubscribe', channels: ['matches'] })
  await client.until(() => client.of('subscriptions').length === 3)
  expect(JSON.stringify(client.of('subscriptions')[2])).not.toContain('matches')
})

test('a bad product costs one error a channel and the others are served', async () => {
  await using client = await subscribed(
    sim.wsUrl,
    ['BTC-USD', 'LUNA-USD'],
    ['matches', 'heartbeat', 'full'],
  )
  expect(client.of('error').map((error) => error.reason)).toEqual([
    'LUNA-USD is delisted',
    'LUNA-USD is delisted',
    'full requires authentication',
  ])
  expect(client.of('subscriptions')[0]!.channels).toMatchObject([
    { name: 'matches', product_ids: ['BTC-USD'] },
    { name: 'heartbeat', product_ids: ['BTC-USD'] },
  ])
})

test('a heartbeat comes on the whole second and tells the last trade before it', async () => {
  await using client = await subscribed(sim.wsUrl, ['BTC-USD'])
  await client.until(() => client.of('heartbeat').length >= 2)
  for (const beat of client.of('heartbeat')) {
    expect(beat.time).toMatch(/:\d\d\.000000Z$/)
    const beatUs = Date.parse(String(beat.time)) * 1000
    const before = [...sim.truth({ product: 'BTC-USD', toUs: beatUs })].at(-1)!
    expect(beat.last_trade_id).toBe(before.trade_id)
  }
})

test('a ticker tells the taker side of an order, and a match the maker side', async () => {
  await using client = await subscribed(sim.wsUrl, ['BTC-USD'], ['matches', 'ticker'])
  await client.until(() => client.of('ticker').length > 30)
  const matches = new Map(client.of('match').map((match) => [match.trade_id, match]))
  const told = client.of('ticker').filter((ticker) => matches.has(Number(ticker.trade_id)))
  expect(told.length).toBeGreaterThan(20)
  expect(client.of('ticker').length).toBeLessThan(client.of('match').length)
  for (const ticker of told) {
    const match = matches.get(Number(ticker.trade_id))!
    expect([match.side, ticker.side].toSorted()).toEqual(['buy', 'sell'])
    const next = matches.get(Number(ticker.trade_id) + 1)
    expect(next?.taker_order_id).not.toBe(match.taker_order_id)
  }
})

test('a client that does not subscribe is cut', async () => {
  await using hasty = await startSimulator({ historyMinutes: 0, subscribeDeadlineMs: 100 })
  await using client = await connect(hasty.wsUrl)
  expect(await client.closed).toBe(1008)
})

test('REST pages walk back through exactly what was streamed', async () => {
  await using client = await subscribed(sim.wsUrl, ['BTC-USD'])
  await client.until(() => client.of('match').length > 150)
  const matches = [...client.of('match')]
  const newest = Number(matches.at(-1)!.trade_id)
  const rows: RestTrade[] = []
  let after = newest + 1
  while (rows.length < matches.length) {
    const answer = await page('BTC-USD', `after=${after}&limit=40`)
    expect(answer.before).toBe(String(answer.rows[0]!.trade_id))
    expect(answer.after).toBe(String(answer.rows.at(-1)!.trade_id))
    rows.push(...answer.rows)
    after = Number(answer.after)
  }
  const streamed = matches.map(({ trade_id, time, price, size, side }) => ({
    time,
    trade_id,
    price,
    size,
    side,
  }))
  expect(rows.slice(0, streamed.length).toReversed()).toEqual(streamed)
  expect(await page('BTC-USD', 'after=1')).toEqual({ rows: [], before: null, after: null })
  expect((await page('BTC-USD', `before=${newest - 5}&after=${newest + 1}`)).rows).toHaveLength(5)
})

test('REST lists products and refuses what it does not know', async () => {
  const list = await (await fetch(`${sim.restUrl}/products`)).json()
  expect(list).toHaveLength(4)
  expect(list).toContainEqual(await (await fetch(`${sim.restUrl}/products/BTC-USD`)).json())
  const missing = await fetch(`${sim.restUrl}/products/NO-USD/trades`)
  expect([missing.status, await missing.json()]).toEqual([404, { message: 'NotFound' }])
})

test('REST candles are numbers, newest first, inclusive at both ends', async () => {
  const ask = <T = { readonly message: string }>(query: string) =>
    getJson<T>(`${sim.restUrl}/products/ETH-USD/candles?${query}`)
  const truth = sim.truthCandles({ product: 'ETH-USD' }).slice(0, 2)
  const rows = await ask(
    `granularity=60&start=${truth[0]!.open_time}&end=${truth[1]!.open_time_us / 1e6}`,
  )
  expect(rows).toEqual(
    truth
      .map((c) => [c.open_time_us / 1e6, +c.low, +c.high, +c.open, +c.close, +c.volume])
      .toReversed(),
  )
  const wide = await ask('granularity=60&start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z')
  expect(wide.message).toContain('Count of aggregations requested exceeds 300')
  expect((await ask<unknown[]>('granularity=60')).length).toBeGreaterThanOrEqual(2)
  expect(await ask('granularity=7')).toEqual({ message: 'Unsupported granularity' })
})

test('Advanced Trade numbers every message and batches trades newest first', async () => {
  await using client = await connect(sim.advancedWsUrl)
  client.send({ type: 'subscribe', channel: 'market_trades', product_ids: ['BTC-USD'] })
  client.send({ type: 'subscribe', channel: 'heartbeats' })
  await client.until(
    () => client.of('market_trades').length > 4 && client.of('heartbeats').length > 0,
  )
  expect(client.frames.map((frame) => frame.json?.sequence_num)).toEqual(
    client.frames.map((_, i) => i),
  )
  type Event = { type: string; trades: { trade_id: string; side: string; time: string }[] }
  const events = client.of('market_trades').flatMap((message) => message.events as Event[])
  expect(events[0]!.type).toBe('snapshot')
  expect(events[0]!.trades).toHaveLength(100)
  const ids = events.flatMap((event) =>
    event.trades.map((trade) => Number(trade.trade_id)).reverse(),
  )
  expect(ids).toEqual(ids.map((_, i) => ids[0]! + i))
  const truth = new Map([...sim.truth({ product: 'BTC-USD' })].map((row) => [row.trade_id, row]))
  for (const trade of events[1]!.trades) {
    const side = truth.get(Number(trade.trade_id))!.side
    expect(trade.side).toBe(side === 'buy' ? 'SELL' : 'BUY')
    expect(trade.time).not.toMatch(/0Z$/)
  }
  expect(JSON.stringify(client.of('heartbeats')[0])).toMatch(/ \+0000 UTC m=\+\d+\.\d{9}/)
})

test('requests that make no sense or break off do no harm', async () => {
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = createConnection(sim.port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (data) => resolve(String(data).slice(0, 12)))
      socket.on('close', () => resolve('closed'))
      if (text.startsWith('POST')) socket.setTimeout(50, () => socket.destroy())
    })
  expect(await say('GET // HTTP/1.1\r\nHost: sim\r\n\r\n')).toBe('HTTP/1.1 404')
  const half = 'POST /sim/faults HTTP/1.1\r\nHost: sim\r\nContent-Length: 99\r\n\r\n{"kind"'
  expect(await say(half)).toBe('closed')
  await using client = await connect(sim.wsUrl)
  for (const text of ['no', '[]', '{"type":"buy"}', '{"type":"subscribe","channels":{"a":1}}']) {
    client.socket.send(text)
  }
  await client.until(() => client.of('error').length === 3)
})

test('the truth can be read over HTTP, in part or whole', async () => {
  sim.setTrading(false)
  const from = sim.startUs
  const text = await (await fetch(`${sim.restUrl}/sim/truth?product=BTC-USD&from=${from}`)).text()
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows).toEqual([...sim.truth({ product: 'BTC-USD', fromUs: from })])
  const candles = await (await fetch(`${sim.restUrl}/sim/truth/candles`)).text()
  expect(candles.trim().split('\n')).toHaveLength(sim.truthCandles().length)
  const before = sim.stats.tradesTotal
  await systemClock.sleep(50)
  expect(sim.stats.tradesTotal).toBe(before)
  sim.setTrading(true)
})
