import type { BrokenBook } from '../market/book.ts'
import type { CandleGap } from '../silver/candle-holes.ts'
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
  /** Configuration files whose venues are to be known. */
  readonly venueFiles: readonly string[]
}

/** What the refiner's thread can be asked, and what it answers. */
export interface Questions {
  readonly holes: readonly Hole[]
  readonly candleGaps: readonly CandleGap[]
  readonly brokenBooks: readonly BrokenBook[]
}

/** What the refiner's thread is told. */
export type ToRefiner =
  | { readonly type: 'durable'; readonly log: string; readonly pos: number }
  | { readonly type: 'ask'; readonly id: number; readonly question: keyof Questions }
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
  | {
      readonly type: 'answer'
      readonly id: number
      readonly answer: Questions[keyof Questions]
    }
  | { readonly type: 'stopped'; readonly totals: RefineTotals }
  | {
      readonly type: 'failed'
      readonly code: string | null
      readonly message: string
      readonly stack: string
    }
