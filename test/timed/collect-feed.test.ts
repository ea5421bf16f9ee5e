import { describe, expect, test } from 'vitest'
import { GARBAGE_VARIANTS, startSimulator } from '../../sim/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { collect, openBench, until } from '../integration/collect-support.ts'

const PRODUCTS = ['BTC-USD', 'ETH-USD']
const MARKET = { products: PRODUCTS, tradesPerSecond: 200, historyMinutes: 1 }

/** A market, a log and a collector whose every fact subscription flows. */
async function openScene() {
  const stack = new AsyncDisposableStack()
  const sim = stack.use(await startSimulator(MARKET))
  const bench = stack.use(await openBench())
  const collector = await collect(bench, { wsUrl: sim.wsUrl, restUrl: sim.restUrl })
  stack.defer(async () => void (await collector.stop()))
  const feed = () => collector.status().feed!
  const flowing = () =>
    feed().state === 'open' &&
    feed().subscriptions.every((sub) => !sub.fact || sub.state === 'flowing')
  await until(flowing, { what: 'trades flow' })
  const count = async (event: string) =>
    (await bench.diary()).filter((entry) => entry.event === event).length
  return Object.assign(stack, { sim, bench, collector, feed, flowing, count })
}

test.concurrent('every frame is in the log, in order, and a stop says goodbye', async () => {
  await using scene = await openScene()
  await systemClock.sleep(2000)
  scene.sim.setTrading(false)
  await systemClock.sleep(300)
  const summary = await scene.collector.stop('end of test')
  expect(summary).toMatchObject({ reason: 'end of test', connects: 1, products: PRODUCTS })
  const records = await scene.bench.read()
  expect(summary.records).toBe(records.length)
  const frames = records.filter((record) => record.origin === 'ws')
  expect(frames.map((record) => record.frame)).toEqual(frames.map((_, index) => index))
  expect(new Set(frames.map((record) => record.conn)).size).toBe(1)
  const matches = frames.filter((record) => record.channel === 'matches')
  const held = new Set(matches.map(({ symbol, text }) => `${symbol} ${JSON.parse(text).trade_id}`))
  const fromUs = records.find((record) => record.channel === 'subscriptions')!.receivedTimeUs
  const truth = [...scene.sim.truth({ fromUs })]
  expect(truth.length).toBeGreaterThan(100)
  for (const trade of truth) expect(held).toContain(`${trade.product} ${trade.trade_id}`)
  const events = (await scene.bench.diary()).map((entry) => entry.event)
  expect(events.slice(0, 2)).toEqual(['start', 'connect'])
  expect(events.filter((event) => event === 'subscribe')).toHaveLength(4)
  expect(events.slice(-2)).toEqual(['close', 'stop'])
})

describe.concurrent('when the connection fails', () => {
  test('a cut is followed by a new connection that says how long it was down', async () => {
    await using scene = await openScene()
    scene.sim.inject({ kind: 'disconnect', code: 1012 })
    await until(() => scene.feed().connects === 2 && scene.flowing(), { what: 'trades flow again' })
    const diary = await scene.bench.diary()
    expect(diary.find((entry) => entry.event === 'close')).toMatchObject({ code: 1012 })
    const [first, second] = diary.filter((entry) => entry.event === 'connect')
    expect(first).toMatchObject({ failures: 0, downSinceUs: null })
    expect(second!.downSinceUs).toBeGreaterThan(0)
    const conns = (await scene.bench.read()).map(({ origin, conn }) => origin === 'ws' && conn)
    expect(new Set(conns.filter(Boolean)).size).toBe(2)
  })

  test('a silent stall is noticed within 6 s', async () => {
    await using scene = await openScene()
    const stalledUs = systemClock.nowUs()
    scene.sim.inject({ kind: 'stall', seconds: 30 })
    await until(() => scene.feed().connects === 2, { what: 'reconnected', withinMs: 9000 })
    const records = await scene.bench.read()
    const close = records.find(({ origin, text }) => origin === 'self' && text.includes('"close"'))
    expect(close!.text).toMatch(/no frame for 5\d\d\d ms/)
    expect(close!.receivedTimeUs - stalledUs).toBeLessThan(6_000_000)
  })

  test('a frame of 64 MB costs the connection and nothing else', async () => {
    await using scene = await openScene()
    scene.sim.inject({ kind: 'oversized' })
    await until(() => scene.feed().connects === 2 && scene.flowing(), { what: 'trades flow again' })
    const close = (await scene.bench.diary()).find((entry) => entry.event === 'close')
    expect(close).toMatchObject({ reason: expect.stringContaining('Max payload size exceeded') })
  })

  test('refused upgrades are counted, blamed on the venue and not hurried', async () => {
    await using scene = await openScene()
    scene.sim.inject({ kind: 'refuse', seconds: 4, status: 503 })
    scene.sim.inject({ kind: 'disconnect' })
    await until(() => scene.feed().connects === 2, { what: 'reconnected', withinMs: 20_000 })
    const connects = (await scene.bench.diary()).filter((entry) => entry.event === 'connect')
    expect(connects[1]).toMatchObject({ blame: 'venue' })
    expect(connects[1]!.failures).toBeGreaterThan(0)
    // Full jitter from 0.5 s: five or so in 4 s; a loop without pauses would make thousands.
    expect(connects[1]!.failures).toBeLessThan(25)
    expect(scene.feed().lastFailure).toContain('503')
  })

  test('a venue that accepts and drops is approached more and more slowly', async () => {
    await using scene = await openScene()
    scene.sim.inject({ kind: 'refuse', seconds: 5, status: 0 })
    scene.sim.inject({ kind: 'disconnect' })
    const before = scene.sim.stats.upgradesRefused
    await systemClock.sleep(5000)
    await until(() => scene.flowing(), { what: 'trades flow again', withinMs: 25_000 })
    const refused = scene.sim.stats.upgradesRefused - before
    expect(refused).toBeGreaterThan(2)
    expect(refused).toBeLessThan(30)
  })
})

describe.concurrent('when a symbol falls silent', () => {
  test('one that its heartbeat contradicts is driven anew, alone', async () => {
    await using scene = await openScene()
    scene.sim.inject({ kind: 'mute', product: 'BTC-USD', seconds: 60 })
    await until(async () => (await scene.count('stale')) > 0, { what: 'suspected' })
    await until(() => scene.flowing(), { what: 'BTC-USD flows again' })
    await systemClock.sleep(4000)
    const diary = await scene.bench.diary()
    const stale = diary.filter((entry) => entry.event === 'stale')
    expect(new Set(stale.map((entry) => entry.symbol))).toEqual(new Set(['BTC-USD']))
    expect(stale.length).toBeLessThanOrEqual(2)
    expect(scene.feed().connects).toBe(1)
  })

  test('one that merely does not trade is left alone', async () => {
    await using scene = await openScene()
    scene.sim.setTrading(false)
    await systemClock.sleep(11_000)
    expect(await scene.count('stale')).toBe(0)
    expect(scene.feed().connects).toBe(1)
  })
})

test.concurrent('garbage of every kind is kept and costs no connection', async () => {
  await using scene = await openScene()
  for (const variant of GARBAGE_VARIANTS) {
    scene.sim.inject({ kind: 'garbage', product: 'ETH-USD', variant })
  }
  const arrived = async () => {
    const records = await scene.bench.read()
    return records.some((record) => record.form === 'bytes') && scene.flowing()
  }
  await until(arrived, { what: 'garbage is in the log' })
  await systemClock.sleep(1000)
  expect(scene.feed().connects).toBe(1)
  const records = await scene.bench.read()
  const frames = records.filter((record) => record.origin === 'ws')
  expect(frames.map((record) => record.frame)).toEqual(frames.map((_, index) => index))
  expect(frames.filter((record) => record.channel === 'unknown').length).toBeGreaterThan(3)
  for (const { symbol } of frames) expect(symbol?.length ?? 0).toBeLessThanOrEqual(64)
})

test.concurrent('an ack that is long in coming does not double what is asked', async () => {
  await using sim = await startSimulator(MARKET)
  sim.inject({ kind: 'late_ack', ms: 2000 })
  await using bench = await openBench()
  const collector = await collect(bench, { wsUrl: sim.wsUrl, restUrl: sim.restUrl })
  await systemClock.sleep(5000)
  await collector.stop()
  const acks = (await bench.read()).filter((record) => record.channel === 'subscriptions')
  expect(acks).toHaveLength(1)
})
