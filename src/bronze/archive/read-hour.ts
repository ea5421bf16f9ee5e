import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { RawRecord } from '../../market/record.ts'
import { findRecord, skipTo } from '../find-record.ts'
import type { LogPaths } from '../layout.ts'
import type { Damage, LogBlock } from '../log.ts'
import { readFrame } from './frame.ts'
import type { ArchivedFile, Frame, Manifest } from './manifest.ts'

/** Which records of an archived hour are wanted. */
export interface HourOptions {
  readonly paths: LogPaths
  readonly manifest: Manifest
  readonly fromPos: number
  readonly onDamage: (damage: Damage) => void
}

/**
 * Gives an hour's records from `fromPos` on, one frame a block, file by file.
 *
 * The checkpoint stays at `fromPos` until all is given. A frame that cannot be read is told of
 * and left out; so is what was damaged before it was archived.
 */
export function* readHour(options: HourOptions): Generator<LogBlock> {
  const { paths, manifest, fromPos, onDamage } = options
  for (const damage of manifest.damaged) {
    if (damage.toPos > fromPos) onDamage(toDamage(paths, manifest, damage))
  }
  for (const file of manifest.files) {
    if (file.lastPos < fromPos) continue
    for (const lines of readFile(options, file)) {
      const whole = { bytes: lines, start: 0, end: lines.length }
      yield { ...whole, start: skipTo(whole, fromPos), checkpoint: fromPos }
    }
  }
  yield { bytes: Buffer.alloc(0), start: 0, end: 0, checkpoint: manifest.endPos }
}

function* readFile(options: HourOptions, file: ArchivedFile): Generator<Buffer> {
  const fd = openArchived(options.paths, file)
  try {
    for (const frame of file.frames) {
      if (frame.lastPos < options.fromPos) continue
      const lines = fd === null ? null : readFrame(fd, frame)
      if (lines !== null) yield lines
      else options.onDamage(frameDamage(options.paths, file, frame))
    }
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

/** Returns a copy of one record of an hour; null if it is not there or its frame is damaged. */
export function findInHour(paths: LogPaths, manifest: Manifest, pos: number): RawRecord | null {
  const holds = (part: ArchivedFile | Frame) => part.firstPos <= pos && pos <= part.lastPos
  for (const file of manifest.files.filter(holds)) {
    const fd = openArchived(paths, file)
    if (fd === null) continue
    try {
      for (const frame of file.frames.filter(holds)) {
        const lines = readFrame(fd, frame)
        const found = lines && findRecord({ bytes: lines, start: 0, end: lines.length }, pos)
        if (found !== null) return found
      }
    } finally {
      closeSync(fd)
    }
  }
  return null
}

/** Returns what is lost with one frame. */
export function frameDamage(paths: LogPaths, file: ArchivedFile, frame: Frame): Damage {
  const where = `${join(paths.archive, file.path)}:${frame.offset}`
  const [fromPos, toPos] = [frame.firstPos, frame.lastPos + 1]
  return { where, fromPos, toPos, why: `${frame.records} records in a frame that cannot be read` }
}

/** Returns what had been lost before the hour was archived. */
export function toDamage(
  paths: LogPaths,
  manifest: Manifest,
  kept: Manifest['damaged'][number],
): Damage {
  const { fromPos, toPos, bytes } = kept
  const where = join(paths.archive, kept.path ?? `manifests of ${manifest.hour}`)
  return { where, fromPos, toPos, why: `${bytes} bytes that no commit line vouched for` }
}

/**
 * Opens a file of the archive, or what it was before compaction put another in its place. One that
 * is not there is as good as rotten: null.
 */
export function openArchived(paths: LogPaths, file: ArchivedFile): number | null {
  for (const folder of [paths.archive, paths.replaced]) {
    try {
      return openSync(join(folder, file.path), 'r')
    } catch {
      // Not here.
    }
  }
  return null
}
