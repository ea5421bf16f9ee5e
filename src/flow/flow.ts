import type { Kysely } from 'kysely'
import { isAssayError } from '../core/errors.ts'
import type { RunRow, Schema } from '../warehouse/index.ts'
import { advanceBackfills } from './backfill.ts'
import { reclaimLost } from './claim.ts'
import { createLostWatch } from './lost.ts'
import { LEASE_MS, type Runner, settlingOf } from './runner.ts'
import { createScheduler } from './schedule.ts'
import { followChanges, listStale, noteAssets, queueStale } from './stale.ts'

/** What a flow is told while it goes on. */
export interface FlowOptions {
  /** Told of each run that ended, or was put back. */
  readonly onRun?: (run: RunRow) => void
  /** Told of a failure of the store; the flow goes on. */
  readonly onTrouble?: (error: unknown) => void
  /** Time between two looks at what is due. @default 1 s */
  readonly tickMs?: number
  /** Time between two looks for facts that changed. @default 5 s */
  readonly followMs?: number
}

/** Does what is due, once: for those who keep their own loop. */
export interface FlowTicker {
  /** Queues what is due; returns how many runs that were. */
  queueDue(): Promise<number>
  /** Queues the next parts of backfills alone, and what was lost by others. */
  advanceBackfills(): Promise<number>
  /** Follows changed facts, and queues what they made stale. */
  follow(): Promise<number>
}

/** Returns the two steps of a flow's loop beside the doing of runs. */
export function createTicker<S>({ options }: Runner<S>): FlowTicker {
  const { warehouse, graph, clock, random, leaseMs = LEASE_MS } = options
  const watch = createLostWatch(clock, leaseMs)
  let scheduler = createScheduler({ graph, random, clock })
  /** The filling of the tables in which the assets are noted; a rebuild begins another. */
  let notedIn: string | null = null
  const findLost = async (db: Kysely<Schema>) =>
    (await watch.look(db)).filter(({ run }) => graph.has(run.asset))
  return {
    async queueDue() {
      const nowUs = clock.nowUs()
      // At rest this reads two small tables and writes nothing.
      const { lost, backfills } = await warehouse.read(async (db) => ({
        lost: await findLost(db),
        backfills: await db
          .selectFrom('ops_backfills')
          .select('backfill_id')
          .where('state', '=', 'running')
          .execute(),
      }))
      const { generation } = warehouse
      const isNoted = notedIn === generation
      if (!isNoted) scheduler = createScheduler({ graph, random, clock })
      const isQuiet = lost.length === 0 && backfills.length === 0
      if (isNoted && isQuiet && !scheduler.isDue(nowUs)) return 0
      const { queued, accept } = await warehouse.write(async (tx) => {
        if (!isNoted) await noteAssets(tx, { graph, nowUs })
        await reclaimLost(tx, settlingOf(options), lost)
        const due = await scheduler.tick(tx, nowUs)
        const filled = await advanceBackfills(tx, graph, { nowUs, random })
        return { queued: due.queued + filled, accept: due.accept }
      })
      // What is remembered beside the tables changes only once they have.
      notedIn = generation
      accept()
      return queued
    },
    async advanceBackfills() {
      const nowUs = clock.nowUs()
      const lost = await warehouse.read(findLost)
      return warehouse.write(async (tx) => {
        await reclaimLost(tx, settlingOf(options), lost)
        return advanceBackfills(tx, graph, { nowUs, random })
      })
    },
    async follow() {
      const nowUs = clock.nowUs()
      await followChanges(warehouse, { graph, nowUs })
      const stale = await warehouse.read((db) => listStale(db, { graph, nowUs }))
      if (stale.length === 0) return 0
      return warehouse.write((tx) => queueStale(tx, { graph, nowUs }, random))
    },
  }
}

/**
 * Keeps every asset made: queues what is due, does what can be done, tries again what failed,
 * until told to stop; what is under way then is put back for the next.
 */
export async function runFlow<S>(runner: Runner<S>, told: FlowOptions = {}): Promise<void> {
  const { clock, signal } = runner.options
  const { tickMs = 1000, followMs = 5000, onRun, onTrouble } = told
  const ticker = createTicker(runner)
  const under = new Set<Promise<void>>()
  let followAtMs = clock.monotonicMs()
  let isTick = true
  let tick = Promise.resolve()
  while (!signal.aborted) {
    try {
      if (isTick) {
        isTick = false
        tick = clock.sleep(tickMs, signal).then(() => {
          isTick = true
        })
        await look()
      }
      await launchRuns(runner, under, tell)
    } catch (error) {
      // Somebody else's transaction, a full disk: the next look meets it again, or does not.
      if (!isAssayError(error)) throw error
      onTrouble?.(error)
    }
    // A run that ended makes room for another, and need not wait for the next look.
    await Promise.race([tick, ...under])
  }
  await Promise.all(under)

  async function look(): Promise<void> {
    await ticker.queueDue()
    if (clock.monotonicMs() < followAtMs) return
    await ticker.follow()
    followAtMs = clock.monotonicMs() + followMs
  }

  function tell(attempt: Promise<RunRow | null>): Promise<void> {
    return attempt.then(
      (run) => {
        if (run !== null) onRun?.(run)
      },
      (error: unknown) => onTrouble?.(error),
    )
  }
}

/**
 * Begins whatever can begin now. An attempt is under way until it ends; one that rejects stays
 * there, for whoever waits for them.
 */
export async function launchRuns<S>(
  runner: Runner<S>,
  under: Set<Promise<void>>,
  tell: (attempt: Promise<RunRow | null>) => Promise<unknown> = (attempt) => attempt,
): Promise<void> {
  while (!runner.options.signal.aborted) {
    const claimed = await runner.claim()
    if (claimed === null) return
    const done: Promise<void> = tell(runner.attempt(claimed)).then(() => {
      under.delete(done)
    })
    // It is met by whoever waits for what is under way, which may be only after the next claim.
    done.catch(() => {})
    under.add(done)
  }
}
