import { listLogs, logStat, readLogHorizon } from '../bronze/index.ts'
import { isAssayError } from '../core/errors.ts'
import { followCandles } from '../gold/candles.ts'
import { BookFollower } from '../silver/books/follow.ts'
import { logsBehind } from '../silver/refined.ts'
import { Refiner, type RefineTotals } from '../silver/refiner.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import type { Context } from './context.ts'
import { createProgress } from './progress.ts'

/** Refines what a command wrote, in this process. */
export interface HereRefiner extends AsyncDisposable {
  /** Refines all that is durable now and folds the larger candles; returns what that came to. */
  catchUp(label: string): Promise<RefineTotals>
}

/**
 * Opens the refiner in this process.
 *
 * @returns `null` where another process refines: what is written into a log will reach it.
 */
export async function openRefinerHere(
  context: Context,
  command: string,
): Promise<HereRefiner | null> {
  const { storeUrl, dataDir, clock, config, signal } = context
  const holder = `assay ${command}, process ${process.pid}`
  let warehouse: Awaited<ReturnType<typeof openWarehouse>>
  try {
    warehouse = await openWarehouse({ url: storeUrl, mode: 'write', clock, holder })
  } catch (error) {
    if (isAssayError(error, 'ASSAY_LOCKED')) return null
    throw error
  }
  let report: (() => void) | null = null
  const graceUs = config.candles.graceSeconds * 1e6
  const onCommit = () => report?.()
  const refiner = await Refiner.open({ warehouse, dataDir, clock, holder, graceUs, onCommit })
  const books = new BookFollower({ warehouse, dataDir, clock })
  return {
    async catchUp(label) {
      const before = refiner.totals
      const total = recordsIn(dataDir) - refinedIn(dataDir, refiner)
      const progress = createProgress({ label, unit: 'records', total, clock })
      report = () => progress.update(refiner.totals.records - before.records)
      await refiner.refine(signal)
      await books.follow(signal)
      await followCandles(warehouse, { signal })
      report = null
      if (total > 0) progress.done()
      return difference(refiner.totals, before)
    },
    async [Symbol.asyncDispose]() {
      // In the order of opening, whichever of them fails.
      await using parts = new AsyncDisposableStack()
      parts.use(warehouse)
      parts.use(refiner)
      parts.use(books)
    },
  }
}

/** Time between two looks at how far another process has refined. */
const LOOK_MS = 200

/**
 * Waits until another process has refined each log below the position told.
 *
 * @returns whether it had within `forMs`.
 */
export async function waitUntilRefined(
  warehouse: Warehouse,
  wanted: ReadonlyMap<string, number>,
  { clock, signal, forMs }: Pick<Context, 'clock' | 'signal'> & { readonly forMs: number },
): Promise<boolean> {
  const giveUpMs = clock.monotonicMs() + forMs
  for (;;) {
    signal.throwIfAborted()
    const behind = await warehouse.read((db) => logsBehind(db, wanted))
    if (behind.length === 0) return true
    if (clock.monotonicMs() >= giveUpMs) return false
    await clock.sleep(LOOK_MS, signal)
  }
}

/** Returns how many records all logs hold. */
export function recordsIn(dataDir: string): number {
  const kept = listLogs(dataDir).map((name) => logStat({ dataDir, name }))
  return kept.reduce((sum, { durablePos, horizonPos }) => sum + durablePos - horizonPos, 0)
}

function refinedIn(dataDir: string, refiner: Refiner): number {
  const begun = listLogs(dataDir).map((name) => {
    return Math.max(0, refiner.checkpoint(name) - readLogHorizon(dataDir, name).pos)
  })
  return begun.reduce((sum, count) => sum + count, 0)
}

function difference(after: RefineTotals, before: RefineTotals): RefineTotals {
  const tally = { ...after.tally }
  for (const name of Object.keys(tally) as (keyof typeof tally)[]) tally[name] -= before.tally[name]
  return {
    accepted: after.accepted - before.accepted,
    candles: after.candles - before.candles,
    duplicates: after.duplicates - before.duplicates,
    expired: after.expired - before.expired,
    conflicts: after.conflicts - before.conflicts,
    rejected: after.rejected - before.rejected,
    late: after.late - before.late,
    records: after.records - before.records,
    tally,
  }
}
