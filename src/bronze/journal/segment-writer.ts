import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../folder.ts'
import type { LogPaths } from '../layout.ts'
import { hourOf, segmentName } from '../layout.ts'
import type { PendingBatch } from './pending.ts'

/** The segment a writer goes on with. */
export interface OpenSegment {
  readonly file: string
  /** Start of its hour of receipt, epoch microseconds. */
  readonly hourUs: number
  /** Its length in bytes, all of it whole batches. */
  readonly offset: number
}

// A clock that stepped back, or a replay in no order of time, would start a segment at every
// turn. Records of an earlier hour therefore stay in a segment until it has this many bytes;
// sealing files each record under its own hour either way.
const EARLIER_HOUR_BYTES = 4 * 1024 * 1024

/** Writes batches to segments, rolled by size and by hour of receipt, and syncs them. */
export class SegmentWriter {
  readonly #paths: LogPaths
  readonly #segmentBytesMax: number
  #segment: OpenSegment | null
  #handle: FileHandle | null = null

  constructor(options: {
    readonly paths: LogPaths
    readonly segmentBytesMax: number
    readonly segment: OpenSegment | null
  }) {
    this.#paths = options.paths
    this.#segmentBytesMax = options.segmentBytesMax
    this.#segment = options.segment
  }

  /** The segment written last, with its synced length. */
  get segment(): OpenSegment | null {
    return this.#segment
  }

  /** Writes the batches in order; every byte of them is synced once this resolves. */
  async write(batches: readonly PendingBatch[]): Promise<void> {
    let from = 0
    while (from < batches.length) {
      const first = batches[from] as PendingBatch
      if (this.#mustRoll(first, 0)) await this.#roll(first)
      let to = from
      let bytes = 0
      for (; to < batches.length; to++) {
        const batch = batches[to] as PendingBatch
        if (to > from && this.#mustRoll(batch, bytes)) break
        bytes += batch.end - batch.start
      }
      await this.#writeRun(batches.slice(from, to), bytes)
      from = to
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }

  /** Whether `batch` belongs in a new segment, `bytes` being on their way into this one. */
  #mustRoll(batch: PendingBatch, bytes: number): boolean {
    const segment = this.#segment
    if (segment === null || batch.hourUs > segment.hourUs) return true
    const length = segment.offset + bytes
    if (batch.hourUs < segment.hourUs && length >= EARLIER_HOUR_BYTES) return true
    return length > 0 && length + batch.end - batch.start > this.#segmentBytesMax
  }

  /** Starts a segment. What came before is synced already, so only the last can ever be torn. */
  async #roll(batch: PendingBatch): Promise<void> {
    await this.close()
    const file = segmentName(batch.firstPos, hourOf(batch.hourUs))
    // A file of this name can only be one that a killed process made and wrote nothing whole to.
    this.#handle = await open(join(this.#paths.journal, file), 'w')
    this.#segment = { file, hourUs: batch.hourUs, offset: 0 }
    await syncFolder(this.#paths.journal)
  }

  async #writeRun(batches: readonly PendingBatch[], bytes: number): Promise<void> {
    const segment = this.#segment as OpenSegment
    const path = join(this.#paths.journal, segment.file)
    this.#handle ??= await open(path, constants.O_WRONLY)
    await writeWhole(this.#handle, joinNeighbours(batches), segment.offset)
    await this.#handle.datasync()
    this.#segment = { ...segment, offset: segment.offset + bytes }
  }
}

/** Batches of one chunk lie end to end: one piece each chunk. */
function joinNeighbours(batches: readonly PendingBatch[]): Buffer[] {
  const pieces: Buffer[] = []
  let first = batches[0] as PendingBatch
  let end = first.start
  for (const batch of batches) {
    if (batch.bytes !== first.bytes) {
      pieces.push(first.bytes.subarray(first.start, end))
      first = batch
    }
    end = batch.end
  }
  pieces.push(first.bytes.subarray(first.start, end))
  return pieces
}

// Linux takes at most 1,024 pieces in one call; chunks are 1 MiB, so that is never reached, but
// a write may stop short where the disk is nearly full.
async function writeWhole(handle: FileHandle, pieces: Buffer[], offset: number): Promise<void> {
  let at = offset
  let left = pieces
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left.slice(0, 512), at)
    at += bytesWritten
    left = dropFront(left, bytesWritten)
  }
}

function dropFront(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let drop = bytes
  const left: Buffer[] = []
  for (const piece of pieces) {
    if (drop >= piece.length) drop -= piece.length
    else {
      left.push(piece.subarray(drop))
      drop = 0
    }
  }
  return left
}
