import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { AssayError } from '../../src/core/errors.ts'
import type { Simulator } from '../index.ts'
import { GARBAGE_VARIANTS, startSimulator } from '../index.ts'
import type { TestClient } from '../testing.ts'
import { connect, getJson, subscribed, waitUntil } from '../testing.ts'

const PRODUCT = 'BTC-USD'
let sim: Simulator
let client: TestClient

beforeEach(async () => {
  sim = await startSimulator({
    seed: 5,
    products: [PRODUCT],
    tradesPerSecond: 400,
    historyMinutes: 1,
  })
  client = await subscribed(sim.wsUrl, [PRODUCT])
})

afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await sim.stop()
})

const ids = () => client.of('match').map((match) => Number(match.trade_id))
const tradesUrl = (query: string) => `${sim.restUrl}/products/${PRODUCT}/trades?${query}`
const rest = (query: string) => fetch(tradesUrl(query))
async function idsOf(query: string): Promise<readonly number[]> {
  const rows = await getJson<readonly { readonly trade_id: number }[]>(tradesUrl(query))
  return rows.map((row) => row.trade_id)
}

test('dropped trades never come over the socket and stand in REST', async () => {
  await client.until(() => ids().length > 5)
  const fault = sim.inject({ kind: 'drop', product: PRODUCT, count: 7 })
  await client.until(() => fault.hits === 7 && ids().at(-1)! > fault.ids.at(-1)![1])
  expect(fault.ids).toHaveLength(1)
  const [first, last] = fault.ids[0]!
  expect(last - first).toBe(6)
  expect(ids().filter((id) => id >= first && id <= last)).toEqual([])
  const lost = Array.from({ length: 7 }, (_, i) => last - i)
  expect(await idsOf(`after=${last + 1}&limit=7`)).toEqual(lost)
})

test('duplicates come twice, reordered trades late, and nothing is lost by either', async () => {
  const twice = sim.inject({ kind: 'duplicate', product: PRODUCT, count: 5 })
  await client.until(() => twice.hits === 5)
  const late = sim.inject({ kind: 'reorder', product: PRODUCT, count: 5 })
  await client.until(() => late.hits === 5)
  const enough = ids().length + 60
  await client.until(() => ids().length > enough)
  const seen = ids()
  const unique = [...new Set(seen)].toSorted((a, b) => a - b)
  expect(seen.length - unique.length).toBe(5)
  expect(seen.some((id, i) => i > 0 && id < seen[i - 1]!)).toBe(true)
  expect(unique).toEqual(unique.map((_, i) => unique[0]! + i))
})

test('a delay holds everything back and then lets it go in order', async () => {
  const fault = sim.inject({ kind: 'delay', product: PRODUCT, ms: 400 })
  await systemClock.sleep(200)
  const during = ids().length
  await client.until(() => ids().length > during + 20)
  expect(fault.hits).toBeGreaterThan(10)
  expect(ids()).toEqual(ids().map((_, i) => ids()[0]! + i))
})

test('ids that never existed are a gap in REST too', async () => {
  const fault = sim.inject({ kind: 'never', product: PRODUCT, count: 4 })
  const [first, last] = fault.ids[0]!
  await client.until(() => ids().includes(last + 1))
  expect(await idsOf(`after=${last + 2}&limit=2`)).toEqual([last + 1, first - 1])
})

test('a stalled socket is open and silent, pongs included, while others are served', async () => {
  sim.inject({ kind: 'stall', seconds: 1 })
  await systemClock.sleep(50)
  const before = client.frames.length
  let pongs = 0
  client.socket.on('pong', () => {
    pongs += 1
  })
  client.socket.ping()
  await using other = await subscribed(sim.wsUrl, [PRODUCT])
  await other.until(() => other.of('match').length > 10)
  expect([client.frames.length, pongs, client.socket.readyState]).toEqual([before, 0, 1])
  await client.until(() => client.frames.length > before)
})

test('a muted symbol goes silent under true heartbeats until it is subscribed again', async () => {
  await client.until(() => ids().length > 5)
  sim.inject({ kind: 'mute', product: PRODUCT, seconds: 60 })
  const beats = client.of('heartbeat').length
  await client.until(() => client.of('heartbeat').length >= beats + 2)
  const [silent, told] = [ids().at(-1)!, Number(client.of('heartbeat').at(-1)!.last_trade_id)]
  expect(told).toBeGreaterThan(silent)
  client.send({ type: 'subscribe', product_ids: [PRODUCT], channels: ['matches'] })
  await client.until(() => ids().at(-1)! > told)
  sim.inject({ kind: 'mute', product: PRODUCT, seconds: 60, heartbeat: 'frozen' })
  const frozen = client.of('heartbeat').length
  await client.until(() => client.of('heartbeat').length >= frozen + 2)
  const last = client.of('heartbeat').slice(-2)
  expect(last[0]!.last_trade_id).toBe(last[1]!.last_trade_id)
})

test('every kind of garbage arrives, and the connection lives on', async () => {
  for (const variant of GARBAGE_VARIANTS) {
    const fault = sim.inject({ kind: 'garbage', product: PRODUCT, variant })
    expect([variant, fault.hits]).toEqual([variant, 1])
  }
  const count = ids().length
  await client.until(() => ids().length > count + 20)
  const has = (text: string) => client.frames.some((frame) => frame.bytes.includes(text))
  for (const text of ['1e400', ':NaN', '__proto__', '"-1.5"', '"0.00"', 'DROP TABLE', '[[[[[[']) {
    expect([text, has(text)]).toEqual([text, true])
  }
  expect(client.frames.some((frame) => frame.binary)).toBe(true)
  expect(client.frames.some((frame) => frame.bytes.length > 1 << 20)).toBe(true)
  expect(client.frames.filter((frame) => frame.json === null).length).toBeGreaterThanOrEqual(4)
})

test('an oversized frame is as large as asked and does not count as slowness', async () => {
  sim.inject({ kind: 'oversized', bytes: 64 * 1024 * 1024 })
  await client.until(() => client.frames.some((frame) => frame.bytes.length === 64 * 1024 * 1024))
  expect(sim.stats.slowConsumersCut).toBe(0)
})

test('connections are cut with a code or without, and refused for a while', async () => {
  await using polite = await subscribed(sim.wsUrl, [PRODUCT])
  sim.inject({ kind: 'disconnect', code: 1012 })
  expect([await client.closed, await polite.closed]).toEqual([1012, 1012])
  await using rude = await subscribed(sim.wsUrl, [PRODUCT])
  sim.inject({ kind: 'disconnect' })
  expect(await rude.closed).toBe(1006)
  sim.inject({ kind: 'refuse', seconds: 0.3 })
  await expect(connect(sim.wsUrl)).rejects.toThrow('503')
  await systemClock.sleep(350)
  await using again = await connect(sim.wsUrl)
  expect(again.socket.readyState).toBe(1)
})

test('a late ack comes after the data it covers', async () => {
  sim.inject({ kind: 'late_ack', ms: 200 })
  await using late = await subscribed(sim.wsUrl, [PRODUCT])
  expect(late.frames[0]!.json).toMatchObject({ type: 'last_match' })
})

test('a client that never reads is cut before it costs memory', async () => {
  await using small = await startSimulator({
    tradesPerSecond: 5000,
    historyMinutes: 0,
    bufferedBytesMax: 256 * 1024,
  })
  await using slow = await subscribed(small.wsUrl, ['BTC-USD', 'ETH-USD'])
  slow.socket.pause()
  await waitUntil(() => small.stats.slowConsumersCut === 1)
})

test('REST answers 429 beyond the rate, and as a fault with Retry-After', async () => {
  const fault = sim.inject({ kind: 'rest_429', retryAfterSeconds: 1 })
  const banned = await rest('limit=1')
  expect([banned.status, banned.headers.get('Retry-After'), fault.hits]).toEqual([429, '1', 1])
  expect((await rest('limit=1')).status).toBe(429)
  expect(sim.stats.requestsWhileBanned).toBe(1)
  await systemClock.sleep(1050)
  const answers = await Promise.all(Array.from({ length: 25 }, () => rest('limit=1')))
  const limited = answers.filter((answer) => answer.status === 429)
  expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(15)
  expect(limited.length).toBeGreaterThanOrEqual(5)
  expect(await limited[0]!.json()).toEqual({ message: 'Public rate limit exceeded' })
})

test('REST pages can be short, overlapping, empty, broken, cut, slow or HTML', async () => {
  await client.until(() => ids().length > 100)
  const after = ids()[50]!
  const page = () => idsOf(`after=${after}&limit=20`)
  sim.inject({ kind: 'rest_short', rows: 3 })
  expect(await page()).toEqual([after - 1, after - 2, after - 3])
  sim.inject({ kind: 'rest_overlap', rows: 4 })
  expect((await page()).slice(0, 5)).toEqual([after + 3, after + 2, after + 1, after, after - 1])
  sim.inject({ kind: 'rest_empty' })
  expect(await page()).toEqual([])
  sim.inject({ kind: 'rest_truncate' })
  await expect(page()).rejects.toThrow()
  sim.inject({ kind: 'rest_cut' })
  await expect(page()).rejects.toThrow()
  sim.inject({ kind: 'rest_html' })
  expect(await (await rest('limit=1')).text()).toContain('<html>')
  sim.inject({ kind: 'rest_status', status: 502 })
  expect((await rest('limit=1')).status).toBe(502)
  const startMs = systemClock.monotonicMs()
  sim.inject({ kind: 'rest_slow', ms: 300 })
  expect(await page()).toHaveLength(20)
  expect(systemClock.monotonicMs() - startMs).toBeGreaterThan(200)
})

test('faults can be injected and read over HTTP, nonsense is refused', async () => {
  const post = (body: unknown) =>
    fetch(`${sim.restUrl}/sim/faults`, { method: 'POST', body: JSON.stringify(body) })
  expect((await post([{ kind: 'drop', product: PRODUCT, count: 2 }])).status).toBe(200)
  for (const bad of [{ kind: 'rain' }, { kind: 'drop', product: 'NO-USD' }, null, 7]) {
    expect((await post(bad)).status).toBe(400)
  }
  expect(() => sim.inject({ kind: 'drop', count: 0 })).toThrow(AssayError)
  const list = await (await fetch(`${sim.restUrl}/sim/faults`)).json()
  expect(list).toMatchObject([{ kind: 'drop', product: PRODUCT, request: { count: 2 } }])
})

test('the other dialect loses, mutes and garbles trades as well', async () => {
  await using advanced = await connect(sim.advancedWsUrl)
  advanced.send({ type: 'subscribe', channel: 'market_trades', product_ids: [PRODUCT] })
  await advanced.until(() => advanced.of('market_trades').length > 1)
  const fault = sim.inject({ kind: 'drop', product: PRODUCT, count: 3 })
  sim.inject({ kind: 'garbage', product: PRODUCT, variant: 'truncated' })
  await advanced.until(() => fault.hits === 3)
  const [first, last] = fault.ids[0]!
  const has = (id: number) => advanced.frames.some((f) => f.bytes.includes(`"trade_id":"${id}"`))
  await advanced.until(() => has(last + 1))
  expect([has(first), has(last)]).toEqual([false, false])
  expect(advanced.frames.some((frame) => frame.json === null)).toBe(true)
})
