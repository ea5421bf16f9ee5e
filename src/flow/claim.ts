import type { Kysely } from 'kysely'
import { assert } from '../core/assert.ts'
import type { Lease, RunRow, Schema, WriteTransaction } from '../warehouse/index.ts'
import { acquireLease } from '../warehouse/index.ts'
import type { PoolName } from './asset.ts'
import type { AssetGraph, PartRef } from './graph.ts'
import { isSameSign, type RunSign, readSigns } from './lost.ts'
import { partitionAt } from './partition.ts'
import { activeName, activeNames, leaseName } from './requests.ts'
import { endRun, retryRun, type Settling } from './settle.ts'
import { readState } from './states.ts'

/** How many runs of a pool may be under way at once, whoever does them. */
export type PoolLimits = Readonly<Record<PoolName, number>>

/** Who claims, and when. */
export interface Claimant<S> extends Settling<S> {
  /** Told to others; unique to the process and to its runner. */
  readonly holder: string
  /** How long a claim lasts after its last sign of life. */
  readonly leaseUs: number
}

/** A run that is ours to do, until its lease is another's. */
export interface ClaimedRun {
  readonly run: RunRow
  readonly lease: Lease
}

/** Runs looked at at first to find one that can begin, and at most in one further step. */
const LOOK = 16
const LOOK_MAX = 500
/** A run that waits for a time so far away was put off by a clock that was wrong. */
const AHEAD_US = 86_400_000_000

/** Whether any run waits whose time has come; a look at an index. */
export async function hasWaiting(db: Kysely<Schema>, nowUs: number): Promise<boolean> {
  return (await waitingRuns(db, nowUs).select('run_id').limit(1).execute()).length > 0
}

const waitingRuns = (db: Kysely<Schema>, nowUs: number) =>
  db
    .selectFrom('ops_runs')
    .where('state', '=', 'queued')
    .where((eb) => eb.or([eb('due_us', '<=', nowUs), eb('due_us', '>', nowUs + AHEAD_US)]))

/**
 * Takes the first run that can begin: due, its pool not full, and nothing it is made from being
 * made. One whose upstream failed is skipped, as blocked.
 */
export async function claimNext<S>(
  tx: WriteTransaction,
  claimant: Claimant<S>,
  limits: PoolLimits,
): Promise<ClaimedRun | null> {
  const { graph, nowUs } = claimant
  const pools = await freePools(tx.db, limits)
  if (pools.length === 0) return null
  const active = await activeNames(tx.db)
  let looked = 0
  for (let look = LOOK; ; look = Math.min(look * 4, LOOK_MAX)) {
    const waiting = await waitingRuns(tx.db, nowUs)
      .selectAll()
      .where('pool', 'in', pools)
      .orderBy('priority')
      .orderBy('queued_us')
      .limit(look)
      .offset(looked)
      .execute()
    looked += waiting.length
    for (const run of waiting) {
      const can = graph.has(run.asset) ? await canBegin(tx.db, { graph, run, active }) : 'later'
      if (can === 'now') return claimRun(tx, claimant, run)
      if (can === 'later') continue
      const reason = `what it is made from failed: ${can.failed}`
      await endRun(tx, claimant, run, { state: 'skipped', part: 'blocked', reason })
      active.delete(run.active ?? '')
      looked -= 1
    }
    if (waiting.length < look) return null
  }
}

/** Whether a run can begin now, or later, or not as long as something it is made from failed. */
async function canBegin<S>(
  db: Kysely<Schema>,
  at: {
    readonly graph: AssetGraph<S>
    readonly run: RunRow
    readonly active: ReadonlySet<string>
  },
): Promise<'now' | 'later' | { readonly failed: string }> {
  const { graph, run, active } = at
  if (run.trigger === 'manual' || run.trigger === 'upstream') return 'now'
  const { partitions } = graph.get(run.asset)
  const above = graph.upstream(run.asset, partitionAt(partitions, run.partition_us))
  if (above.some((part) => active.has(activeName(part.asset, part.partition)))) return 'later'
  const failed = await findFailed(db, above)
  return failed === null ? 'now' : { failed }
}

/** Takes one run, whether or not it is its turn; it must be queued. */
export async function claimRun<S>(
  tx: WriteTransaction,
  claimant: Claimant<S>,
  run: RunRow,
): Promise<ClaimedRun> {
  assert(run.state === 'queued', 'a run is queued before it is claimed')
  const { holder, nowUs, leaseUs, graph } = claimant
  const lease = await acquireLease(tx, {
    name: leaseName(run.run_id),
    holder,
    nowUs,
    ttlUs: leaseUs,
  })
  const claimed: RunRow = {
    ...run,
    state: 'running',
    attempt: run.attempt + 1,
    code_version: graph.get(run.asset).codeVersion,
    started_us: nowUs,
    holder,
    token: lease.token,
    reason: null,
    error_code: null,
  }
  await tx.upsert('ops_runs', [claimed])
  return { run: claimed, lease }
}

/** Attempts lost until a run counts as failed: it may be what kills those who make it. */
const LOST_MAX = 10

/**
 * Puts back runs that are lost, unless they show a sign of life after all; one that was lost too
 * often has failed. That a process was killed does not count as a failure of what it made.
 */
export async function reclaimLost<S>(
  tx: WriteTransaction,
  settling: Settling<S>,
  lost: readonly RunSign[],
): Promise<void> {
  const signs = new Map((await readSigns(tx.db)).map((sign) => [sign.run.run_id, sign]))
  for (const before of lost) {
    const sign = signs.get(before.run.run_id)
    if (sign === undefined || !isSameSign(sign, before)) continue
    const { run } = sign
    const code = 'ASSAY_LEASE_LOST'
    const reason = `${run.holder} gave no sign of life`
    if (run.lost < LOST_MAX) {
      const again = { ...run, attempt: run.attempt - 1, lost: run.lost + 1 }
      await retryRun(tx, settling, { run: again, dueUs: settling.nowUs, reason, code })
    } else {
      await endRun(tx, settling, run, { state: 'failed', part: 'failed', reason, code })
    }
  }
}

/** Names the first of these parts that failed, or is blocked by one that did; or null. */
async function findFailed(db: Kysely<Schema>, above: readonly PartRef[]): Promise<string | null> {
  for (const { asset, partitions, partition } of above) {
    const state = await readState(db, { key: asset, partitions }, partition)
    if (state === 'failed' || state === 'blocked') return `${asset} ${partition.key}`.trimEnd()
  }
  return null
}

async function freePools(db: Kysely<Schema>, limits: PoolLimits): Promise<PoolName[]> {
  const busy = await db
    .selectFrom('ops_runs')
    .select(['pool', (eb) => eb.fn.countAll<number>().as('runs')])
    .where('state', '=', 'running')
    .groupBy('pool')
    .execute()
  const free = { ...limits }
  for (const { pool, runs } of busy) free[pool as PoolName] -= runs
  return (Object.keys(free) as PoolName[]).filter((pool) => free[pool] > 0)
}
