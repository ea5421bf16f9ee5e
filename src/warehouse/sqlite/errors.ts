import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { ErrorCode, Retry } from '../../core/errors.ts'
import { AssayError, systemCode } from '../../core/errors.ts'

const READ_ONLY = 8
const CANNOT_OPEN = 14

/** SQLite's primary result codes that are the world's fault, and what they are to us. */
const WORLD: Readonly<Record<number, readonly [ErrorCode, string, Retry]>> = {
  5: ['ASSAY_LOCKED', 'is busy with another writer', 'backoff'],
  [READ_ONLY]: ['ASSAY_READ_ONLY', 'cannot be written', 'never'],
  10: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'failed to read or write its file', 'backoff'],
  11: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'is damaged; rebuild it from the raw log', 'never'],
  13: ['ASSAY_DISK_FULL', 'has no room left', 'never'],
  [CANNOT_OPEN]: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'cannot be opened', 'never'],
  26: ['ASSAY_WAREHOUSE_UNAVAILABLE', 'is not a database; rebuild it from the raw log', 'never'],
}

/** Returns SQLite's primary result code of a failure, or 0 where it is none of SQLite's. */
export function sqliteCode(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0
  return typeof error.errcode === 'number' ? error.errcode & 0xff : 0
}

/** Returns what to throw for a failure of the database at `path`: ours where the world failed. */
export function warehouseError(error: unknown, path: string): unknown {
  const result = sqliteCode(error)
  const known = WORLD[result === CANNOT_OPEN && !isWritable(dirname(path)) ? READ_ONLY : result]
  if (known === undefined) return error
  const [code, what, retry] = known
  return new AssayError(code, `the warehouse ${path} ${what}`, {
    retry,
    context: { path },
    cause: error,
  })
}

/** SQLite does not tell a folder it may not write its side files to from one that is missing. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch (error) {
    return systemCode(error) === 'ENOENT'
  }
}
