import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Kysely } from 'kysely'
import { systemCode } from '../../core/errors.ts'
import type { Schema } from '../schema.ts'
import { registerDecimals } from './decimals.ts'
import { createSqliteDialect } from './driver.ts'
import { warehouseError } from './errors.ts'
import { TradeInserter } from './insert-trades.ts'
import { StatementCache } from './statements.ts'

/**
 * How a file is opened: `read`; `write`, safe and beside readers; or `build`, quick and
 * alone, where a failed write spoils the file and a power cut loses it.
 */
export type HandleMode = 'read' | 'write' | 'build'

/** An open generation. */
export interface Handle {
  readonly generation: string
  readonly path: string
  readonly database: DatabaseSync
  readonly db: Kysely<Schema>
  readonly statements: StatementCache
  readonly trades: TradeInserter
}

/** How long a statement waits for another process's lock. */
const BUSY_MS = 5000

/** Fewer, larger pages split less often while trades are appended. Fixed once a file is made. */
const PAGE_BYTES = 8192

const PRAGMAS: Readonly<Record<HandleMode, readonly string[]>> = {
  read: ['cache_size = -32768'],
  write: [
    `page_size = ${PAGE_BYTES}`,
    'journal_mode = wal',
    // The raw log replays what a power cut takes, so the WAL is synced at checkpoints only.
    'synchronous = normal',
    'cache_size = -32768',
    'journal_size_limit = 67108864',
  ],
  build: [
    `page_size = ${PAGE_BYTES}`,
    'journal_mode = off',
    'synchronous = off',
    'locking_mode = exclusive',
    'cache_size = -32768',
  ],
}

/** Opens the file of a generation, making it unless it is only to be read. */
export function openHandle(path: string, generation: string, mode: HandleMode): Handle {
  try {
    const database = new DatabaseSync(mode === 'read' ? readName(path) : path, {
      timeout: BUSY_MS,
      readOnly: mode === 'read',
      enableForeignKeyConstraints: false,
    })
    try {
      for (const pragma of [...PRAGMAS[mode], 'temp_store = memory']) {
        database.exec(`pragma ${pragma}`)
      }
      registerDecimals(database)
    } catch (error) {
      database.close()
      throw error
    }
    const statements = new StatementCache(database)
    const canRollBack = mode !== 'build'
    const dialect = createSqliteDialect({ database, statements, path, canRollBack })
    const db = new Kysely<Schema>({ dialect })
    const trades = new TradeInserter(database)
    return { generation, path, database, db, statements, trades }
  } catch (error) {
    throw warehouseError(error, path)
  }
}

/**
 * Returns how to name a file that is to be read. SQLite wants to write an index of the WAL even
 * then, unless it is told that nothing changes; on a read-only disk, and with no WAL left by a
 * crash that would have to be read as well, nothing does.
 */
function readName(path: string): string | URL {
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })
  if ((wal?.size ?? 0) > 0 || !isOnReadOnlyDisk(path)) return path
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return url
}

function isOnReadOnlyDisk(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK)
    return false
  } catch (error) {
    return systemCode(error) === 'EROFS'
  }
}

/** Closes a handle, whether or not Kysely ever used it. */
export async function closeHandle(handle: Handle): Promise<void> {
  await handle.db.destroy()
  if (handle.database.isOpen) handle.database.close()
}
