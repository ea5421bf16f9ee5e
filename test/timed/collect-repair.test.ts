import { describe, expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../sim/index.ts'
import type { CollectorOptions } from '../../src/collect/collector-options.ts'
import type { Hole } from '../../src/collect/hole-plan.ts'
import { systemClock } from '../../src/core/clock.ts'
import { type Bench, collect, openBench, until } from '../integration/collect-support.ts'

const SYMBOL = 'BTC-USD'
const MARKET = { products: [SYMBOL], tradesPerSecond: 300, historyMinutes: 5 }
const GRACE_US = 500_000

/** Ids of the trades in the log, from the socket and from REST. */
async function heldIds(bench: Bench): Promise<Set<number>> {
  const ids = new Set<number>()
  for (const { channel, origin, text, status } of await bench.read()) {
    if (origin === 'ws' && channel === 'matches') ids.add(JSON.parse(text).trade_id)
    if (origin !== 'rest' || channel !== 'trades' || status !== 200) continue
    // A page cut short is in the log too, and is no JSON.
    for (const [, id] of text.matchAll(/"trade_id":(\d+)/g)) ids.add(Number(id))
  }
  return ids
}

/** The holes a warehouse would tell of: ids missing between the least and greatest held. */
function holesOf(bench: Bench): () => Promise<readonly Hole[]> {
  return async () => {
    const records = await bench.read()
    const given = records.filter(({ text, origin }) => origin === 'self' && /give_up/.test(text))
    const closed = given.map(({ text }) => JSON.parse(text))
    const ids = [...(await heldIds(bench))].toSorted((a, b) => a - b)
    const holes: Hole[] = []
    for (const [index, id] of ids.entries()) {
      const firstId = (ids[index - 1] ?? id - 1) + 1
      if (firstId === id || closed.some((each) => each.firstId === firstId)) continue
      const toUs = systemClock.nowUs() - GRACE_US
      const span = { firstId, lastId: id - 1, fromUs: 0, toUs }
      holes.push({ symbol: SYMBOL, ...span, attempts: 0, lastAttemptUs: null })
    }
    return holes
  }
}

async function openScene(more: Partial<CollectorOptions> = {}) {
  const stack = new AsyncDisposableStack()
  const sim: Simulator = stack.use(await startSimulator({ ...MARKET, retryAfter: true }))
  const bench = stack.use(await openBench())
  const addresses = { wsUrl: sim.wsUrl, restUrl: sim.restUrl }
  const repair = { holes: holesOf(bench), ...more }
  const collector = await collect(bench, { ...addresses, products: [SYMBOL], ...repair })
  stack.defer(async () => void (await collector.stop()))
  const flows = () => collector.status().feed!.subscriptions.some((sub) => sub.lastId > 0)
  if (more.mode !== 'rest') await until(flows, { what: 'trades flow' })
  return Object.assign(stack, { sim, bench, collector })
}

/** Ids that truly traded between two ids the log holds and that the log lacks. */
async function lostIds(sim: Simulator, bench: Bench): Promise<number[]> {
  const held = await heldIds(bench)
  const least = Math.min(...held)
  const greatest = Math.max(...held)
  return [...sim.truth()]
    .map((trade) => trade.trade_id)
    .filter((id) => id > least && id < greatest && !held.has(id))
}

describe.concurrent('holes', () => {
  test('are filled from REST, whatever REST does meanwhile', async () => {
    await using scene = await openScene()
    const { sim, bench, collector } = scene
    for (const kind of ['rest_429', 'rest_status', 'rest_truncate', 'rest_cut'] as const) {
      sim.inject({ kind, path: '/trades' })
    }
    for (const kind of ['rest_short', 'rest_overlap', 'rest_html', 'rest_slow'] as const) {
      sim.inject({ kind, path: '/trades' })
    }
    for (const count of [1, 5, 40]) {
      sim.inject({ kind: 'drop', product: SYMBOL, count })
      await systemClock.sleep(800)
    }
    sim.inject({ kind: 'disconnect' })
    await systemClock.sleep(2000)
    sim.setTrading(false)
    const healed = async () => (await lostIds(sim, bench)).length === 0
    await until(healed, { what: 'every hole is filled', withinMs: 20_000 })
    expect(sim.stats.requestsWhileBanned).toBe(0)
    expect(collector.status().backfill!.found).toBeGreaterThan(45)
    const asked = (await bench.diary()).filter((entry) => entry.event === 'backfill')
    expect(asked.every((entry) => entry.cause === 'hole' && entry.attempt >= 1)).toBe(true)
  })

  test('of ids that never existed are given up with evidence, after several looks', async () => {
    await using scene = await openScene({ verdictAttempts: 2 })
    const { sim, bench } = scene
    sim.inject({ kind: 'never', product: SYMBOL, count: 3 })
    const given = async () => (await bench.diary()).filter((entry) => entry.event === 'give_up')
    await until(async () => (await given()).length > 0, { what: 'a verdict', withinMs: 15_000 })
    const [verdict] = await given()
    const [skipped] = sim.faults[0]!.ids
    expect(verdict).toMatchObject({ verdict: 'never_existed', firstId: skipped![0] })
    expect(verdict!.evidence).toMatch(/2 attempts; the last: ids \d+\.\.\d+ on 1 pages/)
    const asked = (await bench.diary()).filter((entry) => entry.event === 'backfill')
    expect(asked).toHaveLength(2)
  })

  test('wait while the warehouse cannot be asked, and the feed goes on', async () => {
    const holes = () => Promise.reject(new Error('database is locked'))
    await using scene = await openScene({ holes })
    const before = scene.collector.status().feed!.frames
    await systemClock.sleep(1500)
    expect(scene.collector.status().backfill!.open).toBeNull()
    expect(scene.collector.status().feed!.frames).toBeGreaterThan(before)
  })
})

describe.concurrent('polling over REST', () => {
  test('misses nothing between two polls', async () => {
    await using scene = await openScene({ mode: 'rest', pollSeconds: 1, holes: undefined })
    const { sim, bench, collector } = scene
    await until(() => collector.status().poll!.polls >= 4, { what: 'four polls' })
    sim.inject({ kind: 'rest_status', status: 500, count: 3 })
    sim.setTrading(false)
    const polls = collector.status().poll!.polls + 2
    await until(() => collector.status().poll!.polls >= polls, {
      what: 'two more',
      withinMs: 20_000,
    })
    expect(collector.status().feed).toBeNull()
    expect(await lostIds(sim, bench)).toEqual([])
    const held = await heldIds(bench)
    const last = [...sim.truth()].at(-1)!
    expect(held).toContain(last.trade_id)
    const diary = await bench.diary()
    const opened = diary.filter((entry) => entry.event === 'subscribe')
    expect(opened).toMatchObject([{ channel: 'trades', symbols: [SYMBOL], fact: true }])
    const candles = (await bench.read()).filter(({ channel }) => channel === 'candles')
    expect(candles.length).toBeGreaterThanOrEqual(4)
  })

  test('goes back to the last trade held before', async () => {
    await using sim = await startSimulator({ ...MARKET, rateLimit: null })
    const truth = [...sim.truth()]
    const first = truth.at(-2500)!
    const lastHeld = async () => ({ id: first.trade_id, timeUs: first.time_us })
    await using bench = await openBench()
    const rest = { mode: 'rest' as const, products: [SYMBOL], lastHeld, wsUrl: sim.wsUrl }
    const collector = await collect(bench, { ...rest, restUrl: sim.restUrl })
    await until(() => collector.status().poll!.polls === 1, { what: 'a poll' })
    await collector.stop()
    const held = await heldIds(bench)
    for (const trade of truth.slice(-2499)) expect(held).toContain(trade.trade_id)
  })
})
