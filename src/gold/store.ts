import type { Schema, Table, WriteTransaction } from '../warehouse/index.ts'

/** Columns that say when a row was written, not what it says. */
const STAMPS: ReadonlySet<string> = new Set(['change_seq', 'revision'])

/** Tells whether two rows say the same, whenever they were written. */
export function isSameRow<R extends object>(a: R, b: R): boolean {
  for (const name in b) {
    if (a[name] !== b[name] && !STAMPS.has(name)) return false
  }
  return true
}

/** Rows as they are stored, and as they ought to be. */
export interface Replacement<T extends Table> {
  readonly table: T
  /** All rows of the part that is made anew; those without an heir are removed. */
  readonly stored: readonly Schema[T][]
  readonly wanted: readonly Schema[T][]
  readonly keyOf: (row: Schema[T]) => string | number
}

/**
 * Makes what is stored what is wanted, and returns how many rows that changed.
 *
 * A row that says the same is left as it is, with the number of the commit that changed it last,
 * so that whoever follows changes hears of changes only.
 */
export async function replaceRows<T extends Table>(
  tx: WriteTransaction,
  { table, stored, wanted, keyOf }: Replacement<T>,
): Promise<number> {
  const before = new Map(stored.map((row) => [keyOf(row), row]))
  const changed: Schema[T][] = []
  for (const row of wanted) {
    const held = before.get(keyOf(row))
    before.delete(keyOf(row))
    if (held === undefined || !isSameRow(held, row)) changed.push(row)
  }
  const gone = [...before.values()]
  await tx.upsert(table, changed)
  await tx.remove(table, gone as never)
  return changed.length + gone.length
}
