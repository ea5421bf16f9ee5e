import { Cron } from 'croner'
import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import type { WriteTransaction } from '../warehouse/index.ts'
import type { Asset, Schedule } from './asset.ts'
import type { AssetGraph } from './graph.ts'
import { type Partition, partitionAt, WHOLE } from './partition.ts'
import { queueRun } from './requests.ts'
import { readState } from './states.ts'

/** Occurrences of one schedule that are queued in one commit. */
const OCCURRENCES_MAX = 200

/** An occurrence this late was missed. */
const MISSED_US = 300_000_000
/** A cursor, or a clock set back, further than this: it followed a clock that was wrong. */
const WRONG_US = 60_000_000

/** A schedule, ready to be asked. */
interface Timetable<S> {
  readonly name: string
  readonly asset: Asset<S>
  readonly schedule: Schedule
  readonly cron: Cron
  /** Where it stood when it was looked at last; null before that. */
  seen: Seen | null
}

interface Seen {
  readonly cursorUs: number
  /** The first occurrence after the cursor; null where there is none any more. */
  readonly nextUs: number | null
}

/** What a tick came to. */
export interface TickResult {
  /** Runs that were queued. */
  readonly queued: number
  /** To be called once the tick is committed: then this is where the schedules stand. */
  readonly accept: () => void
}

/** Queues what is due by the clock. */
export interface Scheduler {
  /** Queues every occurrence up to `nowUs`, so many at a time. */
  tick(tx: WriteTransaction, nowUs: number): Promise<TickResult>
  /** Whether an occurrence is due, as far as is known without a look at the store. */
  isDue(nowUs: number): boolean
}

/**
 * Reads a cron expression.
 *
 * @throws ASSAY_USAGE when it is none.
 */
export function parseCron(expression: string): Cron {
  try {
    return new Cron(expression, { timezone: 'UTC', paused: true })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AssayError('ASSAY_USAGE', `${expression} is no schedule: ${why}`, { cause: error })
  }
}

/** Returns the first occurrence after a time, or null where there is none. */
export function nextOccurrence(cron: Cron, afterUs: number): number | null {
  const next = cron.nextRun(new Date(Math.floor(afterUs / 1000)))
  return next === null ? null : next.getTime() * 1000
}

/** What a scheduler works with. */
export interface SchedulerOptions<S> {
  readonly graph: AssetGraph<S>
  readonly random: Random
  readonly clock: Clock
}

/** Returns a scheduler over the schedules of all assets. */
export function createScheduler<S>({ graph, random, clock }: SchedulerOptions<S>): Scheduler {
  const timetables: Timetable<S>[] = graph.assets.flatMap((asset) =>
    asset.schedules.map((schedule) => ({
      name: `${asset.key} ${schedule.cron} ${schedule.part}`,
      asset,
      schedule,
      cron: parseCron(schedule.cron),
      seen: null,
    })),
  )
  let offsetUs = Number.NEGATIVE_INFINITY
  const isDue = ({ seen }: Timetable<S>, nowUs: number) =>
    seen === null || (seen.nextUs !== null && seen.nextUs <= nowUs)
  return {
    isDue(nowUs) {
      const before = offsetUs
      offsetUs = nowUs - clock.monotonicMs() * 1000
      // A clock that is set back was ahead, and took the schedules with it: look at each anew.
      if (offsetUs < before - WRONG_US) for (const timetable of timetables) timetable.seen = null
      return timetables.some((timetable) => isDue(timetable, nowUs))
    },
    async tick(tx, nowUs) {
      const seen = new Map<Timetable<S>, Seen>()
      let queued = 0
      for (const timetable of timetables) {
        if (!isDue(timetable, nowUs)) continue
        const done = await queueDue(tx, timetable, { nowUs, random })
        queued += done.queued
        seen.set(timetable, done.seen)
      }
      const accept = () => {
        for (const [timetable, where] of seen) timetable.seen = where
      }
      return { queued, accept }
    },
  }
}

async function queueDue<S>(
  tx: WriteTransaction,
  timetable: Timetable<S>,
  { nowUs, random }: { readonly nowUs: number; readonly random: Random },
): Promise<{ readonly queued: number; readonly seen: Seen }> {
  const { name, asset, schedule } = timetable
  const row = await tx.db
    .selectFrom('ops_schedules')
    .select('cursor_us')
    .where('name', '=', name)
    .executeTakeFirst()
  // A schedule that was never seen begins now: nobody was promised what lies before.
  let cursorUs = row?.cursor_us ?? nowUs
  if (timetable.seen === null && cursorUs > nowUs + WRONG_US) {
    cursorUs = Math.max(nowUs, await knownSince(tx, asset))
  }
  const due = dueTimes(timetable, cursorUs, nowUs)
  let queued = 0
  for (const timeUs of due.times) {
    const partition = partOf(asset, schedule, timeUs)
    if (!(await isWanted(tx, asset, partition))) continue
    const request = { partition, trigger: 'schedule', dueUs: nowUs, nowUs, random } as const
    if ((await queueRun(tx, asset, request)).isNew) queued += 1
  }
  const { seen } = due
  if (row?.cursor_us !== seen.cursorUs) {
    await tx.upsert('ops_schedules', [{ name, cursor_us: seen.cursorUs }])
  }
  return { queued, seen }
}

async function knownSince<S>(tx: WriteTransaction, asset: Asset<S>): Promise<number> {
  const row = await tx.db
    .selectFrom('ops_flow_assets')
    .select('known_us')
    .where('asset', '=', asset.key)
    .executeTakeFirst()
  return row?.known_us ?? 0
}

/** Lists the occurrences of `(cursorUs, nowUs]` that count, and where the schedule then stands. */
function dueTimes<S>(
  { cron, asset, seen }: Timetable<S>,
  cursorUs: number,
  nowUs: number,
): { readonly times: readonly number[]; readonly seen: Seen } {
  const { catchUp } = asset
  const times: number[] = []
  // Finding the next occurrence takes longer than all the rest: what is known is not asked again.
  let nextUs = seen?.cursorUs === cursorUs ? seen.nextUs : nextOccurrence(cron, cursorUs)
  const most = catchUp === 'all' ? OCCURRENCES_MAX : 2
  while (nextUs !== null && nextUs <= nowUs && times.length < most) {
    times.push(nextUs)
    nextUs = nextOccurrence(cron, nextUs)
  }
  let lastUs = times.at(-1) ?? cursorUs
  if (catchUp === 'all' || times.length === 0) return { times, seen: { cursorUs: lastUs, nextUs } }
  // What was missed in between is let go: only the last may count, however long we were away.
  if (nextUs !== null && nextUs <= nowUs) {
    const [last] = cron.previousRuns(1, new Date(Math.floor(nowUs / 1000) + 1))
    if (last !== undefined) lastUs = last.getTime() * 1000
    nextUs = nextOccurrence(cron, lastUs)
  }
  const isWanted = catchUp === 'latest' || nowUs - lastUs < MISSED_US
  return { times: isWanted ? [lastUs] : [], seen: { cursorUs: lastUs, nextUs } }
}

function partOf<S>(asset: Asset<S>, { part }: Schedule, timeUs: number): Partition {
  if (asset.partitions === 'none') return WHOLE
  // The part that lasts, where one has just begun, is the one that has just ended.
  const current = partitionAt(asset.partitions, timeUs - 1)
  if (part === 'current' || current.toUs <= timeUs) return current
  return partitionAt(asset.partitions, current.fromUs - 1)
}

/** A part that is made, and stands on what it was made of, need not be asked for again. */
async function isWanted<S>(
  tx: WriteTransaction,
  asset: Asset<S>,
  partition: Partition,
): Promise<boolean> {
  if (asset.partitions === 'none') return true
  const state = await readState(tx.db, asset, partition)
  return state !== 'made'
}
