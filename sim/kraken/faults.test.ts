import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Simulator } from '../index.ts'
import { GARBAGE_VARIANTS, startSimulator } from '../index.ts'
import type { TestClient } from '../testing.ts'
import { connect } from '../testing.ts'

type Row = Readonly<Record<string, unknown>>

const PRODUCT = 'BTC/USD'
const OTHER = 'ETH/USD'
let sim: Simulator
let client: TestClient

const dial = () => connect(sim.urls.kraken.wsUrl)

function ask(to: TestClient, channel: string, more: object = {}, method = 'subscribe') {
  to.send({ method, params: { channel, symbol: [PRODUCT, OTHER], ...more } })
}

beforeEach(async () => {
  sim = await startSimulator({
    seed: 5,
    venues: ['kraken'],
    products: { kraken: [PRODUCT, OTHER] },
    tradesPerSecond: 300,
    historyMinutes: 1,
    clocks: { idleMs: 1200 },
  })
  client = await dial()
  ask(client, 'trade')
  await client.until(() => ids().length > 5)
})

afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await sim.stop()
})

const jsons = (of: TestClient): readonly Row[] =>
  of.frames.flatMap(({ json }) => (json === null ? [] : [json]))
const told = (of: TestClient, channel: string) =>
  jsons(of)
    .filter((json) => json.channel === channel)
    .flatMap((json) => json.data as readonly Row[])
const ids = (symbol = PRODUCT, of = client) =>
  told(of, 'trade').flatMap((row) => (row.symbol === symbol ? [Number(row.trade_id)] : []))
const answers = (of: TestClient) => jsons(of).filter((json) => json.channel === undefined)

async function restIds(): Promise<readonly number[]> {
  const response = await fetch(`${sim.urls.kraken.restUrl}/0/public/Trades?pair=XBTUSD`)
  const { result } = (await response.json()) as { result: Record<string, unknown[][]> }
  return result.XXBTZUSD!.map((row) => Number(row[6]))
}

test('dropped trades never come over the socket and stand in REST', async () => {
  const fault = sim.inject({ kind: 'drop', product: PRODUCT, count: 4 })
  await client.until(() => fault.hits === 4 && ids().at(-1)! > fault.ids.at(-1)![1])
  const lost = fault.ids.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  )
  expect(lost.length).toBeGreaterThanOrEqual(4)
  expect(ids().filter((id) => lost.includes(id))).toEqual([])
  expect(await restIds()).toEqual(expect.arrayContaining(lost))
  expect(sim.undelivered('kraken')[PRODUCT]).toEqual(fault.ids)
})

test('what REST lacks for good is lost to the socket too', async () => {
  const fault = sim.inject({ kind: 'rest_hole', product: PRODUCT, count: 2 })
  await client.until(() => fault.hits === 2 && ids().at(-1)! > fault.ids.at(-1)![1])
  const [first, last] = fault.ids[0]!
  const held = await restIds()
  expect(held).toEqual(expect.arrayContaining([first - 1]))
  expect(held.filter((id) => id >= first && id <= last)).toEqual([])
})

test('duplicates come twice, reordered trades late, and nothing is lost by either', async () => {
  const twice = sim.inject({ kind: 'duplicate', product: PRODUCT, count: 3 })
  const late = sim.inject({ kind: 'reorder', product: PRODUCT, count: 3 })
  await client.until(() => twice.hits === 3 && late.hits === 3)
  const enough = ids().length + 150
  await client.until(() => ids().length > enough)
  const unique = [...new Set(ids())].toSorted((a, b) => a - b)
  expect(ids().length).toBeGreaterThan(unique.length)
  expect(ids().some((id, i, all) => i > 0 && id < all[i - 1]!)).toBe(true)
  expect(unique).toEqual(unique.map((_, i) => unique[0]! + i))
})

test('a muted symbol is silent while others go on, until it is subscribed to anew', async () => {
  const fault = sim.inject({ kind: 'mute', product: PRODUCT, seconds: 60 })
  await systemClock.sleep(100)
  const [silent, others] = [ids().length, ids(OTHER).length]
  await client.until(() => ids(OTHER).length > others + 30)
  expect(ids()).toHaveLength(silent)
  ask(client, 'trade')
  await client.until(() => answers(client).some((it) => it.error === 'Already subscribed'))
  expect(ids()).toHaveLength(silent)
  ask(client, 'trade', {}, 'unsubscribe')
  ask(client, 'trade')
  await client.until(() => ids().length > silent + 5)
  expect(Object.keys(fault.lost)).toEqual([PRODUCT])
})

test('a mute leaves the bars of its symbol as witnesses, or freezes them too', async () => {
  ask(client, 'ohlc')
  const bars = () => told(client, 'ohlc').filter((row) => row.symbol === PRODUCT).length
  sim.inject({ kind: 'mute', product: PRODUCT, seconds: 60 })
  await systemClock.sleep(100)
  const silent = ids().length
  await client.until(() => bars() > 5)
  sim.inject({ kind: 'mute', product: PRODUCT, seconds: 60, heartbeat: 'frozen' })
  // What was on its way arrives.
  await systemClock.sleep(100)
  const [frozen, others] = [bars(), ids(OTHER).length]
  await client.until(() => ids(OTHER).length > others + 30)
  expect([ids().length, bars()]).toEqual([silent, frozen])
})

test('a muted symbol that was the only one leaves heartbeats alone on the socket', async () => {
  await using lonely = await dial()
  lonely.send({ method: 'subscribe', params: { channel: 'trade', symbol: [PRODUCT] } })
  await lonely.until(() => ids(PRODUCT, lonely).length > 0)
  sim.inject({ kind: 'mute', product: PRODUCT, seconds: 60 })
  await systemClock.sleep(100)
  const at = lonely.frames.length
  await lonely.until(() => lonely.frames.length >= at + 2)
  const after = lonely.frames.slice(at).map(({ json }) => json!.channel)
  expect(new Set(after)).toEqual(new Set(['heartbeat']))
})

test('a stalled socket is open, silent and not idle, and loses what was due', async () => {
  const fault = sim.inject({ kind: 'stall', seconds: 1.5 })
  // What was on its way arrives.
  await systemClock.sleep(100)
  const before = client.frames.length
  await systemClock.sleep(1000)
  expect([client.frames.length, client.socket.readyState]).toEqual([before, 1])
  await client.until(() => client.frames.length > before + 5)
  expect(fault.lost[PRODUCT]!.length).toBeGreaterThan(0)
})

test('a subscription may be refused or granted without an ack, once', async () => {
  await using late = await dial()
  const refused = sim.inject({ kind: 'reject', product: PRODUCT })
  const unacked = sim.inject({ kind: 'ack_withheld', product: OTHER })
  ask(late, 'ohlc')
  ask(late, 'trade')
  await late.until(() => ids(OTHER, late).length > 0)
  expect([refused.hits, unacked.hits]).toEqual([1, 1])
  const trades = answers(late).filter((it) => (it.result as Row)?.channel !== 'ohlc')
  expect(trades.map((answer) => answer.error)).toEqual([`Currency pair not supported ${PRODUCT}`])
  ask(late, 'trade')
  await late.until(() => ids(PRODUCT, late).length > 0)
})

test('a late ack comes after the data it covers', async () => {
  sim.inject({ kind: 'late_ack', ms: 300, count: 2 })
  await using late = await dial()
  ask(late, 'trade', { snapshot: true })
  await late.until(() => answers(late).length === 2)
  expect(late.frames.slice(1, 3).map(({ json }) => json!.type)).toEqual(['snapshot', 'snapshot'])
})

test('bars can stay short of trades for the rest of their minute', async () => {
  await using bars = await dial()
  const missing = sim.inject({ kind: 'kline_missing', product: PRODUCT })
  ask(bars, 'ohlc', { snapshot: false })
  await bars.until(() => missing.hits === 1 && told(bars, 'ohlc').length > 20)
  const [minuteUs] = missing.minutes_us
  const struck = told(bars, 'ohlc').filter(
    (row) => row.symbol === PRODUCT && Date.parse(String(row.interval_begin)) * 1000 === minuteUs,
  )
  expect(struck).toEqual([])
})

test('every kind of garbage arrives, and the connection lives on', async () => {
  for (const variant of GARBAGE_VARIANTS) {
    const fault = sim.inject({ kind: 'garbage', product: PRODUCT, variant })
    expect([variant, fault.hits]).toEqual([variant, 1])
  }
  const count = ids(OTHER).length
  await client.until(() => ids(OTHER).length > count + 20)
  const has = (text: string) => client.frames.some((frame) => frame.bytes.includes(text))
  for (const text of ['1e400', ':NaN', '__proto__', '-1.5', 'DROP TABLE', 'passwd', '[[[[[[']) {
    expect([text, has(text)]).toEqual([text, true])
  }
  expect(client.frames.some((frame) => frame.binary)).toBe(true)
  expect(client.frames.some((frame) => frame.bytes.length > 1 << 20)).toBe(true)
})

test('an oversized frame arrives whole, and a cut is a cut', async () => {
  sim.inject({ kind: 'oversized', bytes: 1 << 20 })
  await client.until(() => client.frames.some((frame) => frame.bytes.length === 1 << 20))
  await using rude = await dial()
  sim.inject({ kind: 'disconnect', code: 1012 })
  expect([await client.closed, await rude.closed]).toEqual([1012, 1012])
  sim.inject({ kind: 'refuse', seconds: 5 })
  await expect(dial()).rejects.toThrow('503')
})

test('an idle connection is closed, one that pings or is told heartbeats is not', async () => {
  await using idle = await dial()
  await using pinging = await dial()
  await using dumb = await dial()
  dumb.send({ method: 'subscribe', params: { channel: 'instrument', snapshot: false } })
  sim.setTrading(false)
  for (let i = 0; i < 4; i += 1) {
    pinging.send({ method: 'ping', req_id: i })
    await systemClock.sleep(400)
  }
  expect(await idle.closed).toBe(1000)
  expect([pinging.socket.readyState, dumb.socket.readyState]).toEqual([1, 1])
})

test('maintenance is told, cuts, is found on return and ends with a word', async () => {
  const states = (of: TestClient) => told(of, 'status').map((row) => row.system)
  client.send({ method: 'subscribe', params: { channel: 'instrument', snapshot: false } })
  await client.until(() => answers(client).length === 3)
  sim.inject({ kind: 'planned_cut' })
  expect(await client.closed).toBe(1001)
  expect(states(client)).toEqual(['online', 'maintenance'])
  const update = jsons(client).find((json) => json.channel === 'instrument')
  const { assets, pairs } = update!.data as Record<string, readonly Row[]>
  expect([assets!.length, pairs![0]!.status]).toEqual([0, 'maintenance'])
  await using again = await dial()
  ask(again, 'ohlc')
  await again.until(() => states(again).length === 2)
  expect(states(again)).toEqual(['maintenance', 'online'])
})
