import type { ErrorCode, Retry } from '../../core/errors.ts'
import { AssayError } from '../../core/errors.ts'

/** SQLite's primary result codes that are the world's fault, and what they are to us. */
const WORLD: Readonly<Record<number, readonly [ErrorCode, string, Retry]>> = {
  5: ['ASSAY_LOCKED', 'is busy with another writer', 'backoff'],
  8: ['ASSAY_READ_ONLY', 'cannot be written', 'never'],
  10: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'failed to read or write its file', 'backoff'],
  11: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'is damaged; rebuild it from the raw log', 'never'],
  13: ['ASSAY_DISK_FULL', 'has no room left', 'never'],
  14: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'cannot be opened', 'never'],
  26: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'is not a database; rebuild it from the raw log', 'never'],
}

/** Returns SQLite's primary result code of a failure, or 0 where it is none of SQLite's. */
export function sqliteCode(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0
  return typeof error.errcode === 'number' ? error.errcode & 0xff : 0
}

/** Returns what to throw for a failure of the database at `path`: ours where the world failed. */
export function warehouseError(error: unknown, path: string): unknown {
  const known = WORLD[sqliteCode(error)]
  if (known === undefined) return error
  const [code, what, retry] = known
  return new AssayError(code, `the warehouse ${path} ${what}`, {
    retry,
    context: { path },
    cause: error,
  })
}
