import { describe, expect, test } from 'vitest'
import {
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type VenueId,
} from '../../sim/index.ts'
import type { CollectorOptions } from '../../src/collect/collector-options.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { BrokenBook } from '../../src/market/book.ts'
import { decodeAll, recordOf } from '../../src/venues/decoded.ts'
import { findVenue } from '../../src/venues/index.ts'
import { type Bench, collect, openBench, until } from '../integration/collect-support.ts'

const VENUES = ['coinbase', 'binance-us', 'kraken'] as const
type Exchange = (typeof VENUES)[number]

/** Pairs in people's spelling. */
const PRODUCTS = ['BTC-USD', 'ETH-USD', 'SOL-USD']

/** A market of one venue, a log and a collector whose every fact subscription is acknowledged. */
async function openScene(
  venueId: Exchange,
  more: { readonly sim?: SimulatorOptions; readonly collect?: Partial<CollectorOptions> } = {},
) {
  const stack = new AsyncDisposableStack()
  const venues: readonly VenueId[] = [venueId]
  const products = { coinbase: PRODUCTS }
  const market = { tradesPerSecond: 60, historyMinutes: 1, rateLimit: null, products }
  const sim = stack.use(await startSimulator({ ...market, venues, ...more.sim }))
  const bench = stack.use(await openBench())
  const venue = findVenue(venueId)!
  const options = { venue, products: PRODUCTS, ...sim.urls[venueId], ...more.collect }
  const collector = await collect(bench, options)
  stack.defer(async () => void (await collector.stop()))
  const feed = () => collector.status().feed!
  const facts = () => feed().subscriptions.filter((sub) => sub.fact)
  const carried = () =>
    feed().state === 'open' &&
    facts().every((sub) => ['acked', 'flowing', 'refused'].includes(sub.state)) &&
    facts().some((sub) => sub.state === 'flowing')
  await until(carried, { what: 'trades flow' })
  const diary = async (event: string, cause?: string) =>
    (await bench.diary()).filter(
      (entry) =>
        entry.event === event && (!cause || (entry.event === 'incident' && entry.cause === cause)),
    )
  return Object.assign(stack, { sim, bench, collector, venue, feed, facts, carried, diary })
}

/** Ids of the trades in the log, by symbol and origin, as the venue's own decoders read them. */
async function heldIds(bench: Bench, venueId: Exchange, origins = ['ws', 'rest']) {
  const { decoders } = findVenue(venueId)!
  const ids = new Map<string, Set<number>>()
  for (const { text, origin, status, dialect, symbol, receivedTimeUs } of await bench.read()) {
    if (!origins.includes(origin) || (origin === 'rest' && status !== 200)) continue
    const about = { dialect, symbol, receivedTimeUs, origin: origin as 'ws' }
    const found = decodeAll(decoders[dialect]!, recordOf(text, about))
    for (const trade of found.trades) {
      const held = ids.get(trade.symbol) ?? new Set<number>()
      ids.set(trade.symbol, held)
      for (let id = trade.firstId; id <= trade.lastId; id += 1) held.add(id)
    }
  }
  return ids
}

/** Trades the venue made between the first and the last that the log holds, and it lacks. */
async function lostIds(sim: Simulator, bench: Bench, venueId: Exchange): Promise<string[]> {
  const held = await heldIds(bench, venueId, ['ws'])
  const lost: string[] = []
  for (const { product, trade_id: id } of sim.truth({ venue: venueId })) {
    const ids = held.get(product)
    if (ids === undefined || ids.has(id)) continue
    const [least, greatest] = [Math.min(...ids), Math.max(...ids)]
    if (id > least && id < greatest) lost.push(`${product} ${id}`)
  }
  return lost
}

describe.concurrent('at each venue', () => {
  test.each(VENUES)(
    '%s: pairs are found, acknowledged and flow, and nothing is lost',
    async (id) => {
      await using scene = await openScene(id)
      await systemClock.sleep(4000)
      const { sim, bench, collector } = scene
      expect(collector.products).toHaveLength(PRODUCTS.length)
      expect(collector.status()).toMatchObject({ venue: id, listed: true, incidents: [] })
      expect(scene.feed().subscriptions.every((sub) => sub.refused === null)).toBe(true)
      expect(await lostIds(sim, bench, id)).toEqual([])
      expect(await scene.diary('stale')).toEqual([])
      expect(sim.stats.messagesOverLimit).toBe(0)
    },
  )

  test.each(VENUES)('%s: a stall is found within seconds and told as an incident', async (id) => {
    await using scene = await openScene(id)
    const stalledUs = systemClock.nowUs()
    scene.sim.inject({ kind: 'stall', venue: id, seconds: 30 })
    const silent = async () => (await scene.diary('incident', 'silent')).length > 0
    await until(silent, { what: 'the silence is told', withinMs: 9000 })
    const [begun] = (await scene.diary('incident', 'silent')) as { fromUs: number }[]
    const told = (await scene.bench.read()).find(({ text }) => text.includes('"silent"'))!
    // Without heartbeats two pongs must be missing.
    const withinUs = id === 'binance-us' ? 7_000_000 : 6_000_000
    expect(told.receivedTimeUs - stalledUs).toBeLessThan(withinUs)
    expect(Math.abs(begun!.fromUs - stalledUs)).toBeLessThan(1_500_000)
    await until(scene.carried, { what: 'trades flow again', withinMs: 15_000 })
    await until(() => scene.collector.status().incidents.length === 0, { what: 'it is over' })
    expect((await scene.diary('incident', 'silent')).at(-1)).toMatchObject({
      ...{ fromUs: begun!.fromUs, toUs: expect.any(Number) },
    })
  })

  test.each(VENUES)(
    '%s: a connection is relieved before its time is up, without loss',
    async (id) => {
      const clocks = { connectionLifeMs: 9000 }
      await using scene = await openScene(id, { sim: { clocks }, collect: { lifeMsMax: 9000 } })
      await until(() => scene.feed().handovers >= 2, { what: 'two handovers', withinMs: 30_000 })
      const { sim, bench } = scene
      expect(await lostIds(sim, bench, id)).toEqual([])
      expect(scene.carried()).toBe(true)
      expect(scene.feed().connects).toBe(3)
      expect(await scene.diary('incident', 'disconnected')).toEqual([])
      expect((await scene.diary('incident', 'planned_cut')).length).toBeGreaterThanOrEqual(4)
      const closes = await scene.diary('close')
      expect(closes[0]).toMatchObject({ reason: 'relieved by another connection' })
    },
  )

  test.each(VENUES)('%s: a rejected product leaves the others be', async (id) => {
    const symbol = { coinbase: 'ETH-USD', 'binance-us': 'ETHUSD', kraken: 'ETH/USD' }[id]
    const urls = { restUrl: 'http://127.0.0.1:1' }
    await using scene = await openScene(id, {
      collect: { ...urls, products: ['BTC-USD', 'ETH-NOPE'] },
    })
    const of = (part: string) => scene.facts().find((sub) => sub.symbol.startsWith(part))!
    expect(of('BTC').state).toBe('flowing')
    expect(scene.collector.products[0]).toBe(symbol.replace('ETH', 'BTC'))
    // Binance acknowledges what it does not know; the others say that they refuse it.
    const settled = () => of('ETH').state === (id === 'binance-us' ? 'acked' : 'refused')
    await until(settled, { what: 'the other is judged' })
    expect(scene.feed().connects).toBe(1)
    const refused = await scene.diary('incident', 'refused')
    expect(refused.length > 0).toBe(id !== 'binance-us')
  })
})

describe.concurrent('where no heartbeat tells of a symbol', () => {
  test.each(['binance-us', 'kraken'] as const)(
    '%s: a muted symbol is proven so by REST and driven anew, alone',
    async (id) => {
      await using scene = await openScene(id, { collect: { witnessSeconds: 5 } })
      const [symbol] = scene.collector.products
      await systemClock.sleep(3000)
      scene.sim.inject({ kind: 'mute', venue: id, product: symbol!, seconds: 120 })
      const found = async () => (await scene.diary('stale')).length > 0
      await until(found, { what: 'it is found', withinMs: 30_000 })
      const muted = scene.facts().find((sub) => sub.symbol === symbol)!
      const { frames } = muted
      const flows = () => scene.facts().find((sub) => sub.symbol === symbol)!.frames > frames
      await until(flows, { what: 'it flows again' })
      const stale = (await scene.diary('stale')) as { symbol: string; channel: string }[]
      const driven = stale.filter((entry) => entry.channel === scene.facts()[0]!.channel)
      expect(new Set(driven.map((entry) => entry.symbol))).toEqual(new Set([symbol]))
      expect(scene.feed().connects).toBe(1)
      const over = async () => (await scene.diary('incident', 'stale')).at(-1) as { toUs: unknown }
      await until(async () => (await over()).toUs !== null, { what: 'the incident is over' })
    },
  )

  test.each(['binance-us', 'kraken'] as const)(
    '%s: symbols that merely do not trade are asked about and left alone',
    async (id) => {
      await using scene = await openScene(id, { collect: { witnessSeconds: 4 } })
      await systemClock.sleep(3000)
      scene.sim.setTrading(false)
      await systemClock.sleep(25_000)
      expect(await scene.diary('stale')).toEqual([])
      expect(scene.feed().connects).toBe(1)
      const { witness } = scene.collector.status()
      expect(witness!.asked).toBeGreaterThan(PRODUCTS.length * 3)
      expect(witness!.failed).toBe(0)
    },
  )

  test.each(['binance-us', 'kraken'] as const)(
    '%s: the last trade of a symbol that fell silent is in the log all the same',
    async (id) => {
      await using scene = await openScene(id, { collect: { witnessSeconds: 3 } })
      const { sim, bench } = scene
      const [symbol] = scene.collector.products
      sim.inject({ kind: 'drop', venue: id, product: symbol!, count: 100_000 })
      await systemClock.sleep(500)
      sim.setTrading(false)
      const last = [...sim.truth({ venue: id, product: symbol! })].at(-1)!
      const told = async () => {
        const records = (await bench.read()).filter(({ origin }) => origin === 'rest')
        return records.some(({ text }) => text.includes(String(last.trade_id)))
      }
      await until(told, { what: 'REST tells of it', withinMs: 12_000 })
    },
  )
})

describe.concurrent('manners', () => {
  test('an ack that never comes is asked for again', async () => {
    await using sim = await startSimulator({ venues: ['kraken'], tradesPerSecond: 20 })
    sim.inject({ kind: 'ack_withheld', venue: 'kraken', product: 'ETH/USD' })
    await using bench = await openBench()
    const venue = findVenue('kraken')!
    const collector = await collect(bench, { venue, products: PRODUCTS, ...sim.urls.kraken })
    const facts = () => collector.status().feed!.subscriptions.filter((sub) => sub.fact)
    const whole = () => facts().every(({ state }) => ['acked', 'flowing'].includes(state))
    await until(() => facts().length > 0 && whole(), { what: 'all are held', withinMs: 15_000 })
    expect(collector.status().feed!.connects).toBe(1)
    await collector.stop()
  })

  test('a listing that comes late corrects what was assumed without it', async () => {
    await using sim = await startSimulator({ venues: ['binance-us'], tradesPerSecond: 200 })
    const busy = { kind: 'rest_status' as const, status: 503, count: 3, path: 'exchangeInfo' }
    sim.inject({ ...busy, venue: 'binance-us' })
    await using bench = await openBench()
    const venue = findVenue('binance-us')!
    const products = ['BTC-USD', 'PUMP-USD', 'NOPE-USD']
    const collector = await collect(bench, { venue, products, ...sim.urls['binance-us'] })
    expect(collector.products).toEqual(['BTCUSD', 'PUMPUSD', 'NOPEUSD'])
    const facts = () => collector.status().feed!.subscriptions.filter((sub) => sub.fact)
    const flows = () => facts().some((sub) => sub.symbol === 'PUMPUSDT' && sub.state !== 'asked')
    await until(flows, { what: 'the listed pair is taken up', withinMs: 20_000 })
    expect(collector.products).toEqual(['BTCUSD', 'PUMPUSDT', 'NOPEUSD'])
    expect(collector.status()).toMatchObject({ listed: true, feed: { handovers: 1, connects: 2 } })
    await collector.stop()
    const left = (await bench.diary()).filter((entry) => entry.event === 'unsubscribe')
    expect(left).toContainEqual(expect.objectContaining({ symbols: ['PUMPUSD'], fact: true }))
  })

  test.each(VENUES)('%s: a cut the venue makes by plan is told as such', async (id) => {
    const lastWordUs = systemClock.nowUs() - 3_600_000_000
    await using scene = await openScene(id, { collect: { lastWordUs } })
    const [away] = await scene.diary('incident', 'collector_down')
    expect(away).toMatchObject({ fromUs: lastWordUs, toUs: expect.any(Number) })
    scene.sim.inject({ kind: 'planned_cut', venue: id })
    await until(() => scene.feed().connects === 2 && scene.carried(), { what: 'it is back' })
    const told = await scene.diary('incident')
    const causes = told.map((entry) => (entry as { cause: string }).cause)
    expect(causes).toEqual(['collector_down', 'planned_cut', 'planned_cut'])
  })

  test('no request is made during a ban, nor after a restart within it', async () => {
    const states: { paces: object; pausedUntilUs: number }[] = []
    const memory = {
      load: async () => (states.at(-1) ?? { paces: {}, pausedUntilUs: 0 }) as never,
      save: async (state: never) => void states.push(state),
    }
    const gap = { symbol: 'BTCUSD', attempts: 0, lastAttemptUs: null, firstId: 1, lastId: 9 }
    const holes = async () => [{ ...gap, fromUs: 0, toUs: systemClock.nowUs() }]
    const clocks = { banMs: 6000 }
    const about = { memory, holes, witnessSeconds: 1, mode: 'both' as const, pollSeconds: 1 }
    await using scene = await openScene('binance-us', { sim: { clocks }, collect: about })
    const { sim, collector, bench, venue } = scene
    sim.inject({ kind: 'ban', venue: 'binance-us' })
    await until(() => collector.status().rest.pausedMs > 1000, { what: 'a pause' })
    expect(collector.status().incidents.map(({ cause }) => cause)).toContain('rate_limited')
    await systemClock.sleep(1500)
    await collector.stop()
    const restart = { venue, products: PRODUCTS, ...about, ...sim.urls['binance-us'] }
    const again = await collect(bench, restart)
    expect(again.status().listed).toBe(false)
    await until(() => again.status().rest.pausedMs === 0, { what: 'the ban is over' })
    await until(() => again.status().poll!.polls > 1, { what: 'polls go on', withinMs: 20_000 })
    await again.stop()
    expect(sim.stats.requestsWhileBanned).toBe(0)
    expect(sim.faults.some((fault) => fault.kind === 'ban' && fault.hits > 0)).toBe(true)
  })

  test.each(VENUES)('%s: books are captured, and a broken one is begun anew', async (id) => {
    const broken: BrokenBook[] = []
    await using scene = await openScene(id, {
      collect: { books: true, products: ['BTC-USD'], brokenBooks: async () => broken },
    })
    const { venue, bench } = scene
    const { bookChannel } = Object.values(venue.feeds)[0]!
    const books = async () =>
      (await bench.read()).filter((record) =>
        record.channel.startsWith(bookChannel!.split('_')[0]!),
      )
    await until(async () => (await books()).length > 3, { what: 'books flow' })
    const [symbol] = scene.collector.products
    const apart = venue.books?.snapshot(symbol!) ?? null
    const snapshots = async () =>
      (await bench.read()).filter(({ url }) => apart && url?.endsWith(apart.path)).length
    if (apart) await until(async () => (await snapshots()) === 1, { what: 'a snapshot' })
    await systemClock.sleep(5500)
    const last = (await books()).filter(({ origin }) => origin === 'ws').at(-1)!
    broken.push({ venue: id, symbol: symbol!, conn: last.conn, frame: last.frame })
    const told = async () => (await scene.diary('incident', 'book_broken')).length
    await until(async () => (await told()) === 1, { what: 'it broke', withinMs: 15_000 })
    if (apart) await until(async () => (await snapshots()) === 2, { what: 'a second snapshot' })
    // Whoever folds the books has read it, and found the chain whole.
    broken.splice(0)
    await until(async () => (await told()) === 2, { what: 'it was mended', withinMs: 15_000 })
    expect(scene.feed().connects).toBe(1)
  })
})
