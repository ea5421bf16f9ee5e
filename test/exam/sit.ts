import { join } from 'node:path'
import type { Simulator } from '../../sim/index.ts'
import { logStat } from '../../src/bronze/index.ts'
import { createStatusLine, type StatusLine } from '../../src/cli/status-line.ts'
import { systemClock } from '../../src/core/clock.ts'
import { listHoles } from '../../src/silver/holes.ts'
import { openWarehouse } from '../../src/warehouse/index.ts'
import { type Candidate, type CandidateEnd, startCandidate } from './candidate.ts'
import { TRADING_VENUES } from './markets.ts'
import type { ExamOptions } from './options.ts'
import { planExam } from './plan.ts'
import { isReachable } from './reach.ts'

const START_MS_MAX = 60_000
/** Connections are up, and every scope's beginning is asked for, before anything goes wrong. */
const WARM_MS = 4000
const SAMPLE_MS = 2000
const LOOK_MS = 1500
const LAG_RECORDS_MAX = 300
/** A minute's candle may close so long after its end. */
const CLOSE_US = 14_000_000
const MINUTE_US = 60_000_000

/** How the sitting went, as far as it is known without looking at what was kept. */
export interface Sitting extends CandidateEnd {
  readonly dataDir: string
  /** Seconds from the end of trading until nothing was missing any more. */
  readonly healSeconds: number
  /** Whether it came to that within the time allowed. */
  readonly isHealed: boolean
}

/**
 * Lets the run sit the examination: faults, calm, healing, end. Throws where the run ends by
 * itself, or never connects.
 */
export async function sitExam(
  options: ExamOptions,
  at: { readonly sim: Simulator; readonly dir: string },
): Promise<Sitting> {
  const { sim, dir } = at
  const line = createStatusLine({ clock: systemClock })
  await using candidate = startCandidate(options, { simUrl: sim.restUrl, dir })
  const scene: Scene = { options, sim, candidate, line }
  try {
    await untilFlowing(scene)
    await strike(scene)
    await wait(scene, options.calmSeconds * 1000, 'calm')
    sim.setTrading(false)
    const healed = await untilHealed(scene)
    line.clear()
    return { dataDir: candidate.dataDir, ...healed, ...(await candidate.stop()) }
  } finally {
    line.end()
  }
}

interface Scene {
  readonly options: ExamOptions
  readonly sim: Simulator
  readonly candidate: Candidate
  readonly line: StatusLine
}

const nowMs = () => systemClock.monotonicMs()

/** Waits, and meanwhile watches over the run and tells of it. */
async function wait(scene: Scene, ms: number, phase: string): Promise<void> {
  const { sim, candidate, line } = scene
  const endMs = nowMs() + ms
  do {
    if (candidate.isGone()) throw new Error('the run has ended by itself')
    const memory = candidate.sample()
    line.show(() => {
      const { tradesLive, connections, restRequests, faults } = sim.stats
      const held = memory === null ? '' : `  ${memory.mebibytes.toFixed(0)} MiB`
      return (
        `${phase}  ${Math.ceil((endMs - nowMs()) / 1000)} s  ${tradesLive} trades  ` +
        `${faults} faults  ${connections} connections  ${restRequests} requests${held}`
      )
    })
    await systemClock.sleep(Math.min(SAMPLE_MS, Math.max(0, endMs - nowMs())))
  } while (nowMs() < endMs)
}

async function untilFlowing(scene: Scene): Promise<void> {
  const startMs = nowMs()
  const isUp = () =>
    TRADING_VENUES.every((id) => (scene.sim.stats.venues[id]?.connections ?? 0) > 0)
  while (!isUp()) {
    if (nowMs() - startMs > START_MS_MAX) throw new Error('the run never connected')
    await wait(scene, 200, 'starting')
  }
  await wait(scene, WARM_MS, 'starting')
}

async function strike(scene: Scene): Promise<void> {
  const { seed, books, faultSeconds: seconds, faultEveryMs: everyMs } = scene.options
  const startMs = nowMs()
  for (const { atMs, request } of planExam({ seed, books, seconds, everyMs })) {
    const leftMs = startMs + atMs - nowMs()
    if (leftMs > 0) await wait(scene, leftMs, 'faults')
    scene.sim.inject(request)
  }
  await wait(scene, Math.max(0, startMs + seconds * 1000 - nowMs()), 'faults')
}

/**
 * Waits until the run itself knows of nothing that is missing: no hole is open and all is
 * refined, and it stayed so for a while, in which every silent product was asked about and the
 * last minute with trades closed. The truth is asked for one thing: an open hole of a trade that
 * REST was made to lack is not waited for.
 */
async function untilHealed(scene: Scene): Promise<Pick<Sitting, 'healSeconds' | 'isHealed'>> {
  const { options, candidate } = scene
  const startMs = nowMs()
  const url = `sqlite:${join(candidate.dataDir, 'warehouse')}`
  await using warehouse = await openWarehouse({ url, mode: 'read', clock: systemClock })
  const endUs = systemClock.nowUs()
  // The quick form has no time for the last minute to close: its candles stay incomplete.
  const closedUs = options.isQuick ? endUs : endUs - (endUs % MINUTE_US) + MINUTE_US + CLOSE_US
  const passed = () => (nowMs() - startMs) / 1000
  let wholeSince: number | null = null
  while (passed() < options.healSecondsMax) {
    await wait(scene, LOOK_MS, 'healing')
    const open = await warehouse.read(async (db) => {
      const holes = await listHoles(db, { withCandles: false })
      return holes.filter((hole) => hole.verdict === 'open' && isReachable(scene.sim, hole)).length
    })
    const at = await warehouse.read((db) =>
      db
        .selectFrom('ops_checkpoints as c')
        .innerJoin('ops_logs as l', 'l.log_id', 'c.log_id')
        .select('c.pos')
        .where('l.name', '=', 'collect')
        .where('c.reader', '=', 'silver')
        .executeTakeFirst(),
    )
    const lag = logStat({ dataDir: candidate.dataDir, name: 'collect' }).durablePos - (at?.pos ?? 0)
    wholeSince = open === 0 && lag < LAG_RECORDS_MAX ? (wholeSince ?? passed()) : null
    const isSettled = wholeSince !== null && passed() - wholeSince >= options.settleSeconds
    if (isSettled && systemClock.nowUs() >= closedUs) {
      return { healSeconds: wholeSince!, isHealed: true }
    }
  }
  return { healSeconds: passed(), isHealed: false }
}
