import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { assert } from '../../core/assert.ts'
import { AssayError } from '../../core/errors.ts'
import type { Lock } from '../../core/lock.ts'
import { acquireLock } from '../../core/lock.ts'
import { endLeases } from '../lease.ts'
import { writeMeta } from '../meta.ts'
import { checkVersion, migrate } from '../migrations/index.ts'
import type { Schema } from '../schema.ts'
import type { Warehouse, WarehouseOptions, WriteTransaction } from '../warehouse.ts'
import {
  currentGeneration,
  FIRST_GENERATION,
  generationPath,
  makeFolder,
  removeOtherGenerations,
  switchGeneration,
} from './folder.ts'
import type { Handle, HandleMode } from './handle.ts'
import { closeHandle, openHandle } from './handle.ts'
import { sqliteSql } from './sql.ts'
import { readFrom, writeTo } from './transactions.ts'

/** Opens the SQLite warehouse in `folder`; see {@link WarehouseOptions}. */
export async function openSqlite(folder: string, options: WarehouseOptions): Promise<Warehouse> {
  if (options.mode === 'read') return SqliteReader.open(folder)
  const lock = lockFolder(folder, options.holder)
  try {
    const generation = currentGeneration(folder)
    if (generation === null) removeOtherGenerations(folder)
    const handle = await openWritten(folder, generation ?? FIRST_GENERATION, 'write', options)
    if (generation === null) switchGeneration(folder, FIRST_GENERATION)
    return new SqliteWriter(handle, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Takes the lock of the one writer of a folder, making the folder if need be. */
export function lockFolder(folder: string, holder = 'assay'): Lock {
  makeFolder(folder)
  return acquireLock(join(folder, 'writer.lock'), holder)
}

/** Opens a generation to write, and brings its tables up to date. */
export async function openWritten(
  folder: string,
  generation: string,
  mode: Exclude<HandleMode, 'read'>,
  { clock }: Pick<WarehouseOptions, 'clock'>,
): Promise<Handle> {
  const handle = openHandle(generationPath(folder, generation), generation, mode)
  try {
    const created = await migrate(handle.db as unknown as Kysely<never>, sqliteSql)
    if (created) await writeMeta(handle.db, 'created_us', String(clock.nowUs()))
    // The lock is ours, so whoever held a lease was killed.
    await endLeases(handle.db)
    return handle
  } catch (error) {
    await closeHandle(handle)
    throw error
  }
}

/** Opens the generation in force to read it. */
async function openCurrent(folder: string): Promise<Handle> {
  for (;;) {
    const generation = currentGeneration(folder)
    if (generation === null) {
      throw new AssayError(
        'ASSAY_WAREHOUSE_UNAVAILABLE',
        `there is no warehouse in ${folder} yet; run assay first`,
        { context: { folder } },
      )
    }
    let handle: Handle | undefined
    try {
      handle = openHandle(generationPath(folder, generation), generation, 'read')
      await checkVersion(handle.db as unknown as Kysely<never>, sqliteSql)
      return handle
    } catch (error) {
      if (handle !== undefined) await closeHandle(handle)
      // Swapped and removed between our look at its name and our opening it: look again.
      if (currentGeneration(folder) === generation) throw error
    }
  }
}

/** A warehouse that is written, alone, by whoever holds its lock. */
class SqliteWriter implements Warehouse {
  readonly #handle: Handle
  readonly #lock: Lock

  constructor(handle: Handle, lock: Lock) {
    this.#handle = handle
    this.#lock = lock
  }

  get generation(): string {
    return this.#handle.generation
  }

  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return readFrom(this.#handle, work)
  }

  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    return writeTo(this.#handle, work)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeHandle(this.#handle)
    this.#lock.release()
  }
}

/** A warehouse that is read, and that follows a rebuild's swap between one read and the next. */
export class SqliteReader implements Warehouse {
  readonly #folder: string
  #handle: Handle
  /** Reads under way on each open generation; only the current one may have none. */
  readonly #readers = new Map<Handle, number>()
  #opening: Promise<void> | null = null

  private constructor(folder: string, handle: Handle) {
    this.#folder = folder
    this.#handle = handle
  }

  static async open(folder: string): Promise<SqliteReader> {
    return new SqliteReader(folder, await openCurrent(folder))
  }

  get generation(): string {
    return this.#handle.generation
  }

  async read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    await this.#follow()
    const handle = this.#handle
    this.#readers.set(handle, (this.#readers.get(handle) ?? 0) + 1)
    try {
      return await readFrom(handle, work)
    } finally {
      const left = (this.#readers.get(handle) as number) - 1
      if (left > 0) this.#readers.set(handle, left)
      else this.#readers.delete(handle)
      if (left === 0 && handle !== this.#handle) await closeHandle(handle)
    }
  }

  async write<T>(): Promise<T> {
    assert(false, 'a warehouse opened to be read is not written')
  }

  /** Opens the generation in force if it is another than ours. */
  async #follow(): Promise<void> {
    if (this.#opening !== null) return this.#opening
    // A few bytes, read anew each time: a watcher could be late, and a read must not be.
    if (currentGeneration(this.#folder) === this.#handle.generation) return
    this.#opening = this.#reopen()
    try {
      await this.#opening
    } finally {
      this.#opening = null
    }
  }

  async #reopen(): Promise<void> {
    const old = this.#handle
    this.#handle = await openCurrent(this.#folder)
    if (!this.#readers.has(old)) await closeHandle(old)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeHandle(this.#handle)
  }
}
