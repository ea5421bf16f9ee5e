import { type LogReader, listLogs, openLogReader } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Warehouse } from '../warehouse/index.ts'
import { acquireLease, confirmLease, type Lease, releaseLease } from '../warehouse/index.ts'
import type { Batch, FrameTally } from './batch.ts'
import { emptyTally } from './batch.ts'
import { DecodeStage } from './decode-stage.ts'
import { requireFoldVersion } from './fold-version.ts'
import { type MergeResult, mergeBatch } from './merge.ts'
import { loadState, type SilverState } from './state.ts'

/** Name of the lease that only one writer of silver holds. */
const SILVER_LEASE = 'silver-writer'
const LEASE_TTL_US = 30_000_000

/** What a refiner is made of. */
export interface RefinerOptions {
  readonly warehouse: Warehouse
  readonly dataDir: string
  readonly clock: Clock
  /** Who holds the writer's lease, for people: a role and a process. */
  readonly holder: string
  /** Minutes are final this long after their end, by log time. */
  readonly graceUs: number
  /** Durable positions told in-process; other logs are asked of their `head` files. */
  readonly durablePos?: (log: string) => number | undefined
  /** Told after each commit, before the next batch. */
  readonly onCommit?: (batch: Batch, result: MergeResult) => void
}

/** What a refiner did since it was opened. */
export interface RefineTotals extends MergeResult {
  readonly records: number
  readonly tally: Readonly<FrameTally>
}

/**
 * Turns what is durable in the raw logs into facts, once, and remembers how far it came.
 *
 * Each batch is one transaction: rows, coverage, checkpoint and the writer's lease together,
 * so a kill at any moment leaves either all of a batch or none. One refiner writes at a time.
 */
export class Refiner implements AsyncDisposable {
  readonly #options: RefinerOptions
  readonly #lease: Lease
  readonly #readers = new Map<string, { reader: LogReader; stage: DecodeStage }>()
  #state: SilverState | null
  #totals: RefineTotals = {
    accepted: 0,
    candles: 0,
    duplicates: 0,
    expired: 0,
    conflicts: 0,
    rejected: 0,
    late: 0,
    records: 0,
    tally: emptyTally(),
  }

  private constructor(options: RefinerOptions, lease: Lease, state: SilverState) {
    this.#options = options
    this.#lease = lease
    this.#state = state
  }

  /** @throws ASSAY_LOCKED when another refiner holds the lease; ASSAY_WAREHOUSE_VERSION. */
  static async open(options: RefinerOptions): Promise<Refiner> {
    const { warehouse, clock, holder } = options
    await requireFoldVersion(warehouse)
    const lease = await warehouse.write((tx) =>
      acquireLease(tx, { name: SILVER_LEASE, holder, nowUs: clock.nowUs(), ttlUs: LEASE_TTL_US }),
    )
    return new Refiner(options, lease, await loadState(warehouse))
  }

  get totals(): RefineTotals {
    return this.#totals
  }

  /** Returns the position below which a log has been refined. */
  checkpoint(log: string): number {
    return this.#state?.logs.get(log)?.checkpoint ?? 0
  }

  /**
   * Refines everything that is durable now in every log, and returns the number of records read.
   *
   * @throws ASSAY_LEASE_LOST when another writer took over; what the warehouse throws. Asked
   * again it begins at the last commit.
   */
  async refine(signal?: AbortSignal): Promise<number> {
    const before = this.#totals.records
    try {
      for (const log of listLogs(this.#options.dataDir)) await this.#refineLog(log, signal)
    } catch (error) {
      // Memory may be ahead of what was committed: both begin again at the last commit.
      this.#state = null
      for (const { reader } of this.#readers.values()) reader[Symbol.dispose]()
      this.#readers.clear()
      throw error
    }
    return this.#totals.records - before
  }

  async #refineLog(log: string, signal: AbortSignal | undefined): Promise<void> {
    this.#state ??= await loadState(this.#options.warehouse)
    const { reader, stage } = this.#readerOf(log)
    const from = this.checkpoint(log)
    if (reader.durablePos <= from) return
    let fed = false
    for (const block of reader.blocks(from)) {
      if (signal?.aborted) return
      stage.feed(block)
      fed = true
      if (stage.full) {
        await this.#commit(stage)
        fed = false
      }
    }
    if (fed) await this.#commit(stage)
  }

  #readerOf(log: string): { reader: LogReader; stage: DecodeStage } {
    let known = this.#readers.get(log)
    if (known === undefined) {
      const { dataDir, durablePos } = this.#options
      const told = durablePos?.(log)
      const reader = openLogReader({
        dataDir,
        name: log,
        ...(told !== undefined && { durablePos: () => durablePos?.(log) ?? 0 }),
      })
      known = { reader, stage: new DecodeStage(log) }
      this.#readers.set(log, known)
    }
    return known
  }

  async #commit(stage: DecodeStage): Promise<void> {
    const { warehouse, clock, graceUs, onCommit } = this.#options
    const state = this.#state as SilverState
    const batch = stage.takeBatch()
    const result = await warehouse.write(async (tx) => {
      await confirmLease(tx, this.#lease, clock.nowUs())
      return mergeBatch(state, tx, batch, { graceUs, judge: 'now' })
    })
    this.#totals = addTotals(this.#totals, batch, result)
    onCommit?.(batch, result)
    stage.recycle(batch.trades)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { reader } of this.#readers.values()) reader[Symbol.dispose]()
    await this.#options.warehouse.write((tx) => releaseLease(tx, this.#lease))
  }
}

function addTotals(totals: RefineTotals, batch: Batch, result: MergeResult): RefineTotals {
  const tally = { ...totals.tally }
  for (const name of Object.keys(tally) as (keyof FrameTally)[]) tally[name] += batch.tally[name]
  return {
    accepted: totals.accepted + result.accepted,
    candles: totals.candles + result.candles,
    duplicates: totals.duplicates + result.duplicates,
    expired: totals.expired + result.expired,
    conflicts: totals.conflicts + result.conflicts,
    rejected: totals.rejected + result.rejected,
    late: totals.late + result.late,
    records: totals.records + batch.tally.frames,
    tally,
  }
}
