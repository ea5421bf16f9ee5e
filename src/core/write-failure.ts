import type { ErrorCode } from './errors.ts'
import { AssayError, systemCode } from './errors.ts'

/** What a system's refusal to write comes to. */
export interface WriteRefusal {
  readonly code: ErrorCode
  /** In words. */
  readonly why: string
}

const REFUSALS: Readonly<Record<string, WriteRefusal>> = {
  ENOSPC: { code: 'ASSAY_DISK_FULL', why: 'the disk is full' },
  EDQUOT: { code: 'ASSAY_DISK_FULL', why: 'the disk quota is used up' },
  EROFS: { code: 'ASSAY_READ_ONLY', why: 'the file system is read-only' },
  EACCES: { code: 'ASSAY_READ_ONLY', why: 'writing is not permitted' },
  EPERM: { code: 'ASSAY_READ_ONLY', why: 'writing is not permitted' },
  ENOTDIR: { code: 'ASSAY_READ_ONLY', why: 'a file stands where a folder should' },
  EEXIST: { code: 'ASSAY_READ_ONLY', why: 'a file stands where a folder should' },
  EISDIR: { code: 'ASSAY_READ_ONLY', why: 'a folder stands where a file should' },
}

/** Returns what a system's code means to whoever writes, where it is a known one. */
export function writeRefusal(system: string): WriteRefusal | undefined {
  return Object.hasOwn(REFUSALS, system) ? REFUSALS[system] : undefined
}

/**
 * Returns what it means that a file for people could not be written: ASSAY_DISK_FULL,
 * ASSAY_READ_ONLY, or ASSAY_FILE_UNREADABLE where the system gave another reason.
 */
export function writeFailure(path: string, cause: unknown): AssayError {
  const system = systemCode(cause)
  const { code, why } = writeRefusal(system) ?? {
    code: 'ASSAY_FILE_UNREADABLE' as const,
    why: system || 'unknown',
  }
  const context = { path, system }
  return new AssayError(code, `${path} cannot be written: ${why}`, { context, cause })
}
