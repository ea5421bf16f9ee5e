import { join } from 'node:path'
import { forEachRecord, logStat, openLogReader } from '../../src/bronze/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import { type Hole, listHoles } from '../../src/silver/holes.ts'
import { openWarehouse, type Warehouse } from '../../src/warehouse/index.ts'
import {
  lastLine,
  type Running,
  runCli,
  startCli,
  startSim,
  tempFolder,
} from '../integration/cli-support.ts'
import { type Comparison, compareWithTruth } from '../integration/compare.ts'

/** What a trial is made of. */
export interface TrialOptions {
  /** The same seed gives the same market, the same faults and the same moments to kill at. */
  readonly seed: number
  readonly kills: number
  /** Trades per second. */
  readonly rate: number
  /** Bounds of a life that is killed, from its start, milliseconds. */
  readonly lifeMs: readonly [number, number]
  /** Undisturbed trading after the last kill. */
  readonly calmMs: number
  /** Longest wait for everything to be healed after trading has stopped. */
  readonly healMsMax: number
}

/** What came of a trial. */
export interface TrialResult extends Comparison {
  /** Milliseconds from each start to the first frame of the socket in the log. */
  readonly restartMs: readonly number[]
  readonly records: number
  readonly faults: number
  readonly holes: readonly Hole[]
  readonly healMs: number
  /** How the last life ended, and what it and the two proofs told. */
  readonly status: number | null
  readonly stopMs: number
  readonly verify: { readonly ok: boolean }
  readonly rebuild: { readonly equal: boolean }
}

const PRODUCTS = ['BTC-USD', 'ETH-USD', 'REKT-USD']
/** Trades held back by a fault may come this long after trading has stopped. */
const LATE_MS = 6000
/** New records that only the socket can have brought. */
const FLOWING = 50

/**
 * Kills `assay run` over and over while a simulator trades and misbehaves, then lets it heal,
 * and compares what it holds with the truth.
 */
export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const { seed, rate } = options
  using folder = tempFolder()
  const data = folder.path
  // Long enough that the quiet product has traded before: its scope's beginning can be proven.
  const history = ['--history', 30]
  const market = ['--seed', seed, '--rate', rate, '--products', PRODUCTS.join(','), ...history]
  const harm = ['--faults', 'mixed', '--rest-limit', 0]
  await using sim = await startSim(...[...market, ...harm].map(String))
  const starts: number[] = []
  const start = () => {
    starts.push(systemClock.nowUs())
    const products = ['--products', ...PRODUCTS]
    return startCli('run', ...sim.flags, ...products, '--data', data, '--log-level', 'error')
  }
  await killOverAndOver(start, { ...options, data })
  await using last = start()
  await systemClock.sleep(options.calmMs)
  await sim.setTrading(false)
  await using warehouse = await openReader(data)
  const healMs = await untilHealed({ warehouse, data, last, msMax: options.healMsMax })
  const stopping = systemClock.monotonicMs()
  last.child.kill('SIGINT')
  const { status } = await last.ended
  const stopMs = systemClock.monotonicMs() - stopping
  return {
    ...(await compareWithTruth(warehouse, sim)),
    restartMs: firstRecords(data, starts),
    records: logStat({ dataDir: data, name: 'collect' }).durablePos,
    faults: (await sim.get<readonly unknown[]>('faults')).length,
    holes: await warehouse.read((db) => listHoles(db)),
    ...{ healMs, status, stopMs },
    verify: lastLine(await runCli('log', 'verify', '--data', data, '--json')),
    rebuild: lastLine(await runCli('rebuild', '--check', '--data', data, '--json')),
  }
}

/** Every other life is killed while trades flow, the rest at any moment from their start on. */
async function killOverAndOver(
  start: () => Running,
  options: TrialOptions & { readonly data: string },
): Promise<void> {
  const random = createRandom(options.seed)
  const [least, most] = options.lifeMs
  for (let kill = 0; kill < options.kills; kill += 1) {
    await using life = start()
    const { child, ended } = life
    if (kill % 2 === 1) await Promise.race([untilFlowing(options.data), ended])
    const lifeMs = least + random.next() * (most - least)
    await Promise.race([systemClock.sleep(lifeMs), ended])
    child.kill('SIGKILL')
    const { signal, status, stderr } = await ended
    if (signal === 'SIGKILL') continue
    throw new Error(`life ${kill} ended by itself with status ${status}:\n${stderr}`)
  }
}

/** Waits until a life has written more than its diary, or for as long as a fault may stop it. */
async function untilFlowing(data: string): Promise<void> {
  const records = () => logStat({ dataDir: data, name: 'collect' }).durablePos
  const before = records()
  for (let look = 0; look < 60 && records() < before + FLOWING; look += 1) {
    await systemClock.sleep(100)
  }
}

/** Opens the warehouse to read, as soon as there is one. */
async function openReader(data: string): Promise<Warehouse> {
  const url = `sqlite:${join(data, 'warehouse')}`
  return openWarehouse({ url, mode: 'read', clock: systemClock })
}

/** Waits until nothing is missing, and all that is durable is refined; returns how long. */
async function untilHealed(at: {
  readonly warehouse: Warehouse
  readonly data: string
  readonly last: Running
  readonly msMax: number
}): Promise<number> {
  const startMs = systemClock.monotonicMs()
  const passedMs = () => systemClock.monotonicMs() - startMs
  let open: readonly Hole[] = []
  let quiet = 0
  while (passedMs() < at.msMax) {
    await systemClock.sleep(500)
    if (at.last.child.exitCode !== null) throw new Error(`ended by itself:\n${at.last.said()}`)
    open = (await at.warehouse.read((db) => listHoles(db))).filter(isOpen)
    const isQuiet = open.length === 0 && (await lagOf(at.warehouse, at.data)) < 100
    quiet = isQuiet ? quiet + 1 : 0
    if (quiet >= 4 && passedMs() > LATE_MS) return passedMs()
  }
  throw new Error(`not healed after ${at.msMax} ms: ${JSON.stringify(open, null, 1)}`)
}

const isOpen = (hole: Hole) => hole.verdict === 'open'

/** Returns how many durable records of the live log are not refined yet. */
async function lagOf(warehouse: Warehouse, data: string): Promise<number> {
  const row = await warehouse.read((db) =>
    db
      .selectFrom('ops_checkpoints as c')
      .innerJoin('ops_logs as l', 'l.log_id', 'c.log_id')
      .select('c.pos')
      .where('l.name', '=', 'collect')
      .executeTakeFirst(),
  )
  return logStat({ dataDir: data, name: 'collect' }).durablePos - (row?.pos ?? 0)
}

/** Returns, of each life that lived to see one, how long its first frame took. */
function firstRecords(data: string, starts: readonly number[]): number[] {
  const firstUs: number[] = []
  let life = 0
  using reader = openLogReader({ dataDir: data, name: 'collect' })
  for (const block of reader.blocks(0)) {
    forEachRecord(block, ({ origin, receivedTimeUs }) => {
      while ((starts[life + 1] ?? Number.POSITIVE_INFINITY) <= receivedTimeUs) life += 1
      if (origin === 'ws') firstUs[life] ??= receivedTimeUs
    })
  }
  return starts.flatMap((startUs, at) => {
    const found = firstUs[at]
    return found === undefined ? [] : [(found - startUs) / 1000]
  })
}
