import { AssayError } from '../core/errors.ts'
import {
  readFoldVersion,
  type Warehouse,
  type WriteTransaction,
  writeFoldVersion,
} from '../warehouse/index.ts'

/**
 * The version of the rules that make stored numbers of raw records. Whatever changes a stored
 * number raises it; facts made by another version ask for a rebuild.
 */
export const FOLD_VERSION = 2

/** Marks an empty warehouse as filled by this version's rules. */
export async function stampFoldVersion(tx: WriteTransaction): Promise<void> {
  await writeFoldVersion(tx.db, FOLD_VERSION)
}

/**
 * Refuses to add to facts that other rules made: a table of both would prove nothing.
 *
 * @throws ASSAY_WAREHOUSE_VERSION, which asks for a rebuild.
 */
export async function requireFoldVersion(warehouse: Warehouse): Promise<void> {
  const stored = await warehouse.read((db) => readFoldVersion(db))
  if (stored === FOLD_VERSION) return
  if (stored === null) {
    await warehouse.write(stampFoldVersion)
    return
  }
  throw new AssayError(
    'ASSAY_WAREHOUSE_VERSION',
    `these facts were folded by version ${stored}, and this is ${FOLD_VERSION}: run assay rebuild`,
    { context: { stored, current: FOLD_VERSION } },
  )
}
