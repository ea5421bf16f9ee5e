import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import { createRandom } from '../src/core/random.ts'
import { MIXED_KINDS, planFaults } from './faults/presets.ts'
import { startSimulator } from './index.ts'
import { readSimFlags } from './main.ts'
import { subscribed } from './testing.ts'

test('20,000 trades a second leave over a socket, sustained', async () => {
  await using sim = await startSimulator({ tradesPerSecond: 20_000, historyMinutes: 0 })
  await using client = await subscribed(sim.wsUrl, ['BTC-USD', 'ETH-USD'], ['matches'])
  let received = 0
  client.socket.removeAllListeners('message')
  client.socket.on('message', () => {
    received += 1
  })
  const startMs = systemClock.monotonicMs()
  const before = sim.stats.tradesLive
  await systemClock.sleep(2000)
  const seconds = (systemClock.monotonicMs() - startMs) / 1000
  const rate = Math.round((sim.stats.tradesLive - before) / seconds)
  process.stderr.write(`traded ${rate}/s, received ${Math.round(received / seconds)}/s\n`)
  // Loose on purpose: it says that the pace is not lost by an order of magnitude.
  expect(received / seconds).toBeGreaterThan(1000)
})

test('a storm begins with the first subscription and leaves quiet at its end', async () => {
  const venues = [{ id: 'coinbase', products: ['BTC-USD', 'ETH-USD', 'REKT-USD'] }] as const
  const options = { random: createRandom(1), venues }
  const plan = { ...options, seconds: 30, everyMs: 700, kinds: MIXED_KINDS }
  const storm = [...{ [Symbol.iterator]: () => planFaults('storm', plan) }]
  const times = storm.map((planned) => planned.atMs)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times.at(-1)).toBeLessThanOrEqual(25_000)
  await using sim = await startSimulator({ faults: 'storm', stormSeconds: 1, historyMinutes: 0 })
  await systemClock.sleep(300)
  expect(sim.faults).toHaveLength(0)
  await using client = await subscribed(sim.wsUrl, ['BTC-USD'])
  await client.until(() => sim.faults.length >= 10)
})

test('a mixture is the same for a seed, endless, and only of faults a client recovers from', () => {
  const draw = (seed: number) => {
    const random = createRandom(seed)
    const venues = [{ id: 'coinbase', products: ['BTC-USD', 'ETH-USD'] }] as const
    const plan = planFaults('mixed', {
      random,
      venues,
      seconds: 1,
      everyMs: 700,
      kinds: MIXED_KINDS,
    })
    return Array.from({ length: 500 }, () => plan.next().value)
  }
  expect(draw(3)).toEqual(draw(3))
  expect(draw(3)).not.toEqual(draw(4))
  const kinds = new Set(draw(3).map((planned) => planned.fault.kind))
  expect([...kinds].toSorted()).toEqual([...MIXED_KINDS].toSorted())
})

test('as a program it says where it listens, ends on SIGTERM and writes the truth', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sim-'))
  const file = join(folder, 'truth.jsonl')
  const args = ['--port', '0', '--json', '--history', '1', '--truth', file]
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ready = JSON.parse((await lines.next()).value ?? '')
  expect(ready).toMatchObject({ ready: true, products: expect.arrayContaining(['BTC-USD']) })
  expect((await fetch(`${ready.restUrl}/time`)).status).toBe(200)
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  const ended = JSON.parse((await lines.next()).value ?? '')
  expect((await closed)[0]).toBe(0)
  const rows = (await readFile(file, 'utf8')).trim().split('\n')
  expect(rows).toHaveLength(ended.written)
  expect(JSON.parse(rows[0]!)).toMatchObject({ product: 'BTC-USD', trade_id: 1_100_000_000 })
  await rm(folder, { recursive: true })
})

test('flags that make no sense are refused', () => {
  const args = ['--rate', '500', '--products', 'BTC-USD,SOL-USD', '--venues', 'coinbase kraken']
  expect(readSimFlags(args)).toMatchObject({
    rate: 500,
    venues: ['coinbase', 'kraken'],
    products: ['BTC-USD', 'SOL-USD'],
    faults: 'none',
  })
  for (const bad of [
    ['--rate', 'fast'],
    ['--faults', 'rain'],
    ['--colour', 'red'],
    ['--venues', 'mtgox'],
  ]) {
    expect(() => readSimFlags(bad)).toThrow(expect.objectContaining({ code: 'ASSAY_USAGE' }))
  }
})
