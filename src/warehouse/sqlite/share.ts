import type { Kysely } from 'kysely'
import { systemClock } from '../../core/clock.ts'
import { isAssayError } from '../../core/errors.ts'
import type { Schema } from '../schema.ts'
import type { Warehouse, WarehouseOptions, WriteTransaction } from '../warehouse.ts'
import { currentGeneration, generationPath } from './folder.ts'
import { closeHandle, type Handle, openHandle } from './handle.ts'
import { openSqlite, SqliteReader } from './open.ts'
import { writeTo } from './transactions.ts'

/** Opens the SQLite warehouse in `folder` to write beside others; see {@link WarehouseOptions}. */
export async function openSqliteShared(
  folder: string,
  options: WarehouseOptions,
): Promise<Warehouse> {
  return new SqliteSharer(folder, await openReader(folder, options))
}

/** Tables that are missing or older are first made or brought up to date, by the lock's holder. */
async function openReader(folder: string, options: WarehouseOptions): Promise<SqliteReader> {
  try {
    return await SqliteReader.open(folder)
  } catch (error) {
    const isOld = isAssayError(error, 'ASSAY_WAREHOUSE_VERSION')
    const isMissing = isAssayError(error, 'ASSAY_WAREHOUSE_UNAVAILABLE')
    if (!(isOld || isMissing)) throw error
    const writer = await openSqlite(folder, { ...options, mode: 'write' })
    await writer[Symbol.asyncDispose]()
    return await SqliteReader.open(folder)
  }
}

/**
 * How long another's transaction is waited for in SQLite, which holds up this thread, and then by
 * looking again, which does not: the other may be of this very thread. In all, some ten seconds.
 */
const BUSY_MS = 20
const TURN_MS = 10
const TRIES_MAX = 300

/**
 * A warehouse that is written beside its one writer.
 *
 * Reads have a connection of their own, so a long one holds up no commit. Each commit makes sure
 * that it goes into the generation in force: a rebuild swaps while it holds the old one's write
 * lock, so whoever gets that lock afterwards finds the swap done and turns to the new one.
 */
class SqliteSharer implements Warehouse {
  readonly #folder: string
  readonly #reader: SqliteReader
  #handle: Handle | null = null
  /** Ends when the writes asked for so far have. */
  #written: Promise<unknown> = Promise.resolve()

  constructor(folder: string, reader: SqliteReader) {
    this.#folder = folder
    this.#reader = reader
  }

  get generation(): string {
    return this.#reader.generation
  }

  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#reader.read(work)
  }

  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    // In turn, for a swap closes the connection that the next would already wait for.
    const turn = this.#written.then(() => this.#write(work))
    this.#written = turn.catch(() => undefined)
    return turn
  }

  async #write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      const handle = this.#open()
      const isSwapped = () => currentGeneration(this.#folder) !== handle.generation
      let hasBegun = false
      try {
        return await writeTo(handle, (tx) => {
          if (isSwapped()) throw new Error('swapped by a rebuild')
          hasBegun = true
          return work(tx)
        })
      } catch (error) {
        if (hasBegun) throw error
        if (isSwapped()) {
          this.#handle = null
          await closeHandle(handle)
        } else if (isAssayError(error, 'ASSAY_LOCKED') && tries < TRIES_MAX) {
          // Real time, as SQLite's own wait is.
          await systemClock.sleep(TURN_MS)
        } else throw error
      }
    }
  }

  #open(): Handle {
    if (this.#handle === null) {
      const generation = currentGeneration(this.#folder) ?? this.#reader.generation
      this.#handle = openHandle(generationPath(this.#folder, generation), generation, 'write')
      this.#handle.database.exec(`pragma busy_timeout = ${BUSY_MS}`)
    }
    return this.#handle
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#written
    if (this.#handle !== null) await closeHandle(this.#handle)
    await this.#reader[Symbol.asyncDispose]()
  }
}
