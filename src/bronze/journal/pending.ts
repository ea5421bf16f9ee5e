import { assert } from '../../core/assert.ts'
import type { NewRecord } from '../../market/record.ts'
import { COMMIT_BYTES_MAX, commitLine } from '../codec/commit-line.ts'
import { createLineEncoder } from '../codec/encode.ts'

/** A batch ready to be written, its commit line included: `bytes[start, end)`. */
export interface PendingBatch {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly endPos: number
  readonly firstPos: number
  /** Start of the latest hour of receipt in it, epoch microseconds. */
  readonly hourUs: number
}

// A batch whose checksum fails is lost whole, so a rotten byte costs no more than this (or one
// record, if that is longer). A commit line per 64 KiB costs a thousandth.
const BATCH_BYTES = 64 * 1024
const CHUNK_BYTES = 1024 * 1024
const FREE_CHUNKS_MAX = 8
const HOUR_US = 3_600_000_000

/**
 * Records on their way to the disk, encoded and gathered in batches. While some are being
 * written, more may be added.
 */
export class PendingBatches {
  readonly #encoder = createLineEncoder()
  readonly #free: Buffer[] = []
  #closed: PendingBatch[] = []
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  #start = 0
  #end = 0
  #firstPos = 0
  #count = 0
  #hourUs = 0
  #bytes = 0

  /** Bytes waiting to be taken. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds a record, copying it. Positions follow one another. */
  add(record: NewRecord, pos: number): void {
    const room = this.#encoder.prepare(record, pos) + COMMIT_BYTES_MAX
    const hourUs = record.receivedTimeUs - (record.receivedTimeUs % HOUR_US)
    const isFull = this.#end - this.#start + room > BATCH_BYTES
    const isNextHour = hourUs > this.#hourUs
    if (this.#count > 0 && (isFull || isNextHour || this.#end + room > this.#chunk.length)) {
      this.#close()
    }
    if (this.#end + room > this.#chunk.length) this.#nextChunk(room)
    if (this.#count === 0) {
      this.#firstPos = pos
      this.#hourUs = hourUs
    }
    assert(pos === this.#firstPos + this.#count, 'positions follow one another')
    const end = this.#encoder.write(this.#chunk, this.#end)
    this.#bytes += end - this.#end
    this.#end = end
    this.#count++
  }

  /** Hands over all that waits. Its bytes stay untouched until they are given back. */
  take(): readonly PendingBatch[] {
    if (this.#count > 0) this.#close()
    const taken = this.#closed
    this.#closed = []
    this.#bytes = 0
    // The rest of this chunk is left to the batches taken; the next one starts afresh.
    if (taken.length > 0) this.#nextChunk(0)
    return taken
  }

  /** Takes back the memory of batches that were written. */
  giveBack(batches: readonly PendingBatch[]): void {
    for (const chunk of new Set(batches.map((batch) => batch.bytes))) {
      if (chunk.length === CHUNK_BYTES && this.#free.length < FREE_CHUNKS_MAX) {
        this.#free.push(chunk)
      }
    }
  }

  #close(): void {
    const { firstPos, count } = { firstPos: this.#firstPos, count: this.#count }
    const lines = { bytes: this.#chunk, start: this.#start, end: this.#end }
    const commit = commitLine({ ...lines, pos: firstPos, count })
    const end = this.#end + this.#chunk.write(commit, this.#end, 'latin1')
    this.#closed.push({ ...lines, end, firstPos, endPos: firstPos + count, hourUs: this.#hourUs })
    this.#start = end
    this.#end = end
    this.#count = 0
  }

  #nextChunk(room: number): void {
    const free = room <= CHUNK_BYTES ? this.#free.pop() : undefined
    this.#chunk = free ?? Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, room))
    this.#start = 0
    this.#end = 0
  }
}
