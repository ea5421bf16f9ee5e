import type { RunRow, WriteTransaction } from '../warehouse/index.ts'
import type { Outcome } from './asset.ts'
import type { Partition } from './partition.ts'

/** Told of a run's changes: some within the commit that makes them, some as they happen. */
export interface RunListener {
  /** Told within the commit that ends a run, whoever ends it: also one that never began. */
  readonly ended?: (tx: WriteTransaction, change: RunChange) => Promise<void>
  /** Told within the commit that begins an attempt. */
  readonly began?: (tx: WriteTransaction, change: RunChange) => Promise<void>
  readonly log?: (run: RunRow, level: 'info' | 'warn' | 'error', message: string) => void
  readonly progress?: (run: RunRow, done: number, total: number) => void
}

/** A run as it is after a change. */
export interface RunChange {
  readonly run: RunRow
  readonly partition: Partition
  /** Where it came to something. */
  readonly outcome: Outcome | null
}
