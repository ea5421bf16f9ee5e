import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Simulator } from '../index.ts'
import { GARBAGE_VARIANTS } from '../index.ts'
import type { TestClient } from '../testing.ts'
import { connect, getJson } from '../testing.ts'
import { answers, dataOf, startBinance, subscribedTo } from './testing.ts'

const STREAM = 'btcusd@aggTrade'
const PRODUCT = 'BTCUSD'
let sim: Simulator
let client: TestClient

beforeEach(async () => {
  sim = await startBinance({ seed: 5, historyMinutes: 1, tradesPerSecond: 600 })
  client = await subscribedTo(sim, [STREAM])
})

afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await sim.stop()
})

const ranges = (of = client) =>
  dataOf(of, STREAM).map((data) => [Number(data.f), Number(data.l)] as const)
const held = (of = client) =>
  new Set(
    ranges(of).flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i),
    ),
  )
const page = (query: string) =>
  getJson<readonly { readonly a: number; readonly f: number; readonly l: number }[]>(
    `${sim.urls['binance-us'].restUrl}/api/v3/aggTrades?symbol=${PRODUCT}&${query}`,
  )

test('dropped aggregates are lost whole, recorded, and stand in REST', async () => {
  await client.until(() => ranges().length > 5)
  const fault = sim.inject({ kind: 'drop', product: PRODUCT, count: 6 })
  await client.until(() => fault.hits === 6)
  const last = fault.ids.at(-1)![1]
  await client.until(() => ranges().at(-1)![0] > last)
  const missing = fault.lost[PRODUCT]!
  expect(missing).toEqual(fault.ids)
  expect(sim.undelivered()[PRODUCT]).toEqual(missing)
  for (const [from, to] of missing) {
    for (let id = from; id <= to; id += 1) expect(held().has(id)).toBe(false)
  }
  const rows = await page('limit=1000')
  const told = new Set(rows.flatMap(({ f, l }) => [f, l]))
  expect(missing.flat().every((id) => told.has(id))).toBe(true)
  expect([fault.venue, fault.reachable]).toEqual(['binance-us', true])
})

test('a hole of REST is lost there as well, while candles still count it', async () => {
  await client.until(() => ranges().length > 5)
  const fault = sim.inject({ kind: 'rest_hole', product: PRODUCT, count: 3 })
  await client.until(() => fault.hits === 3)
  const [first, last] = [fault.ids[0]![0], fault.ids.at(-1)![1]]
  await client.until(() => ranges().at(-1)![0] > last)
  expect(fault.reachable).toBe(false)
  const ids = new Set((await page('limit=1000')).flatMap(({ f, l }) => [f, l]))
  expect([ids.has(first), ids.has(last)]).toEqual([false, false])
  const truth = new Set([...sim.truth({ product: PRODUCT })].map((trade) => trade.trade_id))
  expect([truth.has(first), truth.has(last)]).toEqual([true, true])
})

test('skipped ids never existed: aggregates go on in number, not in ids', async () => {
  await client.until(() => ranges().length > 5)
  const fault = sim.inject({ kind: 'never', product: PRODUCT, count: 4 })
  const [first, last] = fault.ids[0]!
  await client.until(() => ranges().some(([id]) => id > last))
  const at = ranges().findIndex(([id]) => id > last)
  expect([ranges()[at - 1]![1], ranges()[at]![0]]).toEqual([first - 1, last + 1])
  const numbers = dataOf(client, STREAM).map((data) => Number(data.a))
  expect(numbers[at]).toBe(numbers[at - 1]! + 1)
  expect(sim.undelivered()).toEqual({})
})

test('repeats, reorders and delays lose nothing', async () => {
  for (const kind of ['duplicate', 'reorder'] as const) {
    const fault = sim.inject({ kind, product: PRODUCT, count: 5 })
    await client.until(() => fault.hits === 5)
  }
  sim.inject({ kind: 'delay', product: PRODUCT, ms: 200 })
  const enough = ranges().length + 150
  await client.until(() => ranges().length > enough)
  const firsts = ranges().map(([first]) => first)
  expect(firsts.length - new Set(firsts).size).toBe(5)
  expect(firsts.some((id, i) => i > 0 && id < firsts[i - 1]!)).toBe(true)
  sim.setTrading(false)
  await systemClock.sleep(5500)
  expect(sim.undelivered()).toEqual({})
})

test('a mute silences one product until it is subscribed to again', async () => {
  await client.until(() => ranges().length > 5)
  const fault = sim.inject({ kind: 'mute', product: PRODUCT, seconds: 60 })
  await systemClock.sleep(300)
  const before = ranges().length
  await systemClock.sleep(300)
  expect(ranges().length).toBe(before)
  client.send({ method: 'SUBSCRIBE', params: [STREAM], id: 2 })
  await client.until(() => ranges().length > before)
  expect(fault.lost[PRODUCT]![0]![0]).toBe(ranges()[before - 1]![1] + 1)
  expect(fault.lost[PRODUCT]!.at(-1)![1]).toBe(ranges()[before]![0] - 1)
})

test('a stall is silent, pongs included, and says afterwards what it cost', async () => {
  await client.until(() => ranges().length > 5)
  const fault = sim.inject({ kind: 'stall', seconds: 0.5 })
  await systemClock.sleep(50)
  const before = client.frames.length
  let pongs = 0
  client.socket.on('pong', () => {
    pongs += 1
  })
  client.socket.ping()
  await systemClock.sleep(200)
  expect([client.frames.length, pongs, client.socket.readyState]).toEqual([before, 0, 1])
  await client.until(() => client.frames.length > before)
  sim.setTrading(false)
  expect(sim.undelivered()[PRODUCT]).toEqual(fault.lost[PRODUCT])
})

test('every kind of garbage arrives, spoilt in the names of this dialect', async () => {
  for (const variant of GARBAGE_VARIANTS) {
    expect(sim.inject({ kind: 'garbage', product: PRODUCT, variant }).hits).toBe(1)
  }
  const count = ranges().length
  await client.until(() => ranges().length > count + 20)
  const has = (text: string) => client.frames.some((frame) => frame.bytes.includes(text))
  for (const text of ['"p":"1e400"', '"p":NaN', '"p":"-1.5"', '"q":"-0.1"', '"s":"../', '[[[[[']) {
    expect([text, has(text)]).toEqual([text, true])
  }
})

test('an ack can be withheld or late for a request, and a symbol be taken in silence', async () => {
  sim.inject({ kind: 'ack_withheld', product: 'ETHUSD' })
  client.send({ method: 'SUBSCRIBE', params: ['ethusd@aggTrade'], id: 7 })
  await client.until(() => dataOf(client, 'ethusd@aggTrade').length > 0)
  expect(answers(client)).toHaveLength(1)
  const rejected = sim.inject({ kind: 'reject', product: 'SOLUSD' })
  client.send({ method: 'SUBSCRIBE', params: ['solusd@aggTrade'], id: 8 })
  await client.until(() => answers(client).length === 2)
  await systemClock.sleep(500)
  expect([rejected.hits, dataOf(client, 'solusd@aggTrade').length]).toEqual([1, 0])
  sim.inject({ kind: 'late_ack', ms: 300 })
  await using late = await connect(sim.urls['binance-us'].wsUrl)
  late.send({ method: 'SUBSCRIBE', params: [STREAM], id: 1 })
  await late.until(() => answers(late).length > 0)
  expect(dataOf(late, STREAM).length).toBeGreaterThan(5)
})

test('a page can be short or repeat what was told; a diff can be missing', async () => {
  const rows = await page('limit=100')
  const fromId = rows[50]!.a
  sim.inject({ kind: 'rest_short', rows: 3 })
  expect((await page(`fromId=${fromId}&limit=20`)).map(({ a }) => a)).toEqual([
    ...[fromId, fromId + 1, fromId + 2],
  ])
  sim.inject({ kind: 'rest_overlap', rows: 2 })
  expect((await page(`fromId=${fromId}&limit=3`)).map(({ a }) => a)).toEqual([
    ...[fromId - 2, fromId - 1, fromId, fromId + 1, fromId + 2],
  ])
  sim.inject({ kind: 'rest_empty' })
  expect(await page(`fromId=${fromId}`)).toEqual([])
  await using books = await subscribedTo(sim, ['btcusd@depth@100ms'])
  const diffs = () => dataOf(books, 'btcusd@depth@100ms')
  await books.until(() => diffs().length > 2)
  sim.inject({ kind: 'book_corrupt', product: PRODUCT })
  const broken = () =>
    diffs().filter((diff, i) => i > 0 && diff.U !== Number(diffs()[i - 1]!.u) + 1)
  await books.until(() => broken().length === 1)
})
