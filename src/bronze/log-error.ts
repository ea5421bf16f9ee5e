import { AssayError, systemCode } from '../core/errors.ts'
import { writeRefusal } from '../core/write-failure.ts'

/**
 * Returns what a failed write or sync of a log means: a full disk, a read-only one, or a disk
 * that no longer keeps its word. What is no failure of the system passes through.
 */
export function logError(error: unknown, path: string): Error {
  const system = systemCode(error)
  const isOfSystem = /^E[A-Z0-9]+$/.test(system)
  if (error instanceof Error && !isOfSystem) return error
  const { code, why } = writeRefusal(system) ?? {
    code: 'ASSAY_LOG_FSYNC' as const,
    why: 'a write or sync failed',
  }
  return new AssayError(code, `the log cannot be written at ${path}: ${why}`, {
    context: { path, system },
    cause: error,
  })
}
