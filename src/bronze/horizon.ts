import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncPath } from './folder.ts'
import { type LogPaths, logPaths } from './layout.ts'

/** Where a log begins, once its oldest hours were deleted on purpose. */
export interface Horizon {
  readonly version: 1
  /** Every position below it is gone; it is the first that is kept. */
  readonly pos: number
  /** Greatest time of receipt among what is gone, epoch microseconds. */
  readonly timeUs: number
  /** What is gone: hours, records, and the bytes they took in the archive. */
  readonly hours: number
  readonly records: number
  readonly archivedBytes: number
}

/** The horizon of a log that holds every record it ever took. */
export const WHOLE: Horizon = {
  version: 1,
  pos: 0,
  timeUs: 0,
  hours: 0,
  records: 0,
  archivedBytes: 0,
}

/** Reads where a log begins. */
export function readHorizon(paths: LogPaths): Horizon {
  try {
    const found = JSON.parse(readFileSync(paths.horizon, 'utf8')) as Horizon
    if (found.version === 1 && Number.isSafeInteger(found.pos)) return found
  } catch {
    // There is none, or it is rotten: then what is missing below shows as damage, never as kept.
  }
  return WHOLE
}

/**
 * Keeps where a log begins, durably and whole. It is written before anything is deleted, so
 * that what is missing is never taken for rot.
 */
export function writeHorizon(paths: LogPaths, horizon: Horizon): void {
  const next = `${paths.horizon}.tmp`
  writeFileSync(next, `${JSON.stringify(horizon)}\n`)
  syncPath(next)
  renameSync(next, paths.horizon)
  syncPath(dirname(paths.horizon))
}

/** Reads where the log `name` of a data folder begins. */
export function readLogHorizon(dataDir: string, name: string): Horizon {
  return readHorizon(logPaths(dataDir, name))
}
