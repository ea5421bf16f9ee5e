import { createHash } from 'node:crypto'
import { closeSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { decompressFrame, linesChecksum } from './archive/frame.ts'
import type { ArchivedFile, Manifest } from './archive/manifest.ts'
import { frameDamage, openArchived, toDamage } from './archive/read-hour.ts'
import { forEachRecord } from './codec/read-record.ts'
import type { Horizon } from './horizon.ts'
import { readHorizon } from './horizon.ts'
import type { BadStretch } from './journal/batch-cursor.ts'
import { BatchCursor } from './journal/batch-cursor.ts'
import { readHead } from './journal/head.ts'
import type { LogPaths, SegmentName } from './layout.ts'
import { logPaths } from './layout.ts'
import type { Damage } from './log.ts'
import { listParts, ManifestCache } from './log-parts.ts'
import { PositionSet } from './position-set.ts'

/** What is to be verified. */
export interface VerifyOptions {
  readonly dataDir: string
  readonly name: string
  /** Stops the reading; the report then covers what was read. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: { readonly records: number; readonly bytes: number }) => void
}

/** What a log was found to hold. */
export interface LogReport {
  readonly name: string
  readonly records: number
  readonly batches: number
  readonly segments: number
  readonly archivedHours: number
  readonly archivedFiles: number
  /** On disk, journal and archive together. */
  readonly bytes: number
  readonly damaged: readonly Damage[]
  /** Bytes behind the last batch: being written, or torn; never acknowledged. */
  readonly unfinishedBytes: number
  /** The first position that is kept: records below it were deleted on purpose. */
  readonly horizonPos: number
  /** Whether each position from `horizonPos` to `endPos` is held by exactly one record. */
  readonly positionsContiguous: boolean
  readonly endPos: number
  /** False if it was stopped before its end. */
  readonly complete: boolean
}

/**
 * Reads a whole log and checks every checksum and every position. Damage is reported, never
 * thrown, and nothing is changed.
 */
export async function verifyLog(options: VerifyOptions): Promise<LogReport> {
  const paths = logPaths(options.dataDir, options.name)
  const check = new Check(paths)
  const manifests = new ManifestCache(paths)
  const parts = listParts(paths, manifests)
  check.beginAt(readHorizon(paths))
  let isStopped = false
  for (const [index, part] of parts.entries()) {
    check.startAt(part.firstPos)
    const endPos = parts[index + 1]?.firstPos ?? null
    const steps =
      part.kind === 'segment'
        ? check.segment(part.name, endPos)
        : check.hour(join(paths.manifests, part.name.file), manifests.get(part.name), endPos)
    for (const _step of steps) {
      options.onProgress?.({ records: check.records, bytes: check.bytes })
      await setImmediate()
      isStopped = options.signal?.aborted === true
      if (isStopped) break
    }
    if (isStopped) break
  }
  return check.report(options.name, !isStopped)
}

/** The findings so far. The steps of each part are generators, so that a check can pause. */
class Check {
  records = 0
  bytes = 0
  readonly #paths: LogPaths
  readonly #damaged: Damage[] = []
  #batches = 0
  #segments = 0
  #hours = 0
  #files = 0
  #unfinishedBytes = 0
  #isContiguous = true
  #pos = 0
  #horizonPos = 0

  constructor(paths: LogPaths) {
    this.#paths = paths
  }

  /** Begins where the log does: what lies before it is gone on purpose. */
  beginAt({ pos }: Horizon): void {
    this.#horizonPos = pos
    this.#pos = pos
  }

  /** Goes on at a part that begins at `pos`. */
  startAt(pos: number): void {
    if (pos !== this.#pos) this.#isContiguous = false
    this.#pos = pos
  }

  *segment(name: SegmentName, endPos: number | null): Generator<void> {
    const path = join(this.#paths.journal, name.file)
    const onBad = (bad: BadStretch) => this.#lose(`${path}:${bad.offset}`, bad, unvouched(bad))
    this.#segments++
    this.bytes += statSync(path).size
    using cursor = new BatchCursor({ path, offset: 0, pos: name.firstPos, onBad })
    const limit = Number.MAX_SAFE_INTEGER
    for (let run = cursor.next(limit); run !== null; run = cursor.next(limit)) {
      this.#pos = run.firstPos
      this.#batches += run.batches
      forEachRecord(run, (record) => {
        if (record.pos !== this.#pos) this.#isContiguous = false
        this.#pos = record.pos + 1
        this.records++
      })
      if (this.#pos !== run.endPos) this.#isContiguous = false
      yield
    }
    this.#pos = cursor.pos
    const bytes = statSync(path).size - cursor.offset
    const toPos = endPos ?? readHead(this.#paths.head)?.durablePos ?? 0
    const rest = { offset: cursor.offset, bytes, fromPos: this.#pos, toPos }
    if (toPos > this.#pos) onBad(rest)
    else this.#unfinishedBytes += bytes
    this.#pos = Math.max(this.#pos, toPos)
  }

  *hour(path: string, manifest: Manifest | null, endPos: number | null): Generator<void> {
    this.#hours++
    if (manifest === null) {
      const lost = { fromPos: this.#pos, toPos: endPos ?? this.#pos }
      this.#lose(path, lost, 'a manifest that cannot be read')
      this.#pos = lost.toPos
      return
    }
    const seen = new PositionSet(manifest.fromPos, manifest.endPos)
    for (const file of manifest.files) {
      this.#files++
      this.bytes += file.bytes
      yield* this.#file(file, seen)
    }
    for (const kept of manifest.damaged) {
      const { where, why } = toDamage(this.#paths, manifest, kept)
      this.#lose(where, kept, why)
    }
    if (!seen.isFull) this.#isContiguous = false
    this.#pos = manifest.endPos
  }

  *#file(file: ArchivedFile, seen: PositionSet): Generator<void> {
    const path = join(this.#paths.archive, file.path)
    const hash = createHash('sha256')
    let isWhole = true
    const fd = openArchived(this.#paths, file)
    try {
      for (const frame of file.frames) {
        const packed = Buffer.alloc(frame.bytes)
        if (fd !== null) readSync(fd, packed, 0, frame.bytes, frame.offset)
        hash.update(packed)
        const lines = decompressFrame(packed, frame)
        if (lines === null || linesChecksum(lines) !== frame.crc32) {
          const { where, fromPos, toPos, why } = frameDamage(this.#paths, file, frame)
          this.#lose(where, { fromPos, toPos }, why)
          isWhole = false
          continue
        }
        forEachRecord({ bytes: lines, start: 0, end: lines.length }, (record) => {
          this.records++
          if (!seen.add(record.pos)) this.#isContiguous = false
        })
        yield
      }
    } finally {
      if (fd !== null) closeSync(fd)
    }
    if (isWhole && hash.digest('hex') !== file.sha256) {
      const span = { fromPos: file.firstPos, toPos: file.lastPos + 1 }
      this.#lose(path, span, 'its SHA-256 is not that of the manifest, though every frame reads')
    }
  }

  report(name: string, complete: boolean): LogReport {
    return {
      name,
      records: this.records,
      batches: this.#batches,
      segments: this.#segments,
      archivedHours: this.#hours,
      archivedFiles: this.#files,
      bytes: this.bytes,
      damaged: this.#damaged,
      unfinishedBytes: this.#unfinishedBytes,
      horizonPos: this.#horizonPos,
      positionsContiguous: this.#isContiguous,
      endPos: this.#pos,
      complete,
    }
  }

  #lose(where: string, span: { fromPos: number; toPos: number }, why: string): void {
    this.#isContiguous = false
    this.#damaged.push({ where, fromPos: span.fromPos, toPos: span.toPos, why })
  }
}

function unvouched(bad: BadStretch): string {
  if (bad.bytes === 0) return 'positions that were lost, and left out by the next writer'
  return `${bad.bytes} bytes that no commit line vouches for`
}
