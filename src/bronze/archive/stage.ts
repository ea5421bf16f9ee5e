import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AssayError } from '../../core/errors.ts'
import { makeFolder, syncPath } from '../folder.ts'
import type { LogPaths } from '../layout.ts'
import { listManifests, manifestName } from '../layout.ts'
import type { Manifest } from './manifest.ts'
import { parseManifest } from './manifest.ts'
import { findUnsound } from './verify-hour.ts'

const MANIFEST = 'manifest.json'

/**
 * Proves that the staged files hold what the manifest says, which was counted and summed while
 * the journal was read: every file is read back from the disk, frame by frame.
 *
 * @throws ASSAY_LOG_DAMAGED if they do not; the journal is then still whole.
 */
export function verifyStage(stage: string, manifest: Manifest): void {
  const path = findUnsound(stage, manifest)
  if (path !== null) {
    const context = { path }
    throw new AssayError('ASSAY_LOG_DAMAGED', `${path} does not read back as written`, { context })
  }
  const lost = manifest.damaged.reduce((sum, { fromPos, toPos }) => sum + toPos - fromPos, 0)
  if (manifest.records + lost !== manifest.endPos - manifest.fromPos) {
    const why = `${manifest.records} of ${manifest.endPos - manifest.fromPos} records in ${stage}`
    throw new AssayError('ASSAY_LOG_DAMAGED', `an archived hour does not add up: ${why}`)
  }
}

/**
 * Makes a verified stage durable and marks it finished: from here on, a run that was cut short
 * is brought to its end by the next one.
 */
export function finishStage(stage: string, manifest: Manifest): void {
  for (const path of pathsOf(manifest)) {
    // What was put aside when the hour was sealed stays where it is when it is compacted.
    if (existsSync(join(stage, path))) syncPath(join(stage, path))
  }
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
  putAside(paths, manifest)
  makeFolder(paths.manifests)
  const name = manifestName(manifest.fromPos, manifest.hour)
  renameSync(join(stage, MANIFEST), join(paths.manifests, name))
  syncPath(paths.manifests)
  // Parts that were joined into this one are named by it now.
  for (const { file, firstPos } of listManifests(paths)) {
    const isJoined = firstPos > manifest.fromPos && firstPos < manifest.endPos
    if (isJoined) rmSync(join(paths.manifests, file), { force: true })
  }
  // Now the archive holds the hour, and readers look there first.
  dropSegments(paths, manifest)
  rmSync(stage, { recursive: true, force: true })
}

/** Tells, in the folder of what was replaced, when that was done last. */
export const REPLACED_TIME = 'time'

/** Moves what compaction replaces out of the way of readers of the archive's folders. */
function putAside(paths: LogPaths, { compacted }: Manifest): void {
  if (compacted === undefined || compacted.replaced.length === 0) return
  makeFolder(paths.replaced)
  writeFileSync(join(paths.replaced, REPLACED_TIME), String(compacted.timeUs))
  for (const path of compacted.replaced) {
    if (!existsSync(join(paths.archive, path))) continue
    const target = join(paths.replaced, path)
    mkdirSync(dirname(target), { recursive: true })
    renameSync(join(paths.archive, path), target)
  }
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

/** Paths of all that a manifest names, below the archive's folder. */
export function pathsOf(manifest: Manifest): string[] {
  const kept = manifest.damaged.map((damage) => damage.path).filter((path) => path !== null)
  return [...manifest.files.map((file) => file.path), ...kept]
}

/** A path's folder and all above it, the archive's own included as the empty path. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]
}
