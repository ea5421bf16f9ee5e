import type { Kysely } from 'kysely'
import { assert } from '../../core/assert.ts'
import { AssayError, isAssayError } from '../../core/errors.ts'
import type { Lock } from '../../core/lock.ts'
import { readChangeSeq, writeMeta } from '../meta.ts'
import type { Schema } from '../schema.ts'
import type { FinishOptions, Generation, WarehouseOptions, WriteTransaction } from '../warehouse.ts'
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
    const handle = await openEmpty(folder, options)
    await writeMeta(handle.db, 'change_seq', String(await lastChangeSeq(folder)))
    return new SqliteGeneration(folder, handle, lock)
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

/**
 * Returns the number of the last commit of the generation in force. The next one goes on from
 * there, so that whoever follows commits finds all of its rows new, and none twice.
 */
async function lastChangeSeq(folder: string): Promise<number> {
  const current = currentGeneration(folder)
  if (current === null) return 0
  let handle: Handle | undefined
  try {
    handle = openHandle(generationPath(folder, current), current, 'read')
    return await readChangeSeq(handle.db)
  } catch (error) {
    // Damaged tables are what a rebuild is for.
    if (isAssayError(error) || sqliteCode(error) !== 0) return 0
    throw error
  } finally {
    if (handle !== undefined) await closeHandle(handle)
  }
}

/** A generation being built: `open` until a write fails, then `spoilt`; in the end `closed`. */
class SqliteGeneration implements Generation {
  readonly #folder: string
  readonly #handle: Handle
  readonly #lock: Lock
  #state: 'open' | 'spoilt' | 'closed' = 'open'

  constructor(folder: string, handle: Handle, lock: Lock) {
    this.#folder = folder
    this.#handle = handle
    this.#lock = lock
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
    const { database, path, generation } = this.#handle
    try {
      if (trades !== undefined) checkTrades(this.#handle, trades)
      // Out of exclusive mode first: a WAL begun in it could not be shared.
      database.exec('pragma locking_mode = normal')
      database.exec('pragma journal_mode = wal')
      database.exec('pragma synchronous = normal')
    } catch (error) {
      throw warehouseError(error, path)
    }
    await closeHandle(this.#handle)
    this.#state = 'closed'
    try {
      syncPath(path)
      switchGeneration(this.#folder, generation)
      removeOtherGenerations(this.#folder)
    } finally {
      this.#lock.release()
    }
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
