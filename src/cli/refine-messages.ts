import type { Hole } from '../silver/holes.ts'
import type { RefineTotals } from '../silver/refiner.ts'

/** What the refiner's thread is given at its start. */
export interface RefineJob {
  readonly dataDir: string
  readonly storeUrl: string
  readonly holder: string
  readonly graceUs: number
  /** The log whose durable position is told by message; `null` to ask every head file. */
  readonly ownLog: string | null
}

/** What the refiner's thread is told. */
export type ToRefiner =
  | { readonly type: 'durable'; readonly log: string; readonly pos: number }
  | { readonly type: 'holes'; readonly id: number }
  | { readonly type: 'stop' }

/** What the refiner's thread tells. */
export type FromRefiner =
  | { readonly type: 'ready' }
  | {
      readonly type: 'committed'
      readonly log: string
      readonly pos: number
      readonly committedUs: number
      readonly accepted: number
    }
  | { readonly type: 'holes'; readonly id: number; readonly holes: readonly Hole[] }
  | { readonly type: 'stopped'; readonly totals: RefineTotals }
  | {
      readonly type: 'failed'
      readonly code: string | null
      readonly message: string
      readonly stack: string
    }
