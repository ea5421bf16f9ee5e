import { existsSync } from 'node:fs'
import type { Kysely } from 'kysely'
import { assert } from '../../core/assert.ts'
import { AssayError, isAssayError } from '../../core/errors.ts'
import type { Lock } from '../../core/lock.ts'
import { carryFlow, copyMeasures } from '../carry-flow.ts'
import { readChangeSeq, writeMeta } from '../meta.ts'
import type { Schema } from '../schema.ts'
import type { FinishOptions, Generation, WarehouseOptions, WriteTransaction } from '../warehouse.ts'
import { carryUserTables } from './carry-user-tables.ts'
import { sqliteCode, warehouseError } from './errors.ts'
import {
  currentGeneration,
  generationPath,
  nextGeneration,
  removeGeneration,
  removeOtherGenerations,
  switchGeneration,
  syncPath,
} from './folder.ts'
import type { Handle } from './handle.ts'
import { closeHandle, openHandle } from './handle.ts'
import { lockFolder, openWritten } from './open.ts'
import { readFrom, writeTo } from './transactions.ts'

/** Begins a new generation in `folder`, after removing what a crashed one left. */
export async function createSqliteGeneration(
  folder: string,
  options: Omit<WarehouseOptions, 'mode'>,
): Promise<Generation> {
  const lock = lockFolder(folder, options.holder)
  try {
    removeOtherGenerations(folder)
    const previous = await lookAtPrevious(folder, options)
    const handle = await openEmpty(folder, options)
    // It goes on behind every commit of the old one, so that whoever follows commits finds all
    // of its rows new.
    const { changeSeq, state } = previous
    const reserved = state === 'readable' ? COMMITS_BESIDE_MAX : 0
    await writeMeta(handle.db, 'change_seq', String(changeSeq + reserved))
    return new SqliteGeneration(folder, { handle, lock, previous })
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openEmpty(
  folder: string,
  options: Pick<WarehouseOptions, 'clock'>,
): Promise<Handle> {
  const generation = nextGeneration(folder)
  try {
    return await openWritten(folder, generation, 'build', options)
  } catch (error) {
    // A full disk lets a file be made and nothing be written to it.
    removeGeneration(folder, generation)
    throw error
  }
}

/** How many commits writers beside may make to the old generation while one is built. */
const COMMITS_BESIDE_MAX = 1_000_000

/** What is known of the generation in force. */
interface Previous {
  readonly name: string | null
  readonly state: Generation['previous']
  readonly changeSeq: number
}

/**
 * Looks at the generation in force, and brings its tables up to date so that they can be carried
 * over. Damaged tables are what a rebuild is for.
 */
async function lookAtPrevious(
  folder: string,
  options: Pick<WarehouseOptions, 'clock'>,
): Promise<Previous> {
  const name = currentGeneration(folder)
  if (name === null || !existsSync(generationPath(folder, name))) {
    return { name: null, state: 'none', changeSeq: 0 }
  }
  let handle: Handle | undefined
  try {
    handle = await openWritten(folder, name, 'write', options)
    return { name, state: 'readable', changeSeq: await readChangeSeq(handle.db) }
  } catch (error) {
    if (!isAssayError(error) && sqliteCode(error) === 0) throw error
    return { name, state: 'unreadable', changeSeq: 0 }
  } finally {
    if (handle !== undefined) await closeHandle(handle)
  }
}

/** A generation being built: `open` until a write fails, then `spoilt`; in the end `closed`. */
class SqliteGeneration implements Generation {
  readonly #folder: string
  readonly #handle: Handle
  readonly #lock: Lock
  readonly #previous: Previous
  #state: 'open' | 'spoilt' | 'closed' = 'open'

  constructor(
    folder: string,
    made: { readonly handle: Handle; readonly lock: Lock; readonly previous: Previous },
  ) {
    this.#folder = folder
    this.#handle = made.handle
    this.#lock = made.lock
    this.#previous = made.previous
  }

  get previous(): Generation['previous'] {
    return this.#previous.state
  }

  async readPrevious<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T | null> {
    const old = this.#openPrevious('read')
    if (old === null) return null
    try {
      return await readFrom(old, work)
    } finally {
      await closeHandle(old)
    }
  }

  get generation(): string {
    return this.#handle.generation
  }

  read<T>(work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return readFrom(this.#handle, work)
  }

  async write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    assert(this.#state === 'open', 'a generation is written before it is spoilt or closed')
    try {
      return await writeTo(this.#handle, work)
    } catch (error) {
      this.#state = 'spoilt'
      throw error
    }
  }

  async finish({ trades }: FinishOptions = {}): Promise<void> {
    assert(this.#state === 'open', 'only a generation without a failed write is finished')
    const { path } = this.#handle
    try {
      if (trades !== undefined) checkTrades(this.#handle, trades)
    } catch (error) {
      throw warehouseError(error, path)
    }
    const write = <T>(work: (tx: WriteTransaction) => Promise<T>) => this.write(work)
    const copied = await this.readPrevious((from) => copyMeasures({ from, write }))
    // Most of what is to be synced, before anybody has to wait for it.
    syncPath(path)
    const old = copied === null ? null : this.#openPrevious('write')
    try {
      if (old === null || copied === null) await this.#swap()
      else {
        // A write transaction, though it writes nothing: whoever commits beside waits for it, and
        // then finds the swap done.
        await old.db.transaction().execute(async (from) => {
          await carryFlow({ from, write }, copied)
          carryUserTables(old.database, this.#handle.database)
          await this.#swap()
        })
      }
    } finally {
      if (old !== null) await closeHandle(old)
      this.#letGo()
    }
  }

  /** Once closed, takes away what is not in force and lets the next writer in. */
  #letGo(): void {
    if (this.#state !== 'closed') return
    try {
      removeOtherGenerations(this.#folder)
    } finally {
      this.#lock.release()
    }
  }

  /** Closes the new generation and puts it in force. */
  async #swap(): Promise<void> {
    const { database, path, generation } = this.#handle
    try {
      // Out of exclusive mode first: a WAL begun in it could not be shared.
      database.exec('pragma locking_mode = normal')
      database.exec('pragma journal_mode = wal')
      database.exec('pragma synchronous = normal')
    } catch (error) {
      throw warehouseError(error, path)
    }
    await closeHandle(this.#handle)
    this.#state = 'closed'
    syncPath(path)
    switchGeneration(this.#folder, generation)
  }

  #openPrevious(mode: 'read' | 'write'): Handle | null {
    const { name, state } = this.#previous
    if (name === null || state !== 'readable') return null
    return openHandle(generationPath(this.#folder, name), name, mode)
  }

  async abandon(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await closeHandle(this.#handle)
    removeGeneration(this.#folder, this.#handle.generation)
    this.#lock.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon()
  }
}

function checkTrades({ database, path }: Handle, trades: number): void {
  const row = database.prepare('select count(*) as stored from silver_trades').get()
  if (row?.stored === trades) return
  throw new AssayError(
    'ASSAY_WAREHOUSE_UNAVAILABLE',
    `${path} holds ${row?.stored} trades where ${trades} were stored`,
    { context: { path, trades } },
  )
}
