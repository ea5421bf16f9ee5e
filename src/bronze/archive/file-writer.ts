import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RawRecord } from '../../market/record.ts'
import { compressFrame, FRAME_BYTES, linesChecksum } from './frame.ts'
import type { ArchivedFile, Frame } from './manifest.ts'

const FIRST_BYTES = 8 * 1024

/** What a file holds, and how. */
export interface FileKind {
  readonly channel: string
  /** @default quickly */
  readonly compress?: (lines: Buffer) => Buffer
}

/**
 * One file of the archive being written in the staging folder, frame by frame. It holds no
 * file open, so that there may be thousands.
 */
export class ArchiveFileWriter {
  readonly #path: string
  readonly #file: string
  readonly #channel: string
  readonly #compress: (lines: Buffer) => Buffer
  readonly #hash = createHash('sha256')
  readonly #frames: Frame[] = []
  #lines = Buffer.alloc(0)
  #length = 0
  #records = 0
  #firstPos = 0
  #lastPos = 0
  #bytes = 0
  #firstTimeUs = Number.MAX_SAFE_INTEGER
  #lastTimeUs = 0

  /** `path` is below `folder`, whose missing parts are made. */
  constructor(folder: string, path: string, { channel, compress = compressFrame }: FileKind) {
    this.#path = path
    this.#file = join(folder, path)
    this.#channel = channel
    this.#compress = compress
    mkdirSync(dirname(this.#file), { recursive: true })
  }

  /** Memory it holds. */
  get capacity(): number {
    return this.#lines.length
  }

  /** Adds the line `bytes[start, end)`, newline included, of `record`. Positions rise. */
  add(record: RawRecord, bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (this.#length > 0 && this.#length + length > FRAME_BYTES) this.flush()
    this.#reserve(length)
    bytes.copy(this.#lines, this.#length, start, end)
    this.#length += length
    if (this.#records === 0) this.#firstPos = record.pos
    this.#lastPos = record.pos
    this.#records++
    this.#firstTimeUs = Math.min(this.#firstTimeUs, record.receivedTimeUs)
    this.#lastTimeUs = Math.max(this.#lastTimeUs, record.receivedTimeUs)
  }

  /** Writes what was gathered as one frame, and lets go of the memory. */
  flush(): void {
    if (this.#length === 0) return
    const lines = this.#lines.subarray(0, this.#length)
    const packed = this.#compress(lines)
    appendFileSync(this.#file, packed)
    this.#hash.update(packed)
    this.#frames.push({
      offset: this.#bytes,
      bytes: packed.length,
      rawBytes: this.#length,
      records: this.#records,
      firstPos: this.#firstPos,
      lastPos: this.#lastPos,
      crc32: linesChecksum(lines),
    })
    this.#bytes += packed.length
    this.#lines = Buffer.alloc(0)
    this.#length = 0
    this.#records = 0
  }

  /** Writes the last frame and returns the file's entry in the manifest. */
  finish(): ArchivedFile {
    this.flush()
    const frames = this.#frames
    const sum = (of: (frame: Frame) => number) => frames.reduce((total, f) => total + of(f), 0)
    return {
      path: this.#path,
      channel: this.#channel,
      bytes: this.#bytes,
      rawBytes: sum((frame) => frame.rawBytes),
      records: sum((frame) => frame.records),
      firstPos: (frames[0] as Frame).firstPos,
      lastPos: (frames.at(-1) as Frame).lastPos,
      firstReceivedTimeUs: this.#firstTimeUs,
      lastReceivedTimeUs: this.#lastTimeUs,
      sha256: this.#hash.digest('hex'),
      frames,
    }
  }

  #reserve(length: number): void {
    const wanted = this.#length + length
    if (wanted <= this.#lines.length) return
    const doubled = Math.min(FRAME_BYTES, Math.max(FIRST_BYTES, this.#lines.length * 4))
    const wider = Buffer.allocUnsafeSlow(Math.max(wanted, doubled))
    this.#lines.copy(wider, 0, 0, this.#length)
    this.#lines = wider
  }
}
