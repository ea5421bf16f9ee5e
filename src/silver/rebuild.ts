import { listLogs } from '../bronze/index.ts'
import type { Warehouse } from '../warehouse/index.ts'
import { type DecodeAhead, decodeAhead } from './decode-ahead.ts'
import { stampFoldVersion } from './fold-version.ts'
import { mergeBatch } from './merge.ts'
import { judgeEverything } from './minutes.ts'
import { loadState } from './state.ts'

/** Batches of one transaction: enough to make its cost small, few enough to bound memory. */
const BATCHES_PER_COMMIT = 16

/**
 * Starts decoding every log from its first record, in a thread of its own.
 *
 * Asked for before the warehouse is made, it is ready by the time the writer is.
 */
export function decodeLogs(dataDir: string): DecodeAhead {
  return decodeAhead(dataDir, listLogs(dataDir))
}

/** How a rebuild goes on. */
export interface RebuildProgress {
  readonly records: number
  readonly accepted: number
  readonly log: string
  readonly pos: number
}

/** What a rebuild of silver came to. */
export interface Rebuilt {
  readonly records: number
  readonly accepted: number
  /** Whether order books are left to be folded. */
  readonly hasBooks: boolean
}

/**
 * Refines every log from its first record into an empty warehouse.
 *
 * Decoding runs in a thread of its own, ahead of the writer by a bounded number of batches;
 * minutes are judged once at the end. The facts equal those of refining live.
 */
export async function rebuildSilver(options: {
  /** Every log from its first record; owned by the caller, who opens it first of all. */
  readonly batches: DecodeAhead
  readonly warehouse: Warehouse
  readonly graceUs: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: RebuildProgress) => void
}): Promise<Rebuilt> {
  const { batches, warehouse, graceUs, signal, onProgress } = options
  const state = await loadState(warehouse)
  let records = 0
  let accepted = 0
  let hasBooks = false
  let isDone = false
  while (!isDone) {
    signal?.throwIfAborted()
    await warehouse.write(async (tx) => {
      for (let step = 0; step < BATCHES_PER_COMMIT; step += 1) {
        const batch = await batches.next()
        if (batch === null) {
          isDone = true
          return
        }
        const result = await mergeBatch(state, tx, batch, { graceUs, judge: 'later' })
        records += batch.tally.frames
        accepted += result.accepted
        hasBooks ||= batch.hasBooks
        batches.recycle(batch.trades)
        onProgress?.({ records, accepted, log: batch.log, pos: batch.checkpoint })
      }
    })
  }
  await warehouse.write(async (tx) => {
    await judgeEverything(state, tx)
    await stampFoldVersion(tx)
  })
  return { records, accepted, hasBooks }
}
