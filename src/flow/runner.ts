import type { Clock } from '../core/clock.ts'
import type { Random } from '../core/random.ts'
import type { RunRow, Warehouse } from '../warehouse/index.ts'
import { attemptRun } from './attempt.ts'
import {
  type Claimant,
  type ClaimedRun,
  claimNext,
  claimRun,
  hasWaiting,
  type PoolLimits,
  reclaimLost,
} from './claim.ts'
import type { AssetGraph } from './graph.ts'
import type { RunListener } from './listener.ts'
import { type RunSign, readSigns } from './lost.ts'
import { partitionAt } from './partition.ts'
import type { Settling } from './settle.ts'

/** What a runner works with. */
export interface RunnerOptions<S> {
  /** Opened to write, shared or alone. */
  readonly warehouse: Warehouse
  readonly graph: AssetGraph<S>
  /** Passed on to the assets. */
  readonly services: S
  readonly clock: Clock
  readonly random: Random
  /** Unique among all runners on the store. */
  readonly holder: string
  readonly signal: AbortSignal
  readonly listener?: RunListener
  /** @default DEFAULT_POOLS */
  readonly pools?: PoolLimits
  /** How long a claim lasts after its last sign of life. @default 30 s */
  readonly leaseMs?: number
  /** @default 10 s */
  readonly heartbeatMs?: number
}

/** How long a claim lasts after its last sign of life, unless told otherwise. */
export const LEASE_MS = 30_000

/** How many runs of each pool are under way at once, unless told otherwise. */
export const DEFAULT_POOLS: PoolLimits = { live: 2, gap: 1, backfill: 2 }

/** Does runs, one call each; any number of runners may share a store. */
export interface Runner<S> {
  readonly options: RunnerOptions<S>
  /** Claims the next run that can begin; null where there is none. */
  claim(): Promise<ClaimedRun | null>
  /**
   * Claims this very run, whether or not it is due: if it is queued, or if whoever had it let
   * their claim run out.
   */
  claimThis(runId: string): Promise<ClaimedRun | null>
  /** Does one attempt of a claimed run; see {@link attemptRun}. */
  attempt(claimed: ClaimedRun): Promise<RunRow | null>
}

/** Returns what ending runs needs, as of now. */
export function settlingOf<S>({
  graph,
  clock,
  listener,
}: Pick<RunnerOptions<S>, 'graph' | 'clock' | 'listener'>): Settling<S> {
  return { graph, nowUs: clock.nowUs(), listener }
}

/** Returns a runner; it holds nothing open. */
export function createRunner<S>(options: RunnerOptions<S>): Runner<S> {
  const { warehouse, graph, clock, holder, leaseMs = LEASE_MS, heartbeatMs = 10_000 } = options
  const { pools = DEFAULT_POOLS, listener = {} } = options
  const claimant = (): Claimant<S> => {
    return { ...settlingOf(options), holder, leaseUs: leaseMs * 1000 }
  }
  const tell = async (claimed: ClaimedRun | null, tx: Parameters<typeof claimNext>[0]) => {
    if (claimed === null) return null
    const { run } = claimed
    const partition = partitionAt(graph.get(run.asset).partitions, run.partition_us)
    await listener.began?.(tx, { run, partition, outcome: null })
    return claimed
  }
  return {
    options,
    async claim() {
      // At rest, which is nearly always, a look is enough.
      if (!(await warehouse.read((db) => hasWaiting(db, clock.nowUs())))) return null
      return warehouse.write(async (tx) => tell(await claimNext(tx, claimant(), pools), tx))
    },
    claimThis: (runId) =>
      warehouse.write(async (tx) => {
        const { nowUs } = claimant()
        const isOut = ({ run, expiresUs }: RunSign) =>
          run.run_id === runId && (expiresUs ?? 0) <= nowUs
        await reclaimLost(tx, claimant(), (await readSigns(tx.db)).filter(isOut))
        const run = await tx.db
          .selectFrom('ops_runs')
          .selectAll()
          .where('run_id', '=', runId)
          .executeTakeFirst()
        return run?.state === 'queued' ? tell(await claimRun(tx, claimant(), run), tx) : null
      }),
    attempt: (claimed) => attemptRun({ ...options, listener, heartbeatMs }, claimed),
  }
}
