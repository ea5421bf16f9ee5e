import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Simulator } from '../index.ts'
import { connect, getJson } from '../testing.ts'
import type { Payload } from './testing.ts'
import { answers, dataOf, startBinance, subscribedTo } from './testing.ts'

let sim: Simulator
const place = () => sim.urls['binance-us']
const truthOf = (product: string) =>
  new Map([...sim.truth({ product })].map((trade) => [trade.trade_id, trade]))

beforeAll(async () => {
  sim = await startBinance()
})

afterAll(() => sim.stop())

test('an aggregate covers the fills of one order at one price, without a gap', async () => {
  await using client = await subscribedTo(sim, ['btcusd@aggTrade', 'btcusd@trade'])
  await client.until(() => dataOf(client, 'btcusd@aggTrade').length > 80)
  const aggregates = dataOf(client, 'btcusd@aggTrade')
  const truth = truthOf('BTCUSD')
  expect(aggregates.some((data) => Number(data.f) < Number(data.l))).toBe(true)
  for (const [index, data] of aggregates.entries()) {
    const before = aggregates[index - 1]
    if (before !== undefined) {
      expect([data.a, data.f]).toEqual([Number(before.a) + 1, Number(before.l) + 1])
    }
    const first = truth.get(Number(data.f))!
    expect(data).toMatchObject({ e: 'aggTrade', s: 'BTCUSD', M: true, m: first.side === 'sell' })
    expect(data.T).toBe(Math.floor(first.time_us / 1000))
    let size = 0
    for (let id = Number(data.f); id <= Number(data.l); id += 1) {
      expect(Number(truth.get(id)!.price)).toBe(Number(data.p))
      size += Number(truth.get(id)!.size)
    }
    expect(Number(data.q)).toBeCloseTo(size, 8)
    expect([data.p, data.q]).toEqual([
      expect.stringMatching(/^\d+\.\d{8}$/),
      expect.stringMatching(/^\d+\.\d{8}$/),
    ])
  }
  const trade = dataOf(client, 'btcusd@trade')[0]!
  expect(Object.keys(trade)).toEqual(['e', 'E', 's', 't', 'p', 'q', 'b', 'a', 'T', 'm', 'M'])
  expect(Object.keys(aggregates[0]!)).toEqual([
    ...['e', 'E', 's', 'a', 'p', 'q', 'f', 'l', 'T', 'm', 'M'],
  ])
})

test('answers are not wrapped, errors keep the socket, unknown streams are taken', async () => {
  await using client = await subscribedTo(sim, ['nosuch@aggTrade', 'BTCUSD@aggTrade'])
  expect(answers(client)).toEqual([{ result: null, id: 1 }])
  client.send({ method: 'LIST_SUBSCRIPTIONS', id: 2 })
  client.send({ method: 'GET_PROPERTY', params: ['combined'], id: 3 })
  await client.until(() => answers(client).length === 3)
  expect(answers(client).slice(1)).toEqual([
    { result: ['nosuch@aggTrade', 'BTCUSD@aggTrade'], id: 2 },
    { result: true, id: 3 },
  ])
  expect(client.frames).toHaveLength(3)
  await systemClock.sleep(1000)
  client.socket.send('no json')
  client.send({ method: 'SUBSCRIBE', params: [], id: -1 })
  client.send({ method: 'SING', id: 4 })
  client.send({ method: 'SET_PROPERTY', params: ['combined', 1], id: 5 })
  await client.until(() => answers(client).length === 7)
  const complaints = answers(client).slice(3)
  expect(complaints.map(({ code }) => code)).toEqual([3, 2, 2, 1])
  expect(complaints[2]).toMatchObject({ id: 4, msg: expect.stringContaining('unknown variant') })
  expect(client.socket.readyState).toBe(1)
})

test('streams of the URL come without an ack, raw or wrapped, as the client likes', async () => {
  const base = place().wsUrl.replace('/stream', '')
  await using raw = await connect(`${base}/ws/btcusd@aggTrade`)
  await using both = await connect(`${base}/stream?streams=btcusd@aggTrade/ethusd@aggTrade`)
  await raw.until(() => raw.of('aggTrade').length > 5)
  await both.until(
    () => dataOf(both, 'btcusd@aggTrade').length > 5 && dataOf(both, 'ethusd@aggTrade').length > 5,
  )
  expect([answers(raw), answers(both)]).toEqual([[], []])
  raw.send({ method: 'SET_PROPERTY', params: ['combined', true], id: 1 })
  await raw.until(() => dataOf(raw, 'btcusd@aggTrade').length > 0)
  raw.send({ method: 'UNSUBSCRIBE', params: ['btcusd@aggTrade'], id: 2 })
  await raw.until(() => answers(raw).length === 2)
  const count = raw.frames.length
  await systemClock.sleep(200)
  expect(raw.frames.length).toBe(count)
  const refused = connect(`${base}/nowhere`)
  await expect(refused).rejects.toThrow('404')
})

test('diffs of the book chain, and continue the snapshot of REST', async () => {
  await using client = await subscribedTo(sim, ['btcusd@depth@100ms', 'btcusd@bookTicker'])
  const diffs = () => dataOf(client, 'btcusd@depth@100ms')
  await client.until(() => diffs().length > 3)
  interface Snapshot {
    readonly lastUpdateId: number
    readonly bids: readonly [string, string][]
    readonly asks: readonly [string, string][]
  }
  const ask = () => getJson<Snapshot>(`${place().restUrl}/api/v3/depth?symbol=BTCUSD&limit=5000`)
  const before = await ask()
  await client.until(() => Number(diffs().at(-1)!.u) > before.lastUpdateId + 20)
  const after = await ask()
  await client.until(() => Number(diffs().at(-1)!.u) >= after.lastUpdateId)
  const sides = { b: new Map(before.bids), a: new Map(before.asks) }
  let lastId = before.lastUpdateId
  for (const diff of diffs()) {
    if (Number(diff.u) <= lastId || Number(diff.u) > after.lastUpdateId) continue
    expect(diff.U).toBe(lastId + 1)
    lastId = Number(diff.u)
    for (const side of ['b', 'a'] as const) {
      for (const [price, size] of diff[side] as readonly [string, string][]) {
        if (Number(size) === 0) sides[side].delete(price)
        else sides[side].set(price, size)
      }
    }
  }
  expect(lastId).toBe(after.lastUpdateId)
  expect(new Map(after.bids)).toEqual(sides.b)
  expect(new Map(after.asks)).toEqual(sides.a)
  expect(Number(after.bids[0]![0])).toBeLessThan(Number(after.asks[0]![0]))
  const best = dataOf(client, 'btcusd@bookTicker')[0]!
  expect(Object.keys(best)).toEqual(['u', 's', 'b', 'B', 'a', 'A'])
})

test('a candle comes every two seconds when it changed', async () => {
  await using client = await subscribedTo(sim, ['btcusd@kline_1m'])
  const klines = () => dataOf(client, 'btcusd@kline_1m')
  await client.until(() => klines().length >= 4)
  // A minute's last word comes when it is over, whatever the second.
  const moments = klines()
    .filter(({ k }) => !(k as Payload).x)
    .map((data) => Number(data.E))
  expect(moments.length).toBeGreaterThanOrEqual(2)
  for (const [index, moment] of moments.slice(1).entries()) {
    expect((moment - moments[index]!) % 2000).toBe(0)
  }
  const last = klines().at(-1)!.k as Payload
  const truth = [...truthOf('BTCUSD').values()].filter(
    ({ time_us: timeUs, trade_id: id }) => timeUs >= Number(last.t) * 1000 && id <= Number(last.L),
  )
  expect(last).toMatchObject({ i: '1m', n: truth.length, f: truth[0]!.trade_id, B: '0' })
  expect(Number(last.c)).toBe(Number(truth.at(-1)!.price))
  expect(Number(last.h)).toBe(Math.max(...truth.map(({ price }) => Number(price))))
  expect(Object.keys(last)).toEqual([
    ...['t', 'T', 's', 'i', 'f', 'L', 'o', 'c', 'h', 'l', 'v', 'n', 'x', 'q', 'V', 'Q', 'B'],
  ])
})
