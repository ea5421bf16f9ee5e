import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { forEachRecord, logStat, openLogReader } from '../../src/bronze/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { openWarehouse } from '../../src/warehouse/index.ts'
import {
  lastLine,
  runCli,
  runJson,
  type SimProcess,
  startCli,
  startSim,
  tempFolder,
  waitFor,
} from '../integration/cli-support.ts'
import { compareWithTruth } from '../integration/compare.ts'

// Many processes at once: on a busy machine each takes its time to start.
vi.setConfig({ testTimeout: 60_000 })

const PRODUCTS = ['--products', 'BTC-USD', 'ETH-USD']
const NOWHERE = [
  '--venues',
  'coinbase',
  '--ws-url',
  'ws://127.0.0.1:9',
  '--rest-url',
  'http://127.0.0.1:9',
]
const STOP_MS_MAX = 5000

let sim: SimProcess
beforeAll(async () => {
  sim = await startSim('--rate', '100', '--history', '2', '--products', 'BTC-USD,ETH-USD')
})
afterAll(() => sim?.[Symbol.asyncDispose]())

const openReader = (data: string) =>
  openWarehouse({ url: `sqlite:${join(data, 'warehouse')}`, mode: 'read', clock: systemClock })

/** Holds what a folder's warehouse has against the truth, and counts its runs of ids. */
async function holdings(data: string) {
  await using warehouse = await openReader(data)
  const { held, duplicated, different } = await compareWithTruth(warehouse, sim)
  const runs = await warehouse.read((db) => db.selectFrom('silver_coverage').selectAll().execute())
  const stored = await warehouse.read((db) =>
    db
      .selectFrom('silver_trades')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow(),
  )
  return { held, duplicated, different, runs: runs.length, stored: stored.n }
}

/** Counts the records of the live log by origin and channel. */
function recordsOf(data: string): Record<string, number> {
  const counts: Record<string, number> = {}
  using reader = openLogReader({ dataDir: data, name: 'collect' })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, ({ origin, channel }) => {
      counts[origin] = (counts[origin] ?? 0) + 1
      counts[`${origin} ${channel}`] = (counts[`${origin} ${channel}`] ?? 0) + 1
    })
  }
  return counts
}

/** Runs `assay run` until its log holds enough, ends it by Ctrl-C, and returns what it told. */
async function runUntil(
  args: readonly string[],
  at: { readonly data: string; readonly isEnough: (records: Record<string, number>) => boolean },
) {
  await using running = startCli('run', ...args, ...PRODUCTS, '--data', at.data, '--json')
  const isEnough = () => at.isEnough(recordsOf(at.data))
  await waitFor(isEnough, { what: 'enough records', ms: 25_000 })
  running.child.kill('SIGINT')
  const ended = await running.ended
  expect(ended.status).toBe(0)
  return lastLine(ended)
}

describe.concurrent('run', () => {
  test('tells at its end what it saved, and it adds up', async () => {
    using folder = tempFolder()
    const data = ['--data', folder.path]
    const told = await runJson(
      'run',
      ...sim.flags,
      ...PRODUCTS,
      ...data,
      '--seconds',
      '6',
      '--json',
    )
    const { stored, duplicated, different } = await holdings(folder.path)
    expect(told).toMatchObject({ trades: stored, rejected: 0, conflicts: 0, given_up: 0 })
    expect({ duplicated, different }).toEqual({ duplicated: 0, different: 0 })
    const { ws = 0 } = recordsOf(folder.path)
    expect(told.frames).toBe(ws)
    expect(told.records).toBe(logStat({ dataDir: folder.path, name: 'collect' }).durablePos)
    expect(told.seconds).toBeLessThan(8)
    expect(await runJson('rebuild', '--check', ...data, '--json')).toMatchObject({ equal: true })
  })

  test('that polls over REST misses nothing between two polls', async () => {
    using folder = tempFolder()
    const data = folder.path
    const isEnough = (records: Record<string, number>) => (records['rest trades'] ?? 0) >= 8
    const mode = ['--mode', 'rest', '--poll-seconds', '1']
    const told = await runUntil([...sim.flags, ...mode], { data, isEnough })
    const { stored, duplicated, different, runs } = await holdings(data)
    expect(told).toMatchObject({ frames: 0, connects: 0, rejected: 0, trades: stored })
    // One run of ids of each product: nothing is missing between its first trade and its last.
    expect({ duplicated, different, runs }).toEqual({ duplicated: 0, different: 0, runs: 2 })
    expect(recordsOf(data).ws).toBeUndefined()
  })

  test('that does both keeps each trade once', async () => {
    using folder = tempFolder()
    const data = folder.path
    const isEnough = (records: Record<string, number>) =>
      (records['ws matches'] ?? 0) > 100 && (records['rest trades'] ?? 0) >= 4
    const mode = ['--mode', 'both', '--poll-seconds', '1']
    const told = await runUntil([...sim.flags, ...mode], { data, isEnough })
    const { stored, duplicated, different, runs } = await holdings(data)
    expect(told).toMatchObject({ trades: stored, rejected: 0, conflicts: 0, connects: 1 })
    expect(told.duplicates).toBeGreaterThan(0)
    expect({ duplicated, different, runs }).toEqual({ duplicated: 0, different: 0, runs: 2 })
  })

  test('refuses a second one on its folder, and Ctrl-C ends it well', async () => {
    using folder = tempFolder()
    const to = [...sim.flags, ...PRODUCTS, '--data', folder.path, '--json']
    await using first = startCli('run', ...to)
    await waitFor(() => hasTrades(folder.path), { what: 'trades', ms: 15_000 })
    const second = await runCli('run', ...to)
    expect(second.status).toBe(1)
    expect(lastLine(second).error).toMatchObject({ code: 'ASSAY_LOCKED' })
    expect(second.stderr).toContain(`process ${first.child.pid}`)
    const startMs = systemClock.monotonicMs()
    first.child.kill('SIGINT')
    const ended = await first.ended
    expect(systemClock.monotonicMs() - startMs).toBeLessThan(STOP_MS_MAX)
    expect(ended.status).toBe(0)
    expect(lastLine(ended).trades).toBe((await holdings(folder.path)).stored)
  })

  test('names a product the venue does not list, and what may have been meant', async () => {
    using folder = tempFolder()
    const to = [...sim.flags, '--data', folder.path, '--json']
    const ended = await runCli('run', '--products', 'BTC-USDD', ...to)
    expect(ended.status).toBe(1)
    expect(lastLine(ended).error).toMatchObject({ code: 'ASSAY_UNKNOWN_PRODUCT' })
    expect(ended.stderr).toContain('BTC-USDD')
    expect(ended.stderr).toContain('BTC-USD')
  })

  test('without a network says so, tells of the demo and makes nothing up', async () => {
    using folder = tempFolder()
    const to = [...NOWHERE, '--data', folder.path, '--seconds', '5', '--json']
    const ended = await runCli('run', ...to)
    expect(ended.status).toBe(0)
    expect(ended.stderr).toContain('Cannot connect to ws://127.0.0.1:9')
    expect(ended.stderr).toContain('npm run demo')
    expect(lastLine(ended)).toMatchObject({ trades: 0, frames: 0, connects: 0 })
    expect((await holdings(folder.path)).stored).toBe(0)
  })
})

async function hasTrades(data: string): Promise<boolean> {
  try {
    return (await holdings(data)).stored > 0
  } catch {
    return false
  }
}

describe.concurrent('collect and refine', () => {
  test('as two processes come to what one makes of it', async () => {
    using folder = tempFolder()
    const data = ['--data', folder.path]
    await using refine = startCli('refine', ...data, '--json')
    const to = [...sim.flags, ...PRODUCTS, ...data, '--seconds', '6']
    const told = await runJson<{ durable_pos: number }>('collect', ...to, '--json')
    const { durable_pos: end } = told
    const isRead = async () => {
      await using warehouse = await openReader(folder.path)
      const at = await warehouse.read((db) =>
        db.selectFrom('ops_checkpoints').select('pos').where('reader', '=', 'silver').execute(),
      )
      return at.some(({ pos }) => pos >= end)
    }
    await waitFor(isRead, { what: 'the refiner to have read all', ms: 10_000 })
    refine.child.kill('SIGINT')
    const ended = await refine.ended
    expect(ended.status).toBe(0)
    const { stored, duplicated, different } = await holdings(folder.path)
    expect(lastLine(ended)).toMatchObject({ records: end, accepted: stored, rejected: 0 })
    expect({ duplicated, different }).toEqual({ duplicated: 0, different: 0 })
    expect(await runJson('rebuild', '--check', ...data, '--json')).toMatchObject({ equal: true })
  })
})

test('backfill fetches a span whole, and again adds nothing', async () => {
  await using quiet = await startSim('--rate', '50', '--history', '10', '--products', 'BTC-USD')
  await quiet.setTrading(false)
  using folder = tempFolder()
  const data = ['--rest-url', quiet.restUrl, '--data', folder.path]
  const span = ['--from', '-5m', '--products', 'BTC-USD', '--venues', 'coinbase', ...data]
  const told = await runJson('backfill', ...span, '--json')
  expect(told).toEqual({
    products: [
      {
        venue: 'coinbase',
        symbol: 'BTC-USD',
        pages: expect.any(Number),
        trades: expect.any(Number),
        candles: expect.any(Number),
      },
    ],
    accepted: expect.any(Number),
  })
  await using warehouse = await openReader(folder.path)
  const { made, held, lost, duplicated, different } = await compareWithTruth(warehouse, quiet)
  expect({ lost, duplicated, different }).toEqual({ lost: 0, duplicated: 0, different: 0 })
  expect(held).toBe(made)
  expect(told.accepted).toBeGreaterThanOrEqual(made)
  expect((await runJson('backfill', ...span, '--json')).accepted).toBe(0)
})
