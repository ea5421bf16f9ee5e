import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { AssayError } from '../../core/errors.ts'
import { makeFolder, syncPath } from '../folder.ts'
import type { LogPaths } from '../layout.ts'
import { manifestName } from '../layout.ts'
import { decompressFrame, linesChecksum } from './frame.ts'
import type { ArchivedFile, Manifest } from './manifest.ts'
import { parseManifest } from './manifest.ts'

const MANIFEST = 'manifest.json'
const NEWLINE = 0x0a

/**
 * Proves that the staged files hold what the manifest says, which was counted and summed while
 * the journal was read: every file is read back from the disk, frame by frame.
 *
 * @throws ASSAY_LOG_DAMAGED if they do not; the journal is then still whole.
 */
export function verifyStage(stage: string, manifest: Manifest): void {
  for (const file of manifest.files) {
    const path = join(stage, file.path)
    if (!isAsDescribed(path, file)) {
      const context = { path }
      throw new AssayError('ASSAY_LOG_DAMAGED', `${path} does not read back as written`, {
        context,
      })
    }
  }
  const lost = manifest.damaged.reduce((sum, { fromPos, toPos }) => sum + toPos - fromPos, 0)
  if (manifest.records + lost !== manifest.endPos - manifest.fromPos) {
    const why = `${manifest.records} of ${manifest.endPos - manifest.fromPos} records in ${stage}`
    throw new AssayError('ASSAY_LOG_DAMAGED', `an archived hour does not add up: ${why}`)
  }
}

function isAsDescribed(path: string, file: ArchivedFile): boolean {
  const hash = createHash('sha256')
  const fd = openSync(path, 'r')
  try {
    for (const frame of file.frames) {
      const packed = Buffer.allocUnsafe(frame.bytes)
      readSync(fd, packed, 0, frame.bytes, frame.offset)
      hash.update(packed)
      const lines = decompressFrame(packed, frame)
      if (lines === null || linesChecksum(lines) !== frame.crc32) return false
      if (countLines(lines) !== frame.records) return false
    }
  } finally {
    closeSync(fd)
  }
  return hash.digest('hex') === file.sha256 && statSync(path).size === file.bytes
}

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) count++
  return count
}

/**
 * Makes a verified stage durable and marks it finished: from here on, a run that was cut short
 * is brought to its end by the next one.
 */
export function finishStage(stage: string, manifest: Manifest): void {
  for (const path of pathsOf(manifest)) syncPath(join(stage, path))
  const path = join(stage, MANIFEST)
  // The name appears only once the content is there to stay.
  writeFileSync(`${path}.tmp`, `${JSON.stringify(manifest)}\n`)
  syncPath(`${path}.tmp`)
  renameSync(`${path}.tmp`, path)
  syncPath(stage)
}

/**
 * Moves a finished stage into the archive and deletes the journal segments it stands for. Each
 * step may be the last of a killed process, and the whole may be done again.
 */
export function publishStage(paths: LogPaths, stage: string, manifest: Manifest): void {
  const folders = new Set<string>()
  for (const path of pathsOf(manifest)) {
    const target = join(paths.archive, path)
    mkdirSync(dirname(target), { recursive: true })
    // Not there: an earlier run moved it.
    if (existsSync(join(stage, path))) renameSync(join(stage, path), target)
    for (const folder of foldersOf(path)) folders.add(join(paths.archive, folder))
  }
  for (const folder of folders) syncPath(folder)
  makeFolder(paths.manifests)
  const name = manifestName(manifest.fromPos, manifest.hour)
  renameSync(join(stage, MANIFEST), join(paths.manifests, name))
  syncPath(paths.manifests)
  // Now the archive holds the hour, and readers look there first.
  dropSegments(paths, manifest)
  rmSync(stage, { recursive: true, force: true })
}

/** Deletes the segments that a published manifest stands for. */
export function dropSegments(paths: LogPaths, manifest: Manifest): void {
  for (const segment of manifest.segments) rmSync(join(paths.journal, segment), { force: true })
  syncPath(paths.journal)
}

/** Ends what earlier runs began: finished stages are published, others are thrown away. */
export function recoverStages(paths: LogPaths): number {
  let published = 0
  for (const name of readdirSync(paths.staging)) {
    const stage = join(paths.staging, name)
    const manifest = parseManifest(join(stage, MANIFEST))
    if (manifest === null) rmSync(stage, { recursive: true, force: true })
    else {
      publishStage(paths, stage, manifest)
      published++
    }
  }
  return published
}

function pathsOf(manifest: Manifest): string[] {
  const kept = manifest.damaged.map((damage) => damage.path).filter((path) => path !== null)
  return [...manifest.files.map((file) => file.path), ...kept]
}

/** A path's folder and all above it, the archive's own included as the empty path. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]
}
