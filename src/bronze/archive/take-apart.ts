import { closeSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { RawRecord } from '../../market/record.ts'
import { readRecord } from '../codec/read-record.ts'
import { createRecordSlot } from '../codec/slot.ts'
import type { BatchRun } from '../journal/batch-cursor.ts'
import { BatchCursor } from '../journal/batch-cursor.ts'
import type { SegmentName } from '../layout.ts'
import { padPos } from '../layout.ts'
import { ArchiveFileWriter } from './file-writer.ts'
import { hivePath, partName } from './hive-path.ts'
import type { ArchivedFile, ChannelSizes, KeptDamage, Manifest } from './manifest.ts'

/** Segments of one hour of receipt that follow one another, to be archived together. */
export interface HourGroup {
  readonly hour: string
  readonly segments: readonly SegmentName[]
  /** All there is lies at `[fromPos, endPos)`. */
  readonly fromPos: number
  readonly endPos: number
}

/** Where the parts go, and who is told. */
export interface TakeApartOptions {
  readonly group: HourGroup
  readonly journal: string
  /** The staging folder of this hour. */
  readonly stage: string
  readonly signal?: AbortSignal
  /** Called with the bytes read since the last call. */
  readonly onBytes: (bytes: number) => void
}

// However many symbols there are, no more is held of lines not yet compressed.
const MEMORY_MAX = 32 * 1024 * 1024
const NEWLINE = 0x0a

/**
 * Takes an hour of the journal apart into one file per channel, venue, symbol and hour below
 * the staging folder, and returns the manifest that describes them; null if it was aborted.
 *
 * Lines are copied as they are. What no commit line vouches for is put aside, byte for byte.
 */
export async function takeApart(options: TakeApartOptions): Promise<Manifest | null> {
  const parts = new Parts(options)
  const { group, journal, signal } = options
  for (const [index, segment] of group.segments.entries()) {
    const path = join(journal, segment.file)
    const onBad = (bad: BadPart) => parts.putAside(path, bad)
    using cursor = new BatchCursor({ path, offset: 0, pos: segment.firstPos, onBad })
    for (let run = next(cursor); run !== null; run = next(cursor)) {
      parts.addRun(run)
      options.onBytes(run.end - run.start)
      // Lets a message or a signal in between two blocks.
      await setImmediate()
      if (signal?.aborted) return null
    }
    const endPos = group.segments[index + 1]?.firstPos ?? group.endPos
    const bytes = statSync(path).size - cursor.offset
    const rest = { offset: cursor.offset, bytes, fromPos: cursor.pos, toPos: endPos }
    if (rest.bytes > 0 || rest.fromPos < endPos) onBad(rest)
  }
  return parts.finish()
}

function next(cursor: BatchCursor): BatchRun | null {
  return cursor.next(Number.MAX_SAFE_INTEGER)
}

interface BadPart {
  readonly offset: number
  readonly bytes: number
  readonly fromPos: number
  readonly toPos: number
}

/** What the records of one file have in common. */
interface Route {
  readonly dialect: string
  readonly channel: string
  readonly hourUs: number
  readonly file: ArchiveFileWriter
}

const HOUR_US = 3_600_000_000

/** The files an hour is taken apart into. */
class Parts {
  readonly #options: TakeApartOptions
  readonly #routes = new Map<string | null, Route[]>()
  readonly #files = new Map<string, ArchiveFileWriter>()
  readonly #damaged: KeptDamage[] = []
  readonly #slot = createRecordSlot()
  #held = 0
  #pos: number

  constructor(options: TakeApartOptions) {
    this.#options = options
    this.#pos = options.group.fromPos
  }

  addRun(run: BatchRun): void {
    const { bytes, end } = run
    let start = run.start
    while (start < end) {
      const lineEnd = bytes.indexOf(NEWLINE, start)
      if (readRecord(bytes, start, lineEnd, this.#slot)) {
        if (this.#slot.pos > this.#pos) this.#skip(this.#slot.pos)
        this.#pos = this.#slot.pos + 1
        this.#add(this.#slot, bytes, start, lineEnd + 1)
      }
      start = lineEnd + 1
    }
  }

  /** Keeps a stretch of a segment that no commit line vouches for. */
  putAside(path: string, bad: BadPart): void {
    const { group, stage } = this.#options
    const kept = `damaged/${group.hour}-${padPos(bad.fromPos)}-${bad.offset}.jsonl`
    if (bad.bytes > 0) {
      mkdirSync(join(stage, 'damaged'), { recursive: true })
      copyRange(path, join(stage, kept), bad)
    }
    const { bytes, fromPos, toPos } = bad
    this.#damaged.push({ path: bytes > 0 ? kept : null, bytes, fromPos, toPos })
    this.#pos = toPos
  }

  finish(): Manifest {
    const { hour, fromPos, endPos, segments } = this.#options.group
    const files = [...this.#files.values()].map((file) => file.finish())
    const sum = (of: (file: ArchivedFile) => number) => files.reduce((n, file) => n + of(file), 0)
    return {
      version: 1,
      hour,
      fromPos,
      endPos,
      records: sum((file) => file.records),
      journalBytes: sum((file) => file.rawBytes),
      archivedBytes: sum((file) => file.bytes),
      segments: segments.map((segment) => segment.file),
      channels: sizesByChannel(files),
      files,
      damaged: this.#damaged,
    }
  }

  #skip(toPos: number): void {
    this.#damaged.push({ path: null, bytes: 0, fromPos: this.#pos, toPos })
  }

  #add(record: RawRecord, bytes: Buffer, start: number, end: number): void {
    const file = this.#fileOf(record)
    const before = file.capacity
    file.add(record, bytes, start, end)
    this.#held += file.capacity - before
    if (this.#held > MEMORY_MAX) this.#flushLargest()
  }

  #fileOf(record: RawRecord): ArchiveFileWriter {
    const { dialect, channel, symbol, receivedTimeUs } = record
    const hourUs = receivedTimeUs - (receivedTimeUs % HOUR_US)
    let routes = this.#routes.get(symbol)
    if (routes === undefined) {
      routes = []
      this.#routes.set(symbol, routes)
    }
    for (const route of routes) {
      const isSame = route.channel === channel && route.dialect === dialect
      if (isSame && route.hourUs === hourUs) return route.file
    }
    // Two dialects of a venue share a file.
    const folder = hivePath(record)
    let file = this.#files.get(folder)
    if (file === undefined) {
      const path = `${folder}/${partName(record.pos)}`
      file = new ArchiveFileWriter(this.#options.stage, path, { channel })
      this.#files.set(folder, file)
    }
    routes.push({ dialect, channel, hourUs, file })
    return file
  }

  #flushLargest(): void {
    let largest: ArchiveFileWriter | null = null
    for (const file of this.#files.values()) {
      if (largest === null || file.capacity > largest.capacity) largest = file
    }
    if (largest === null) return
    this.#held -= largest.capacity
    largest.flush()
  }
}

/** Adds up files by channel. */
export function sizesByChannel(files: readonly ArchivedFile[]): Record<string, ChannelSizes> {
  const sizes = new Map<string, ChannelSizes>()
  for (const { channel, records, rawBytes, bytes } of files) {
    const sum = sizes.get(channel) ?? { records: 0, journalBytes: 0, archivedBytes: 0 }
    sizes.set(channel, {
      records: sum.records + records,
      journalBytes: sum.journalBytes + rawBytes,
      archivedBytes: sum.archivedBytes + bytes,
    })
  }
  return Object.fromEntries(sizes)
}

const COPY_BYTES = 1024 * 1024

function copyRange(from: string, to: string, range: { offset: number; bytes: number }): void {
  const fd = openSync(from, 'r')
  try {
    const bytes = Buffer.allocUnsafe(Math.min(COPY_BYTES, range.bytes))
    writeFileSync(to, '')
    for (let done = 0; done < range.bytes; ) {
      const want = Math.min(bytes.length, range.bytes - done)
      const read = readSync(fd, bytes, 0, want, range.offset + done)
      if (read === 0) return
      writeFileSync(to, bytes.subarray(0, read), { flag: 'a' })
      done += read
    }
  } finally {
    closeSync(fd)
  }
}
