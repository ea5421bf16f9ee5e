import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/clock.ts'
import { acquireLock } from '../../core/lock.ts'
import { makeFolder } from '../folder.ts'
import { logPaths } from '../layout.ts'
import type { Journal } from '../log.ts'
import { logError } from '../log-error.ts'
import { LocalJournal } from './local-journal.ts'
import { recoverTail } from './recover.ts'

/** How a log is written. */
export interface JournalOptions {
  readonly dataDir: string
  /** The log's name: `collect`, `import`, `replay`, `backfill`. */
  readonly name: string
  readonly clock: Clock
  /**
   * How long a record may wait for others to share its sync; 0 syncs at once.
   *
   * @default 50
   */
  readonly commitWindowMs?: number
  /** @default 256 MiB */
  readonly segmentBytesMax?: number
  /**
   * Past this many bytes waiting, `ready()` waits; at twice as many the process stops.
   *
   * @default 64 MiB
   */
  readonly bufferedBytesMax?: number
}

const NAME_PATTERN = /^[a-z0-9][a-z0-9_.-]{0,63}$/
const MIB = 1024 * 1024

/**
 * Opens a log for writing, at its end, after making that end sound. Never fails on damage.
 *
 * @throws ASSAY_LOCKED when another holds it; ASSAY_DISK_FULL, ASSAY_READ_ONLY or
 * ASSAY_LOG_FSYNC when the disk does not let us write.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dataDir, name, clock } = options
  assert(NAME_PATTERN.test(name), 'a log is named in small letters, digits, dots and dashes')
  const paths = logPaths(dataDir, name)
  try {
    makeFolder(paths.journal)
  } catch (error) {
    throw logError(error, paths.root)
  }
  const lock = acquireLock(paths.lock, `the writer of log ${name}`)
  try {
    const tail = recoverTail(paths)
    const journal = new LocalJournal({
      name,
      clock,
      paths,
      lock,
      tail,
      commitWindowMs: options.commitWindowMs ?? 50,
      segmentBytesMax: options.segmentBytesMax ?? 256 * MIB,
      bufferedBytesMax: options.bufferedBytesMax ?? 64 * MIB,
    })
    await journal.start()
    return journal
  } catch (error) {
    lock.release()
    throw logError(error, paths.root)
  }
}
