import { AssertionFailure } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { AssayError, firstFailure, isAssayError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { backoffMs } from '../core/retry.ts'
import type { RunRow, Warehouse, WriteTransaction } from '../warehouse/index.ts'
import { confirmLease } from '../warehouse/index.ts'
import type { Asset, RunContext } from './asset.ts'
import type { ClaimedRun } from './claim.ts'
import type { AssetGraph } from './graph.ts'
import type { RunListener } from './listener.ts'
import { type Partition, partitionAt } from './partition.ts'
import { createRunNotes, type RunNotes } from './run-notes.ts'
import { endRun, type RunEnd, retryRun } from './settle.ts'
import { compareVersions } from './versions.ts'

/** What attempts are made with. */
export interface AttemptOptions<S> {
  readonly warehouse: Warehouse
  readonly graph: AssetGraph<S>
  readonly services: S
  readonly clock: Clock
  readonly random: Random
  /** Time between two signs of life; well below the lease's length. */
  readonly heartbeatMs: number
  readonly signal: AbortSignal
  readonly listener: RunListener
}

/** Why an attempt was stopped from outside. */
type StopCause = 'cancelled' | 'timeout' | 'lost' | 'shutdown'

/**
 * Does one attempt of a claimed run, and commits what became of it.
 *
 * @returns the run as it then is: ended, or queued once more; `null` where another has taken it
 * over in the meantime, or where we are shutting down and leave it to the next.
 */
export async function attemptRun<S>(
  options: AttemptOptions<S>,
  claimed: ClaimedRun,
): Promise<RunRow | null> {
  const attempt = openAttempt(options, claimed)
  try {
    const end = await Promise.race([makePart(options, attempt), attempt.stop])
    return await settle(options, attempt, end)
  } catch (thrown) {
    const error = firstFailure(thrown)
    if (isAssayError(error, 'ASSAY_LEASE_LOST') || attempt.stopped() === 'lost') return null
    return await fail(options, attempt, error).catch((failure: unknown) => {
      if (isAssayError(failure, 'ASSAY_LEASE_LOST')) return null
      throw failure
    })
  } finally {
    attempt.close()
  }
}

/** An attempt under way. */
interface Attempt<S> extends ClaimedRun {
  readonly asset: Asset<S>
  readonly partition: Partition
  readonly notes: RunNotes
  readonly signal: AbortSignal
  /** Why it was stopped, once it was. */
  stopped(): StopCause | null
  /** Rejects when it is stopped. */
  readonly stop: Promise<never>
  close(): void
}

function openAttempt<S>(options: AttemptOptions<S>, claimed: ClaimedRun): Attempt<S> {
  const { clock, graph, warehouse, listener } = options
  const { run, lease } = claimed
  const asset = graph.get(run.asset)
  const aborting = new AbortController()
  const over = new AbortController()
  const { promise: stop, reject } = Promise.withResolvers<never>()
  stop.catch(() => undefined)
  let cause: StopCause | null = null
  const halt = (why: StopCause) => {
    if (cause !== null) return
    cause = why
    const error = stopError(why, asset)
    aborting.abort(error)
    reject(error)
  }
  const notes = createRunNotes(run, {
    nowUs: () => clock.nowUs(),
    onLog: (level, message) => listener.log?.(run, level, message),
  })
  const onShutdown = () => halt('shutdown')
  if (options.signal.aborted) onShutdown()
  else options.signal.addEventListener('abort', onShutdown)
  void clock.sleep(asset.timeoutSeconds * 1000, over.signal).then(() => {
    if (!over.signal.aborted) halt('timeout')
  })
  void beat()

  async function beat(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.sleep(options.heartbeatMs, over.signal)
      if (over.signal.aborted) return
      try {
        const { kept, isCancelled } = await warehouse.write(async (tx) => {
          await confirmLease(tx, lease, clock.nowUs())
          const kept = await notes.flush(tx)
          return { kept, isCancelled: await isCancelAsked(tx, run.run_id) }
        })
        kept()
        if (isCancelled) halt('cancelled')
      } catch (error) {
        if (isAssayError(error, 'ASSAY_LEASE_LOST')) halt('lost')
        // Any other failure is the store's: the next beat, or the commit, meets it again.
      }
    }
  }
  return {
    ...claimed,
    asset,
    partition: partitionAt(asset.partitions, run.partition_us),
    notes,
    signal: aborting.signal,
    stopped: () => cause,
    stop,
    close() {
      over.abort('over')
      // What it may have left going on its own has nobody to work for any more.
      aborting.abort(new AssayError('ASSAY_CANCELLED', 'the attempt has ended'))
      options.signal.removeEventListener('abort', onShutdown)
    },
  }
}

async function isCancelAsked(tx: WriteTransaction, runId: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('ops_runs')
    .select('cancel_asked')
    .where('run_id', '=', runId)
    .executeTakeFirst()
  return row?.cancel_asked === 1
}

/** Makes the part, unless it is made of the same by the same code already. */
async function makePart<S>(options: AttemptOptions<S>, attempt: Attempt<S>): Promise<RunEnd> {
  const { run, asset, partition } = attempt
  // A clock that is slow, or set back, does not open again what was over when it was asked for.
  const nowUs = Math.max(options.clock.nowUs(), run.queued_us, run.started_us ?? 0)
  const isOver = asset.partitions === 'none' || partition.toUs <= nowUs
  const part = isOver ? 'made' : 'provisional'
  const { inputVersion, unchanged } = await options.warehouse.read((db) =>
    compareVersions({ db, ...options }, { run, asset, partition }),
  )
  if (unchanged !== null) {
    const { isEmpty, ...before } = unchanged
    return { state: 'skipped', part: isEmpty ? 'empty' : part, inputVersion, ...before }
  }
  const outcome = await asset.materialize(contextOf(options, attempt))
  const failed = outcome.checks?.find((check) => !check.passed && check.severity === 'error')
  if (failed !== undefined) {
    const reason = `the check ${failed.name} failed: ${failed.detail}`
    const code = 'ASSAY_CHECK_FAILED'
    return { state: 'failed', part: 'failed', reason, code, outcome, inputVersion }
  }
  if (outcome.skipped === undefined) return { state: 'succeeded', part, inputVersion, outcome }
  return { state: 'skipped', part: 'empty', reason: outcome.skipped, inputVersion, outcome }
}

function contextOf<S>(options: AttemptOptions<S>, attempt: Attempt<S>): RunContext<S> {
  const { warehouse, services, clock, listener } = options
  const { run, lease, notes } = attempt
  return {
    runId: run.run_id,
    asset: run.asset,
    partition: attempt.partition,
    attempt: run.attempt,
    only: run.only_text === null ? null : JSON.parse(run.only_text),
    services,
    clock,
    signal: attempt.signal,
    read: (work) => warehouse.read(work),
    write: (work) =>
      warehouse.write(async (tx) => {
        attempt.signal.throwIfAborted()
        await confirmLease(tx, lease, clock.nowUs())
        return work(tx)
      }),
    log: (level, message) => notes.log(level, message),
    item: (item, state) => notes.item(item, state),
    progress: (done, total) => listener.progress?.(run, done, total),
  }
}

/** Commits the end of a run, with what its asset writes in that very commit. */
function settle<S>(
  { warehouse, graph, clock, listener }: AttemptOptions<S>,
  { run, lease, notes }: Attempt<S>,
  end: RunEnd,
): Promise<RunRow> {
  return warehouse.write(async (tx) => {
    const nowUs = clock.nowUs()
    await confirmLease(tx, lease, nowUs)
    await notes.flush(tx)
    if (end.state === 'succeeded') await end.outcome?.commit?.(tx)
    return endRun(tx, { graph, nowUs, listener }, run, end)
  })
}

/** Commits that an attempt came to nothing: for good, or to be tried again. */
async function fail<S>(
  options: AttemptOptions<S>,
  attempt: Attempt<S>,
  error: unknown,
): Promise<RunRow> {
  const { warehouse, graph, clock, random, listener } = options
  const { run, lease, notes, asset } = attempt
  const cause = attempt.stopped()
  const reason = error instanceof Error ? error.message : String(error)
  const code = error instanceof AssayError ? error.code : 'ASSAY_RUN_CRASHED'
  if (cause === 'cancelled') return settle(options, attempt, { state: 'cancelled', reason: cause })
  const canTry = run.attempt < asset.retry.attemptsMax && canRetry(error)
  if (cause !== 'shutdown') notes.log('error', reason)
  if (!canTry && cause !== 'shutdown') {
    return settle(options, attempt, { state: 'failed', part: 'failed', reason, code })
  }
  return warehouse.write(async (tx) => {
    const nowUs = clock.nowUs()
    await confirmLease(tx, lease, nowUs)
    await notes.flush(tx)
    // An attempt that we ended ourselves is not counted.
    const again =
      cause === 'shutdown'
        ? { run: { ...run, attempt: run.attempt - 1 }, dueUs: nowUs }
        : { run, dueUs: nowUs + pauseUs() }
    return retryRun(tx, { graph, nowUs, listener }, { ...again, reason, code })
  })

  function pauseUs(): number {
    const { baseSeconds, capSeconds } = asset.retry
    const bounds = { baseMs: baseSeconds * 1000, capMs: capSeconds * 1000, random }
    return Math.round(backoffMs(run.attempt - 1, bounds) * 1000)
  }
}

/** A failing world may mend; what says that it will not, and our own mistakes, do not. */
function canRetry(error: unknown): boolean {
  if (error instanceof AssayError) return error.retry !== 'never'
  return !(error instanceof AssertionFailure)
}

function stopError<S>(cause: StopCause, asset: Asset<S>): AssayError {
  if (cause === 'lost') {
    return new AssayError('ASSAY_LEASE_LOST', 'another has taken the run over')
  }
  if (cause === 'timeout') {
    const within = `${asset.timeoutSeconds} s`
    return new AssayError('ASSAY_TIMEOUT', `${asset.key} was not made within ${within}`, {
      retry: 'backoff',
    })
  }
  const why = cause === 'cancelled' ? 'the run was cancelled' : 'the flow was stopped'
  return new AssayError('ASSAY_CANCELLED', why)
}
