import {
  forEachRecord,
  type LogBlock,
  type LogReader,
  listLogs,
  openLogReader,
  readLogHorizon,
} from '../../bronze/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { BrokenBook } from '../../market/book.ts'
import type { RawRecord } from '../../market/record.ts'
import { readCheckpoint, type Warehouse, writeCheckpoint } from '../../warehouse/index.ts'
import { venueOf } from '../dialect.ts'
import { BookFold } from './fold.ts'
import { sortBooks } from './sort.ts'
import { bookSourceOf } from './sources.ts'
import { type InstrumentIds, loadBooks, storeBooks, storeRows } from './store.ts'

/** Names the places of books among the readers of the log. */
const BOOKS_READER = 'books'

/** Books as they stand are stored no more often than this, and when it stops. */
const SAVE_EVERY_MS = 30_000

/** Rows that wait to be written; more are written in the midst of reading. */
const ROWS_MAX = 2000

/** What the books of a data folder are followed with. */
export interface BookFollowerOptions {
  readonly warehouse: Warehouse
  readonly dataDir: string
  readonly clock: Clock
  /** Durable positions told in-process; other logs are asked of their `head` files. */
  readonly durablePos?: (log: string) => number | undefined
}

/** One log, as far as it has been read. */
interface BookLog {
  readonly logId: number
  readonly reader: LogReader
  readonly fold: BookFold
  /** Every record below has been folded. */
  pos: number
  savedPos: number
  /** Greatest position folded: `pos` or above in the midst of an archived hour. */
  readPos: number
  /** Whether part of the log was found to be lost since the last block. */
  isDamaged: boolean
}

/** Folds the books of all logs that are durable now, and stores them. */
export async function followBooks(
  warehouse: Warehouse,
  options: Omit<BookFollowerOptions, 'warehouse'> & { readonly signal?: AbortSignal },
): Promise<void> {
  await using books = new BookFollower({ ...options, warehouse })
  await books.follow(options.signal)
}

/**
 * Follows the order books in the raw logs, and keeps a row for each second of each book and one
 * for each break.
 *
 * It reads the logs by itself, beside the refiner and behind it, in the same process: silver has
 * one writer. Rows are written as they come; the books and how far they have come are stored
 * together now and then, so that whoever goes on from there makes the same rows again. Of records
 * of other channels it looks at no more than that.
 */
export class BookFollower implements AsyncDisposable {
  readonly #options: BookFollowerOptions
  readonly #logs = new Map<string, BookLog>()
  readonly #ids: InstrumentIds = new Map()
  /** Logs that were found out of order, and are sorted first. */
  readonly #unsorted = new Set<string>()
  #savedMs: number

  constructor(options: BookFollowerOptions) {
    this.#options = options
    this.#savedMs = options.clock.monotonicMs()
  }

  /**
   * Folds what is durable now in every log that the refiner has begun.
   *
   * @throws what the warehouse throws. Asked again it begins at what was stored last.
   */
  async follow(signal?: AbortSignal): Promise<void> {
    try {
      while (!(await this.#followLogs(signal))) await this.#startOver()
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  /** Returns the books that are broken and not yet whole again, each by its newest connection. */
  broken(): BrokenBook[] {
    return [...this.#logs.values()].flatMap(({ fold }) => fold.broken())
  }

  /** Stores the books as they stand, and how far each log has been read. */
  async save(): Promise<void> {
    this.#savedMs = this.#options.clock.monotonicMs()
    const moved = [...this.#logs.values()].filter(isStorable)
    if (moved.length === 0) return
    await this.#options.warehouse.write(async (tx) => {
      for (const { logId, fold, pos } of moved) {
        await storeRows(tx, this.#ids, fold.takeRows())
        await storeBooks(tx, fold, { logId, pos })
        await writeCheckpoint(tx, BOOKS_READER, { logId, pos })
      }
    })
    for (const log of moved) log.savedPos = log.pos
  }

  /** Stores the books, and closes the logs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.save()
    } finally {
      this.#forget()
    }
  }

  /** Returns false where all must be read anew: a log turned out to be out of order. */
  async #followLogs(signal: AbortSignal | undefined): Promise<boolean> {
    for (const name of listLogs(this.#options.dataDir)) {
      const log = this.#logs.get(name) ?? (await this.#open(name))
      if (log === null || log.reader.durablePos <= log.pos) continue
      if (log.pos === 0 && this.#unsorted.has(name)) await this.#takeSorted(log)
      for (const block of log.reader.blocks(log.pos)) {
        if (signal?.aborted) break
        takeBlock(log, block)
        if (log.fold.isDisordered) {
          this.#unsorted.add(name)
          return false
        }
        await this.#write(log)
      }
      await this.#write(log, true)
      // Left in the midst of an hour, whose records would come again: begin at what is stored.
      if (signal?.aborted && log.readPos >= log.pos) this.#forget()
      if (signal?.aborted) return true
    }
    return true
  }

  async #takeSorted(log: BookLog): Promise<void> {
    const endPos = log.reader.durablePos
    for (const record of sortBooks(log.reader, endPos)) {
      take(log, record)
      await this.#write(log)
    }
    log.pos = endPos
    log.isDamaged = false
    log.fold.isDisordered = false
  }

  /** Writes the rows that wait, if they are many or `all` are wanted; now and then the books. */
  async #write({ fold }: BookLog, all = false): Promise<void> {
    const { clock, warehouse } = this.#options
    if (all || fold.seconds.length + fold.breaks.length >= ROWS_MAX) {
      const rows = fold.takeRows()
      if (rows.seconds.length + rows.breaks.length > 0) {
        await warehouse.write((tx) => storeRows(tx, this.#ids, rows))
      }
    }
    if (clock.monotonicMs() - this.#savedMs >= SAVE_EVERY_MS) await this.save()
  }

  async #open(name: string): Promise<BookLog | null> {
    const { warehouse, dataDir, durablePos } = this.#options
    const stored = await warehouse.read(async (db) => {
      const row = await db
        .selectFrom('ops_logs')
        .select('log_id')
        .where('name', '=', name)
        .executeTakeFirst()
      if (row === undefined) return null
      const logId = row.log_id
      const states = db.selectFrom('ops_book_states').selectAll().where('log_id', '=', logId)
      const pos = await readCheckpoint(db, BOOKS_READER, logId)
      return { logId, pos, states: await states.execute() }
    })
    if (stored === null) return null
    const { logId, pos, states } = stored
    const told = durablePos?.(name)
    const reader = openLogReader({
      dataDir,
      name,
      ...(told !== undefined && { durablePos: () => durablePos?.(name) ?? 0 }),
      onDamage: () => {
        log.isDamaged = true
      },
    })
    const fold = new BookFold()
    loadBooks(fold, states)
    const log: BookLog = { logId, reader, fold, pos, savedPos: pos, readPos: -1, isDamaged: false }
    this.#logs.set(name, log)
    return log
  }

  /** Deletes what was made of books, so that it is made anew, sorted where it must be. */
  async #startOver(): Promise<void> {
    this.#forget()
    // What was made of records that are gone could not be made again.
    const { dataDir } = this.#options
    const gone = listLogs(dataDir).map((name) => readLogHorizon(dataDir, name).timeUs)
    const goneUs = Math.max(-1, ...gone)
    await this.#options.warehouse.write(async ({ db }) => {
      await db.deleteFrom('silver_book_seconds').where('second_us', '>', goneUs).execute()
      await db.deleteFrom('silver_book_breaks').where('time_us', '>', goneUs).execute()
      await db.deleteFrom('ops_book_states').execute()
      await db.deleteFrom('ops_checkpoints').where('reader', '=', BOOKS_READER).execute()
    })
  }

  #forget(): void {
    for (const { reader } of this.#logs.values()) reader[Symbol.dispose]()
    this.#logs.clear()
    this.#ids.clear()
  }
}

/** Whether there is more to store than was, and nothing in it that would come again. */
function isStorable({ pos, savedPos, readPos }: BookLog): boolean {
  return pos > savedPos && readPos < pos
}

function takeBlock(log: BookLog, block: LogBlock): void {
  if (log.isDamaged) log.fold.loseRecords()
  log.isDamaged = false
  forEachRecord(block, (record) => take(log, record))
  log.pos = block.checkpoint
}

function take(log: BookLog, record: RawRecord): void {
  const source = bookSourceOf(record.dialect, record.channel)
  if (source === null) return
  if (record.pos > log.readPos) log.readPos = record.pos
  log.fold.take(record, venueOf(record.dialect), source)
}
