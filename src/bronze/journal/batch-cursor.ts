import { closeSync, openSync, readSync } from 'node:fs'
import type { Commit } from '../codec/commit-line.ts'
import { COMMIT_START, isWhole, parseCommit } from '../codec/commit-line.ts'

/** Good batches that follow one another, `bytes[start, end)`, commit lines included. */
export interface BatchRun {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Positions held: `[firstPos, endPos)`. */
  readonly firstPos: number
  readonly endPos: number
  readonly batches: number
}

/** Bytes of a segment that no commit line vouches for, and the positions lost with them. */
export interface BadStretch {
  readonly offset: number
  /** None where positions were left out by a writer that came after damage at the end. */
  readonly bytes: number
  readonly fromPos: number
  readonly toPos: number
}

const WINDOW_BYTES = 1024 * 1024
// Whoever follows a live log, or looks one record up, needs no more.
const FIRST_WINDOW_BYTES = 128 * 1024
const WINDOW_BYTES_MAX = 64 * 1024 * 1024
const NEWLINE = 0x0a
const COMMIT_AFTER_LINE = Buffer.from(`\n${COMMIT_START}`)

/** A batch in the window: record lines `[start, commitAt)`, its commit line `[commitAt, end)`. */
interface Batch {
  readonly start: number
  readonly commitAt: number
  readonly end: number
  readonly commit: Commit
}

/**
 * Reads the batches of one segment in order, and vouches for them: a run it returns is made of
 * batches whose checksums hold and whose positions rise.
 *
 * A batch whose checksum fails is passed over whole, though most of its lines may be as they
 * were: a digit of a price that rots is still a valid price. Batches are small, the trades can
 * be asked of the venue again, and the bytes stay for people to look at.
 *
 * What no commit line vouches for is passed over and told to `onBad`, once a good batch
 * stands behind it. Damage at the very end is told by {@link BatchCursor.offset} alone, since
 * from inside a file a torn tail, a rotten one and one still being written look alike.
 */
export class BatchCursor implements Disposable {
  readonly #fd: number
  readonly #onBad: (bad: BadStretch) => void
  #window: Buffer = Buffer.allocUnsafeSlow(FIRST_WINDOW_BYTES)
  #filled = 0
  /** Where in the window the next batch begins. */
  #next = 0
  /** Where in the file the window begins. */
  #windowOffset: number
  /** Where in the file the first byte lies that no run has held. */
  #offset: number
  #pos: number
  #holdsBack = false

  constructor(options: {
    readonly path: string
    /** A batch boundary, and the position of the first record behind it. */
    readonly offset: number
    readonly pos: number
    readonly onBad: (bad: BadStretch) => void
  }) {
    this.#fd = openSync(options.path, 'r')
    this.#windowOffset = options.offset
    this.#offset = options.offset
    this.#pos = options.pos
    this.#onBad = options.onBad
  }

  /** Where in the file the first byte lies that no run has held yet. */
  get offset(): number {
    return this.#offset
  }

  /** Whether the last call found a good batch that lies beyond the limit. */
  get holdsBack(): boolean {
    return this.#holdsBack
  }

  /** The position after the last record returned; at first, the one given. */
  get pos(): number {
    return this.#pos
  }

  /**
   * Returns the next run of about 1 MiB, all of it below `limitPos`, or null if the file holds
   * none now. The bytes are borrowed until the next call.
   */
  next(limitPos: number): BatchRun | null {
    this.#slide()
    for (;;) {
      const isAtEnd = this.#fill()
      if (!isAtEnd && this.#window.length < WINDOW_BYTES) {
        this.#widen(WINDOW_BYTES)
        continue
      }
      const batches = this.#chain() ?? this.#search()
      const run = this.#take(batches, limitPos)
      this.#holdsBack = batches.length > 0
      if (run !== null) return run
      // Batches beyond the limit, or the end of the file: nothing more for now.
      if (batches.length > 0 || isAtEnd) return null
      this.#grow()
    }
  }

  /** Moves what has not been returned to the front of the window. */
  #slide(): void {
    if (this.#next === 0) return
    this.#window.copyWithin(0, this.#next, this.#filled)
    this.#filled -= this.#next
    this.#windowOffset += this.#next
    this.#next = 0
  }

  /** Fills the window from the file; returns whether the file ended first. */
  #fill(): boolean {
    while (this.#filled < this.#window.length) {
      const room = this.#window.length - this.#filled
      const at = this.#windowOffset + this.#filled
      const read = readSync(this.#fd, this.#window, this.#filled, room, at)
      if (read === 0) return true
      this.#filled += read
    }
    return false
  }

  /** Makes room for a batch longer than the window, or gives up what cannot be one. */
  #grow(): void {
    if (this.#window.length < WINDOW_BYTES_MAX) {
      this.#widen(this.#window.length * 2)
      return
    }
    // No batch of ours is that long. The half behind may still hold the start of one.
    this.#next = this.#filled >> 1
    this.#slide()
  }

  #widen(length: number): void {
    const wider = Buffer.allocUnsafeSlow(length)
    this.#window.copy(wider, 0, 0, this.#filled)
    this.#window = wider
  }

  /**
   * Walks the commit lines from the last one back, each telling where its batch begins; null
   * unless they lead exactly to the front of the window and every checksum holds.
   *
   * Finding batches forward would mean a look at every line.
   */
  #chain(): Batch[] | null {
    const batches: Batch[] = []
    let commitAt = this.#window.lastIndexOf(COMMIT_AFTER_LINE, this.#filled - 1) + 1
    let batch = this.#batchAt(commitAt)
    // The last commit line itself may be cut off by the end of the window.
    if (batch === null && commitAt > 1) {
      commitAt = this.#window.lastIndexOf(COMMIT_AFTER_LINE, commitAt - 2) + 1
      batch = this.#batchAt(commitAt)
    }
    while (batch !== null && this.#isGood(batch)) {
      batches.push(batch)
      if (batch.start === 0) return batch.commit.pos < this.#pos ? null : batches.reverse()
      if (batch.start < 2) return null
      const before = this.#batchAt(this.#window.lastIndexOf(NEWLINE, batch.start - 2) + 1)
      const isInOrder = before !== null && endPos(before) <= batch.commit.pos
      batch = isInOrder ? before : null
    }
    return null
  }

  /** Looks forward for the first good batch, whatever lies before it. */
  #search(): Batch[] {
    let at = 0
    for (;;) {
      const newline = this.#window.indexOf(COMMIT_AFTER_LINE, at)
      if (newline < 0 || newline >= this.#filled) return []
      const batch = this.#batchAt(newline + 1)
      // A position given before would be another batch's bytes once more.
      const isNew = batch !== null && batch.commit.pos >= this.#pos
      if (isNew && this.#isGood(batch)) return [batch]
      at = newline + 1
    }
  }

  /** Reads the commit line at `commitAt`; null if none is, or its batch begins too early. */
  #batchAt(commitAt: number): Batch | null {
    const lineEnd = this.#window.indexOf(NEWLINE, commitAt)
    if (commitAt === 0 || lineEnd < 0 || lineEnd >= this.#filled) return null
    const commit = parseCommit(this.#window, commitAt, lineEnd)
    if (commit === null || commit.bytes > commitAt) return null
    return { start: commitAt - commit.bytes, commitAt, end: lineEnd + 1, commit }
  }

  #isGood(batch: Batch): boolean {
    return isWhole(this.#window, batch.start, batch.commitAt, batch.commit)
  }

  /** Returns the batches below the limit as one run, after telling of what was passed over. */
  #take(batches: readonly Batch[], limitPos: number): BatchRun | null {
    const isBelow = (batch: Batch) => endPos(batch) <= limitPos
    const taken = batches.every(isBelow) ? batches : batches.filter(isBelow)
    const [first, last] = [taken[0], taken.at(-1)]
    if (first === undefined || last === undefined) return null
    const firstPos = first.commit.pos
    const offset = this.#offset
    const bytes = this.#windowOffset + first.start - offset
    if (bytes > 0 || firstPos > this.#pos) {
      this.#onBad({ offset, bytes, fromPos: this.#pos, toPos: firstPos })
    }
    this.#pos = endPos(last)
    this.#next = last.end
    this.#offset = this.#windowOffset + last.end
    const { start, end } = { start: first.start, end: last.end }
    return { bytes: this.#window, start, end, firstPos, endPos: this.#pos, batches: taken.length }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

function endPos(batch: Batch): number {
  return batch.commit.pos + batch.commit.count
}
