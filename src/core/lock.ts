import { accessSync, constants, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AssayError, systemCode } from './errors.ts'

/** A lock held by this process until it is released, disposed of, or the process ends. */
export interface Lock extends Disposable, AsyncDisposable {
  readonly path: string
  /** Lets go. Doing so again does nothing. */
  release(): void
}

// SQLite's result codes; extended codes carry more in the bits above.
const SQLITE_BUSY = 5
const SQLITE_FULL = 13

// Two who ask at the same moment may each see the other's shared lock; waiting a little lets
// one of them win instead of neither.
const CONTENTION_MS = 200

/**
 * Takes the lock that the file `path` stands for, and names `holder` beside it.
 *
 * Node has no `flock`; an SQLite file in an exclusive transaction serves. The kernel frees it
 * when its process ends, however it ends. Its folder must exist. The file itself must never be
 * opened by other means: POSIX drops all of a process's locks on a file when that process
 * closes any descriptor of it, which is why the holder's name stands in a file of its own.
 *
 * @throws ASSAY_LOCKED, with the holder's name, when another holds it, in this process or not;
 * ASSAY_READ_ONLY or ASSAY_DISK_FULL when the file cannot be made.
 */
export function acquireLock(path: string, holder: string): Lock {
  const holderPath = `${path}.holder`
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: CONTENTION_MS })
    database.exec('begin exclusive')
  } catch (error) {
    if (database?.isOpen) database.close()
    throw lockError(error, path, holderPath)
  }
  nameHolder(holderPath, holder)
  return holdLock(database, path, holderPath)
}

function holdLock(database: DatabaseSync, path: string, holderPath: string): Lock {
  const release = () => {
    if (!database.isOpen) return
    // Before the lock goes, so that the next holder's name is never the one removed.
    rmSync(holderPath, { force: true })
    database.close()
  }
  return {
    path,
    release,
    [Symbol.dispose]: release,
    async [Symbol.asyncDispose]() {
      release()
    },
  }
}

function nameHolder(holderPath: string, holder: string): void {
  try {
    writeFileSync(holderPath, `${holder} (process ${process.pid})\n`)
  } catch {
    // The name only helps a person; a full disk must not cost us the lock.
  }
}

function lockError(error: unknown, path: string, holderPath: string): AssayError {
  const result = sqliteResult(error)
  if (result === SQLITE_BUSY) {
    const holder = readHolder(holderPath)
    return new AssayError('ASSAY_LOCKED', `${path} is held by ${holder}`, {
      context: { path, holder },
      cause: error,
    })
  }
  if (result === SQLITE_FULL) {
    return new AssayError('ASSAY_DISK_FULL', `no room to make the lock ${path}`, {
      context: { path },
      cause: error,
    })
  }
  const why = folderProblem(path)
  return new AssayError('ASSAY_READ_ONLY', `the lock ${path} cannot be made: ${why}`, {
    context: { path },
    cause: error,
  })
}

function sqliteResult(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0
  return typeof error.errcode === 'number' ? error.errcode & 0xff : 0
}

function readHolder(holderPath: string): string {
  try {
    return readFileSync(holderPath, 'utf8').trim() || 'another process'
  } catch {
    return 'another process'
  }
}

function folderProblem(path: string): string {
  try {
    accessSync(dirname(path), constants.W_OK)
    return 'the file is not ours to write'
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? 'its folder is missing' : 'its folder is read-only'
  }
}
