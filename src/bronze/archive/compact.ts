import { closeSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { acquireLock } from '../../core/lock.ts'
import { readRecord } from '../codec/read-record.ts'
import { createRecordSlot } from '../codec/slot.ts'
import { makeFolder } from '../folder.ts'
import { readHorizon } from '../horizon.ts'
import type { LogPaths } from '../layout.ts'
import { hourEndUs, listManifests, logPaths, padPos } from '../layout.ts'
import { logError } from '../log-error.ts'
import { listHours } from '../log-parts.ts'
import { ArchiveFileWriter } from './file-writer.ts'
import { compressTightly, linesChecksum, readFrame } from './frame.ts'
import type { ArchivedFile, Manifest } from './manifest.ts'
import { readManifest } from './manifest.ts'
import { openArchived } from './read-hour.ts'
import { finishStage, publishStage, REPLACED_TIME, recoverStages, verifyStage } from './stage.ts'
import { sizesByChannel } from './take-apart.ts'

/** What is to be compacted. */
export interface CompactOptions {
  readonly dataDir: string
  readonly name: string
  /** Hours of receipt that end by then. */
  readonly beforeUs: number
  readonly clock: Clock
  /** Stops after the file at hand; the hour at hand stays as it was. */
  readonly signal?: AbortSignal
}

/** What compaction did. */
export interface CompactReport {
  readonly name: string
  /** Hours that were written anew, and parts of hours that were joined to others on the way. */
  readonly hours: number
  readonly joined: number
  readonly files: { readonly before: number; readonly after: number }
  readonly bytes: { readonly before: number; readonly after: number }
  /** Hours left as they are: something in them does not read back. */
  readonly damaged: readonly string[]
  /** False if it was stopped before its end. */
  readonly complete: boolean
}

/** Of the bytes of an hour sealed whole, so much must go for it to be worth writing anew. */
const GAIN_MIN = 0.05
/** Readers that began with an hour's old files find them for so long. */
const REPLACED_US = 3_600_000_000
const NEWLINE = 0x0a

/**
 * Joins hours that were sealed in parts, and compresses those harder that become smaller by it.
 *
 * Lines and positions stay what they are. What is written is read back before it takes the place
 * of the old files, which are kept aside for an hour, for whoever is reading them. Killed at any
 * step, the next run completes it, as with sealing.
 *
 * @throws ASSAY_LOCKED when the log is being sealed; ASSAY_DISK_FULL, ASSAY_READ_ONLY or
 * ASSAY_LOG_FSYNC when the disk fails; ASSAY_LOG_DAMAGED when what was written does not read back.
 */
export async function compactLog(options: CompactOptions): Promise<CompactReport> {
  const paths = logPaths(options.dataDir, options.name)
  const tally = new Tally(options.name)
  if (listManifests(paths).length === 0) return tally.report()
  try {
    makeFolder(paths.staging)
    using _sealing = acquireLock(join(paths.root, 'seal.lock'), `compaction of ${options.name}`)
    recoverStages(paths)
    dropReplaced(paths, options.clock)
    for (const parts of findHours(paths, options)) {
      if (options.signal?.aborted) tally.complete = false
      if (!tally.complete) break
      await compactHour({ paths, options, tally }, parts)
    }
    return tally.report()
  } catch (error) {
    throw logError(error, paths.archive)
  }
}

interface Compaction {
  readonly paths: LogPaths
  readonly options: CompactOptions
  readonly tally: Tally
}

/** Deletes what was replaced long enough ago. */
function dropReplaced(paths: LogPaths, clock: Clock): void {
  let sinceUs = 0
  try {
    sinceUs = Number(readFileSync(join(paths.replaced, REPLACED_TIME), 'utf8'))
  } catch {
    // Nothing was, or its time was not written yet: the next hour it replaces writes it.
    return
  }
  if (sinceUs + REPLACED_US < clock.nowUs()) {
    rmSync(paths.replaced, { recursive: true, force: true })
  }
}

/** Finds the hours to compact, the parts of each together. */
function findHours(paths: LogPaths, { beforeUs }: CompactOptions): Manifest[][] {
  const hours: Manifest[][] = []
  const { pos } = readHorizon(paths)
  for (const name of listHours(paths)) {
    if (name.firstPos < pos || hourEndUs(name.hour) > beforeUs) continue
    const manifest = readManifest(paths, name)
    if (manifest === null) continue
    const last = hours.at(-1)
    const before = last?.at(-1)
    const goesOn = before?.hour === manifest.hour && before.endPos === manifest.fromPos
    if (goesOn && last !== undefined) last.push(manifest)
    else hours.push([manifest])
  }
  return hours.filter((parts) => parts.length > 1 || parts[0]?.compacted === undefined)
}

async function compactHour(at: Compaction, parts: readonly Manifest[]): Promise<void> {
  const { paths, options, tally } = at
  const [first, last] = [parts[0] as Manifest, parts.at(-1) as Manifest]
  const stage = join(paths.staging, `compact-${first.hour}-${padPos(first.fromPos)}`)
  rmSync(stage, { recursive: true, force: true })
  mkdirSync(stage, { recursive: true })
  const old = parts.flatMap(({ files }) => files)
  const files: ArchivedFile[] = []
  for (const members of Map.groupBy(old, ({ path }) => dirname(path)).values()) {
    const file = rewrite(paths, stage, members)
    if (options.signal?.aborted) tally.complete = false
    if (file === null) tally.damaged.push(first.hour)
    if (file === null || !tally.complete) {
      rmSync(stage, { recursive: true, force: true })
      return
    }
    files.push(file)
    await setImmediate()
  }
  const sum = (of: (part: Manifest) => number) => parts.reduce((n, part) => n + of(part), 0)
  const manifest: Manifest = {
    version: 1,
    hour: first.hour,
    fromPos: first.fromPos,
    endPos: last.endPos,
    records: sum(({ records }) => records),
    journalBytes: sum(({ journalBytes }) => journalBytes),
    archivedBytes: files.reduce((n, { bytes }) => n + bytes, 0),
    segments: parts.flatMap(({ segments }) => segments),
    channels: sizesByChannel(files),
    files,
    damaged: parts.flatMap(({ damaged }) => damaged),
    compacted: { timeUs: options.clock.nowUs(), replaced: old.map(({ path }) => path) },
  }
  const oldBytes = sum(({ archivedBytes }) => archivedBytes)
  if (parts.length === 1 && manifest.archivedBytes > oldBytes * (1 - GAIN_MIN)) {
    leaveAs(at, stage, first)
    return
  }
  verifyStage(stage, manifest)
  finishStage(stage, manifest)
  publishStage(paths, stage, manifest)
  tally.add(parts, manifest)
}

/** Notes of an hour that nothing is gained by writing it anew, so that it is not tried again. */
function leaveAs({ paths, options }: Compaction, stage: string, manifest: Manifest): void {
  rmSync(stage, { recursive: true, force: true })
  mkdirSync(stage, { recursive: true })
  const noted = { ...manifest, compacted: { timeUs: options.clock.nowUs(), replaced: [] } }
  finishStage(stage, noted)
  publishStage(paths, stage, noted)
}

/** Writes the lines of files that follow one another as one; null if some cannot be read. */
function rewrite(
  paths: LogPaths,
  stage: string,
  members: readonly ArchivedFile[],
): ArchivedFile | null {
  const sorted = members.toSorted((a, b) => a.firstPos - b.firstPos)
  const [first] = sorted as [ArchivedFile]
  const path = join(dirname(first.path), newName(first.path))
  const writer = new ArchiveFileWriter(stage, path, {
    channel: first.channel,
    compress: compressTightly,
  })
  const slot = createRecordSlot()
  for (const file of sorted) {
    const fd = openArchived(paths, file)
    if (fd === null) return null
    try {
      for (const frame of file.frames) {
        const lines = readFrame(fd, frame)
        if (lines === null || linesChecksum(lines) !== frame.crc32) return null
        for (let start = 0; start < lines.length; ) {
          const end = lines.indexOf(NEWLINE, start)
          if (!readRecord(lines, start, end, slot)) return null
          writer.add(slot, lines, start, end + 1)
          start = end + 1
        }
      }
    } finally {
      closeSync(fd)
    }
  }
  return writer.finish()
}

/** Another name than the file's own, which readers that began with it still look for. */
function newName(path: string): string {
  const [, pos = '', round = ''] = /^part-(\d+)(?:\.(\d+))?\./.exec(basename(path)) ?? []
  return `part-${pos}.${Number(round === '' ? 0 : round) + 1}.jsonl.zst`
}

/** Adds up what was compacted. */
class Tally {
  readonly damaged: string[] = []
  complete = true
  readonly #name: string
  readonly #sums = { hours: 0, joined: 0, filesBefore: 0, files: 0, bytesBefore: 0, bytes: 0 }

  constructor(name: string) {
    this.#name = name
  }

  add(parts: readonly Manifest[], made: Manifest): void {
    const sums = this.#sums
    sums.hours += 1
    sums.joined += parts.length - 1
    sums.files += made.files.length
    sums.bytes += made.archivedBytes
    for (const part of parts) {
      sums.filesBefore += part.files.length
      sums.bytesBefore += part.archivedBytes
    }
  }

  report(): CompactReport {
    const { hours, joined, filesBefore, files, bytesBefore, bytes } = this.#sums
    return {
      name: this.#name,
      hours,
      joined,
      files: { before: filesBefore, after: files },
      bytes: { before: bytesBefore, after: bytes },
      damaged: [...new Set(this.damaged)],
      complete: this.complete,
    }
  }
}
