import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What retention may delete of the warehouse, each by its own number of days. */
export const EXPIRING = ['trades', 'candles', 'snapshots', 'books', 'quarantine', 'runs'] as const

/** One of {@link EXPIRING}. */
export type Expiring = (typeof EXPIRING)[number]

/**
 * By dataset, the time before which its rows were deleted on purpose: starts of UTC days, 0 where
 * nothing was. Candles are minutes and the venues' own; what gold made of them stays as it is, and
 * is not made again.
 */
export type Cutoffs = Readonly<Record<Expiring, number>>

/** Where nothing was ever deleted. */
export const NO_CUTOFFS: Cutoffs = {
  trades: 0,
  candles: 0,
  snapshots: 0,
  books: 0,
  quarantine: 0,
  runs: 0,
}

/** Reads the cut-offs that were applied. */
export async function readCutoffs(db: Kysely<Schema>): Promise<Cutoffs> {
  const rows = await db.selectFrom('ops_cutoffs').selectAll().execute()
  const found = rows.map((row) => [row.dataset, row.before_us] as const)
  return { ...NO_CUTOFFS, ...Object.fromEntries(found) }
}
