import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { startSimulator } from '../../sim/index.ts'
import type { Journal } from '../../src/bronze/index.ts'
import { requestBackfill } from '../../src/collect/backfill.ts'
import { systemClock } from '../../src/core/clock.ts'
import { AssayError } from '../../src/core/errors.ts'
import { createLogger } from '../../src/core/log.ts'
import { createRandom } from '../../src/core/random.ts'
import { collect, openBench, until, venue } from '../integration/collect-support.ts'

const MARKET = { products: ['BTC-USD', 'ETH-USD'], tradesPerSecond: 50, historyMinutes: 2 }
const NOBODY = { wsUrl: 'ws://127.0.0.1:1', restUrl: 'http://127.0.0.1:1' }

test.concurrent('products nobody lists are named with those near them', async () => {
  await using sim = await startSimulator(MARKET)
  await using bench = await openBench()
  const { wsUrl, restUrl } = sim
  const starting = collect(bench, { wsUrl, restUrl, products: ['BTCUSD', 'XYZ-NOPE'] })
  await expect(starting).rejects.toMatchObject({
    code: 'ASSAY_UNKNOWN_PRODUCT',
    message: expect.stringMatching(/"BTCUSD"; near it are BTC-USD.*"XYZ-NOPE"/),
  })
  expect((await bench.diary()).map(({ event }) => event)).toEqual(['start', 'stop'])
  expect(sim.stats.upgrades).toBe(0)
})

test.concurrent('a product nobody lists leaves the others be; case is forgiven', async () => {
  await using sim = await startSimulator(MARKET)
  await using bench = await openBench()
  const { wsUrl, restUrl } = sim
  const collector = await collect(bench, { wsUrl, restUrl, products: ['btc-usd', 'XYZ-NOPE'] })
  expect(collector.products).toEqual(['BTC-USD'])
  const flows = () => collector.status().factFramesPerSecond > 0
  await until(flows, { what: 'trades flow' })
  expect(collector.status()).toMatchObject({ listed: true, products: ['BTC-USD'] })
  await collector.stop()
})

test.concurrent('without a listing the venue tells which product it refuses', async () => {
  await using sim = await startSimulator(MARKET)
  await using bench = await openBench()
  const products = ['BTC-USD', 'XYZ-NOPE']
  const collector = await collect(bench, { ...NOBODY, wsUrl: sim.wsUrl, products })
  expect(collector.status().listed).toBe(false)
  const of = (symbol: string) =>
    collector.status().feed!.subscriptions.filter((sub) => sub.symbol === symbol)
  const settled = () =>
    of('XYZ-NOPE').every((sub) => sub.state === 'refused') &&
    of('BTC-USD').some((sub) => sub.fact && sub.state === 'flowing')
  await until(settled, { what: 'one flows, one is refused' })
  expect(of('XYZ-NOPE')[0]!.refused).toContain('XYZ-NOPE')
  expect(collector.status().feed!.connects).toBe(1)
  await collector.stop()
  const left = (await bench.diary()).filter((entry) => entry.event === 'unsubscribe')
  expect(left).toContainEqual(expect.objectContaining({ symbols: ['XYZ-NOPE'], fact: true }))
})

test.concurrent('where nobody answers it keeps trying, says why, and stops at once', async () => {
  await using bench = await openBench()
  const collector = await collect(bench, NOBODY)
  const tried = () => collector.status().feed!.failures >= 2
  await until(tried, { what: 'two attempts' })
  const feed = collector.status().feed!
  expect(feed).toMatchObject({ connects: 0, frames: 0 })
  expect(feed.lastFailure).toContain('ECONNREFUSED')
  expect(feed.downSinceUs).not.toBeNull()
  const stopMs = systemClock.monotonicMs()
  await collector.stop()
  expect(systemClock.monotonicMs() - stopMs).toBeLessThan(5000)
  const records = await bench.read()
  expect(records.every((record) => record.origin === 'self')).toBe(true)
})

test.concurrent('a log that can no longer be written ends the run with its error', async () => {
  await using sim = await startSimulator(MARKET)
  await using bench = await openBench()
  const full = new AssayError('ASSAY_DISK_FULL', 'no space left')
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {})
  let broken = false
  const journal: Journal = Object.create(bench.journal, {
    failed: { value: failed },
    nextPos: { get: () => bench.journal.nextPos },
    flush: { value: () => bench.journal.flush() },
    ready: { value: () => bench.journal.ready() },
    append: {
      value(record: Parameters<Journal['append']>[0]) {
        if (broken) throw full
        return bench.journal.append(record)
      },
    },
  })
  const collector = await collect(bench, { wsUrl: sim.wsUrl, restUrl: sim.restUrl, journal })
  await until(() => collector.status().feed!.frames > 10, { what: 'frames flow' })
  broken = true
  reject(full)
  await expect(collector.done).rejects.toBe(full)
  await expect(collector.stop()).rejects.toBe(full)
})

test.concurrent('while the log is behind, the socket waits and nothing is lost', async () => {
  await using sim = await startSimulator({ ...MARKET, tradesPerSecond: 3000 })
  await using bench = await openBench()
  let gate: Promise<void> = Promise.resolve()
  const journal: Journal = Object.create(bench.journal, {
    failed: { value: bench.journal.failed },
    nextPos: { get: () => bench.journal.nextPos },
    flush: { value: () => bench.journal.flush() },
    append: { value: (record: never) => bench.journal.append(record) },
    ready: { value: () => gate },
  })
  const collector = await collect(bench, { wsUrl: sim.wsUrl, restUrl: sim.restUrl, journal })
  await until(() => collector.status().feed!.frames > 500, { what: 'frames flow' })
  const { promise, resolve } = Promise.withResolvers<void>()
  gate = promise
  await until(() => collector.status().feed!.paused, { what: 'the socket is paused' })
  const held = collector.status().feed!.frames
  // Longer than silence is borne: waiting for our own log must not look like a dead venue.
  await systemClock.sleep(6500)
  expect(collector.status().feed!.frames - held).toBeLessThan(2000)
  gate = Promise.resolve()
  resolve()
  await until(() => !collector.status().feed!.paused, { what: 'the socket goes on' })
  await systemClock.sleep(1000)
  expect(collector.status().feed!.connects).toBe(1)
  await collector.stop()
  const frames = (await bench.read()).filter((record) => record.origin === 'ws')
  expect(frames.map((record) => record.frame)).toEqual(frames.map((_, index) => index))
})

test.concurrent('a span asked for is fetched whole, with its candles', async () => {
  await using sim = await startSimulator({ ...MARKET, historyMinutes: 10 })
  await using bench = await openBench()
  const fromUs = sim.startUs - 6 * 60_000_000
  const toUs = sim.startUs - 60_000_000
  const pages: number[] = []
  const results = await requestBackfill({
    ...{ venue, products: ['BTC-USD'], fromUs, toUs, journal: bench.journal },
    ...{ clock: systemClock, random: createRandom(1), version: '0', restUrl: sim.restUrl },
    log: createLogger({ level: 'silent', pretty: false }),
    signal: new AbortController().signal,
    onProgress: (_symbol, progress) => pages.push(progress.pages),
  })
  expect(results[0]).toMatchObject({ symbol: 'BTC-USD', trades: { ended: 'done' } })
  expect(pages.at(-1)).toBe(results[0]!.trades?.pages)
  const records = await bench.read()
  const held = records.filter(({ channel }) => channel === 'trades').map(({ text }) => text)
  for (const trade of sim.truth({ product: 'BTC-USD', fromUs, toUs })) {
    expect(held.some((page) => page.includes(`"trade_id":${trade.trade_id},`))).toBe(true)
  }
  expect(records.some(({ channel }) => channel === 'candles')).toBe(true)
  const diary = await bench.diary()
  expect(diary[1]).toMatchObject({ event: 'backfill', cause: 'request', fromUs, toUs })
})

test.concurrent('a refusal of history is an answer, kept and not asked for again', async () => {
  let hits = 0
  const server = createServer((request, response) => {
    hits += 1
    if (request.url === '/products') return response.end('[{"id":"BTC-USD"}]')
    response.statusCode = 404
    return response.end('{"message":"NotFound"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await using bench = await openBench()
  const asking = requestBackfill({
    ...{ venue: { ...venue, listings: () => [LISTING] }, products: ['BTC-USD'] },
    ...{ fromUs: 0, toUs: 60_000_000, journal: bench.journal, clock: systemClock },
    ...{ random: createRandom(1), version: '0', restUrl: `http://127.0.0.1:${port}` },
    log: createLogger({ level: 'silent', pretty: false }),
    signal: new AbortController().signal,
  })
  const [result] = await asking
  expect(result!.trades).toMatchObject({ ended: 'refused', status: 404, trades: 0 })
  expect(hits).toBeLessThan(6)
  const statuses = (await bench.read()).flatMap(({ status }) => status ?? [])
  expect(statuses).toContain(404)
  server.close()
})

const LISTING = {
  ...{ symbol: 'BTC-USD', kind: 'spot' as const, base: 'BTC', quote: 'USD', multiplier: 1 },
  ...{ priceStep: null, sizeStep: null, active: true },
}
