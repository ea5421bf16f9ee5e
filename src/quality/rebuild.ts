import type { Clock } from '../core/clock.ts'
import { followCandles } from '../gold/candles.ts'
import { followBooks } from '../silver/books/follow.ts'
import { applyCutoffs } from '../silver/history/apply-cutoffs.ts'
import { type Carried, carryFacts } from '../silver/history/carry.ts'
import { decodeLogs, type RebuildProgress, rebuildSilver } from '../silver/rebuild.ts'
import { type Generation, proveWarehouse, type WarehouseProof } from '../warehouse/index.ts'

/** What a new generation is filled from. */
export interface RebuildOptions {
  readonly dataDir: string
  /** New and empty; finished or abandoned by the caller. */
  readonly generation: Generation
  readonly clock: Clock
  readonly graceUs: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: RebuildProgress) => void
}

/** What a rebuild came to. */
export interface Rebuild {
  readonly proof: WarehouseProof
  /** Trades it holds, to be counted before the swap. */
  readonly trades: number
  /** What was taken over since its raw records are gone; null where every log is whole. */
  readonly carried: Carried | null
}

/**
 * Makes all facts anew, and proves them: those of the raw logs, on top of those whose records were
 * deleted; less those that were deleted on purpose themselves.
 *
 * The caller holds the history's lock, so that no record goes meanwhile.
 */
export async function rebuildGeneration(options: RebuildOptions): Promise<Rebuild> {
  const { dataDir, generation, clock, graceUs, signal, onProgress } = options
  await using batches = decodeLogs(dataDir)
  const carried = await carryFacts({ dataDir, generation })
  const told = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
  const built = await rebuildSilver({ batches, warehouse: generation, graceUs, ...told })
  if (built.hasBooks) await followBooks(generation, { dataDir, clock, ...(signal && { signal }) })
  await followCandles(generation, signal && { signal })
  const expired = await applyCutoffs(generation)
  const trades = (carried?.trades ?? 0) + built.accepted - expired
  return { proof: await proveWarehouse(generation), trades, carried }
}
