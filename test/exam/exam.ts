import { join } from 'node:path'
import type { Kysely } from 'kysely'
import type { FaultRecord, Simulator } from '../../sim/index.ts'
import { startSimulator } from '../../sim/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { listHoles } from '../../src/silver/holes.ts'
import { openWarehouse, type Schema } from '../../src/warehouse/index.ts'
import { type MemorySample, runAssay } from './candidate.ts'
import { type Evidence, readEvidence } from './evidence.ts'
import { type CandleFindings, judgeCandles } from './judge-candles.ts'
import {
  judgeRestarts,
  judgeStalls,
  type RestartFindings,
  type StallFindings,
} from './judge-feeds.ts'
import { judgeSnapshots, type SnapshotFindings } from './judge-snapshots.ts'
import { judgeTrades, type TradeFindings } from './judge-trades.ts'
import { simulatorOptions } from './markets.ts'
import type { ExamOptions } from './options.ts'
import { isReachable } from './reach.ts'
import { type Sitting, sitExam } from './sit.ts'

/** Everything that was found out. */
export interface ExamFindings {
  readonly options: ExamOptions
  readonly seconds: number
  readonly sitting: Sitting
  readonly faults: number
  /** Each fault that was injected, with what it struck. */
  readonly journal: readonly FaultRecord[]
  readonly faultsByKind: Readonly<Record<string, number>>
  readonly trades: TradeFindings
  readonly candles: CandleFindings
  readonly stalls: StallFindings
  readonly restarts: RestartFindings
  readonly snapshots: SnapshotFindings
  /** Holes still open at the end in which a trade lies that REST has. */
  readonly openReachable: number
  readonly holesByVerdict: Readonly<Record<string, number>>
  /** Books summed up by the second, and chains that broke, by cause. */
  readonly bookSeconds: number
  readonly bookBreaks: Readonly<Record<string, number>>
  readonly incidentsByCause: Readonly<Record<string, number>>
  readonly requests: {
    readonly total: number
    readonly whileBanned: number
    readonly limited: number
    readonly messagesOverLimit: number
  }
  readonly connects: number
  readonly records: number
  /** Memory of the run early on, at the end of trading, and at most; `null` where untold. */
  readonly memory: Readonly<Record<'early' | 'late' | 'peak', number | null>>
  readonly logOk: boolean
  /** `null` in the quick form, which has no time for it. */
  readonly rebuildEqual: boolean | null
  /** What is wrong, the first of it. */
  readonly wrong: readonly string[]
}

const WRONG_MAX = 200

/** Holds an examination in `dir`, which should be empty: the sitting, and then the judging. */
export async function holdExam(options: ExamOptions, dir: string): Promise<ExamFindings> {
  const startMs = systemClock.monotonicMs()
  await using sim = await startSimulator(simulatorOptions(options))
  const sitting = await sitExam(options, { sim, dir })
  const wrong: string[] = []
  const note = (what: string) => {
    if (wrong.length < WRONG_MAX) wrong.push(what)
  }
  const evidence = readEvidence(sitting.dataDir)
  const kept = await judgeKept(sim, evidence, { dataDir: sitting.dataDir, note })
  const stalls = judgeStalls(sim, evidence)
  const restarts = judgeRestarts(sim, evidence, note)
  const at = ['--data', sitting.dataDir, '--json']
  const verified = await runAssay('log', 'verify', ...at)
  const rebuilt = options.isQuick ? null : await runAssay('rebuild', '--check', ...at)
  const { stats } = sim
  return {
    ...{ options, sitting, ...kept, stalls, restarts, wrong },
    seconds: (systemClock.monotonicMs() - startMs) / 1000,
    faults: sim.faults.length,
    journal: sim.faults,
    faultsByKind: countBy(sim.faults, ({ kind }) => kind),
    incidentsByCause: countBy(
      evidence.incidents.filter(({ toUs }) => toUs === null),
      ({ venue, cause }) => `${venue} ${cause}`,
    ),
    requests: {
      total: stats.restRequests,
      whileBanned: stats.requestsWhileBanned,
      limited: stats.restLimited,
      messagesOverLimit: stats.messagesOverLimit,
    },
    connects: evidence.connects.length,
    records: evidence.records,
    memory: memoryOf(sitting.samples),
    logOk: verified.status === 0 && verified.told.ok === true,
    rebuildEqual: rebuilt === null ? null : rebuilt.told.equal === true,
  }
}

/** Judges what the warehouse holds, reading only. */
async function judgeKept(
  sim: Simulator,
  evidence: Evidence,
  at: { readonly dataDir: string; readonly note: (what: string) => void },
) {
  const { note } = at
  const url = `sqlite:${join(at.dataDir, 'warehouse')}`
  await using warehouse = await openWarehouse({ url, mode: 'read', clock: systemClock })
  return await warehouse.read(async (db) => {
    const holes = await listHoles(db)
    const about = { db, sim, holes, note }
    const open = holes.filter((hole) => hole.verdict === 'open' && isReachable(sim, hole))
    const breaks = await db.selectFrom('silver_book_breaks').select('cause').execute()
    for (const hole of open) note(`open: ${JSON.stringify(hole)}`)
    return {
      trades: await judgeTrades(about),
      candles: await judgeCandles(about),
      snapshots: await judgeSnapshots(db, evidence, note),
      bookSeconds: await countBookSeconds(db),
      bookBreaks: countBy(breaks, ({ cause }) => cause),
      openReachable: open.length,
      holesByVerdict: countBy(holes, ({ verdict, cause }) => `${verdict} (${cause})`),
    }
  })
}

async function countBookSeconds(db: Kysely<Schema>): Promise<number> {
  const { n } = await db
    .selectFrom('silver_book_seconds')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  return n
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const groups = [...Map.groupBy(items, keyOf)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(groups.map(([key, members]) => [key, members.length]))
}

/** Medians of the second quarter of the run and of its last: what grows shows between them. */
function memoryOf(samples: readonly MemorySample[]) {
  const sizes = samples.map(({ mebibytes }) => mebibytes)
  const median = (part: readonly number[]) =>
    part.toSorted((a, b) => a - b)[part.length >> 1] ?? null
  const quarter = sizes.length >> 2
  return {
    early: median(sizes.slice(quarter, 2 * quarter)),
    late: median(sizes.slice(3 * quarter)),
    peak: sizes.length === 0 ? null : Math.max(...sizes),
  }
}
