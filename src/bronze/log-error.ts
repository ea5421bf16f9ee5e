import type { ErrorCode } from '../core/errors.ts'
import { AssayError, systemCode } from '../core/errors.ts'

const CODES: Readonly<Record<string, { readonly code: ErrorCode; readonly why: string }>> = {
  ENOSPC: { code: 'ASSAY_DISK_FULL', why: 'the disk is full' },
  EDQUOT: { code: 'ASSAY_DISK_FULL', why: 'the disk quota is used up' },
  EROFS: { code: 'ASSAY_READ_ONLY', why: 'the file system is read-only' },
  EACCES: { code: 'ASSAY_READ_ONLY', why: 'writing is not permitted' },
  EPERM: { code: 'ASSAY_READ_ONLY', why: 'writing is not permitted' },
  ENOTDIR: { code: 'ASSAY_READ_ONLY', why: 'a file stands where a folder should' },
  EEXIST: { code: 'ASSAY_READ_ONLY', why: 'a file stands where a folder should' },
}

/**
 * Returns what a failed write or sync of a log means: a full disk, a read-only one, or a disk
 * that no longer keeps its word. What is no failure of the system passes through.
 */
export function logError(error: unknown, path: string): Error {
  const system = systemCode(error)
  const isOfSystem = /^E[A-Z0-9]+$/.test(system)
  if (error instanceof Error && !isOfSystem) return error
  const { code, why } = CODES[system] ?? {
    code: 'ASSAY_LOG_FSYNC' as const,
    why: 'a write or sync failed',
  }
  return new AssayError(code, `the log cannot be written at ${path}: ${why}`, {
    context: { path, system },
    cause: error,
  })
}
