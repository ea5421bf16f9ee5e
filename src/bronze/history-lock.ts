import { join } from 'node:path'
import { acquireLock, type Lock } from '../core/lock.ts'
import { makeFolder } from './folder.ts'
import { logError } from './log-error.ts'

/**
 * Takes the right to shorten the history of a data folder, or to read it whole: retention and a
 * rebuild must not meet, nor two of either.
 *
 * @throws ASSAY_LOCKED when another does so; ASSAY_DISK_FULL or ASSAY_READ_ONLY.
 */
export function lockHistory(dataDir: string, holder: string): Lock {
  try {
    makeFolder(dataDir)
  } catch (error) {
    throw logError(error, dataDir)
  }
  return acquireLock(join(dataDir, 'history.lock'), holder)
}
