import type { NewRecord, RawRecord } from '../market/record.ts'

/** A log being written. One writer at a time; the lock sees to it. */
export interface Journal extends AsyncDisposable {
  readonly name: string
  /** What opening found at the end of the log. */
  readonly recovery: Recovery
  /**
   * Takes a record and returns its position. It is durable once `durablePos` is greater; until
   * then only this process knows of it. The payload is copied.
   *
   * @throws what `failed` was rejected with, once the log cannot be written.
   */
  append(record: NewRecord): number
  readonly nextPos: number
  /** Every record below it is synced to disk. */
  readonly durablePos: number
  /** Writes and syncs all that was appended, tells the head file, and gives `durablePos`. */
  flush(): Promise<number>
  /** Resolves when less than `bufferedBytesMax` waits to be written. Await it between appends. */
  ready(): Promise<void>
  /** Calls `listener` after each sync. Returns how to stop that. */
  onDurable(listener: (durablePos: number) => void): () => void
  /**
   * Rejects with ASSAY_DISK_FULL, ASSAY_READ_ONLY or ASSAY_LOG_FSYNC when the log can no longer
   * be written. Nothing is acknowledged after that; the process should end.
   */
  readonly failed: Promise<never>
}

/** What opening a log found at its end. */
export interface Recovery {
  /** Bytes of an unfinished batch, never acknowledged, that were cut off. */
  readonly cutBytes: number
  /** Positions that had been acknowledged and can no longer be read: `[from, to)`, or null. */
  readonly lost: { readonly fromPos: number; readonly toPos: number } | null
}

/** Whole lines of durable records, `bytes[start, end)`; may be empty. Borrowed until the next. */
export interface LogBlock {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Every record below it has been delivered once this block is consumed. */
  readonly checkpoint: number
}

/** A log being read: archive and journal as one. Any number of readers at a time. */
export interface LogReader extends Disposable {
  /**
   * Gives the records from `fromPos` to what is durable when it is called, in blocks of about
   * 1 MiB. Reads synchronously, by itself.
   *
   * Journal blocks come in order of position. An archived hour comes file by file, so that its
   * positions are out of order, and `checkpoint` stays at its first position until its last
   * block. What is damaged is passed over.
   */
  blocks(fromPos: number): Iterable<LogBlock>
  /** Returns a copy of one record; null if it is damaged, or not there, or not durable. */
  record(pos: number): RawRecord | null
  /** As the head file has it now. */
  readonly durablePos: number
}

/** A stretch of a log that cannot be vouched for. */
export interface Damage {
  /** The file, and the byte where it begins. */
  readonly where: string
  /** Positions lost: `[fromPos, toPos)`. In an archived file some between them may be elsewhere. */
  readonly fromPos: number
  readonly toPos: number
  readonly why: string
}
