import { rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { hiveValue } from '../../core/hive-value.ts'
import { acquireLock } from '../../core/lock.ts'
import { syncPath } from '../folder.ts'
import { type Horizon, readHorizon, writeHorizon } from '../horizon.ts'
import type { LogPaths, ManifestName } from '../layout.ts'
import { hourEndUs, listManifests, listSegments, logPaths } from '../layout.ts'
import { logError } from '../log-error.ts'
import { listHours } from '../log-parts.ts'
import type { Manifest } from './manifest.ts'
import { readManifest } from './manifest.ts'
import { pathsOf } from './stage.ts'
import { findUnsound } from './verify-hour.ts'

/** Something missing of an instrument that the venue may still be asked for. */
export interface OpenGap {
  readonly venue: string
  readonly symbol: string
  /** When it begins; raw records received from then on are kept. */
  readonly fromUs: number
}

/** What is to be deleted of a log. */
export interface PruneOptions {
  readonly dataDir: string
  readonly name: string
  /** Hours of receipt that end by then may go. */
  readonly beforeUs: number
  /** Records at this position and later stay: the least checkpoint of a reader. */
  readonly belowPos: number
  readonly gaps: readonly OpenGap[]
  /** Deletes nothing, and tells what would be. */
  readonly dryRun?: boolean
  /** Stops between two hours. */
  readonly signal?: AbortSignal
}

/** What deleting old hours came to, or would. */
export interface PruneReport {
  readonly name: string
  readonly hours: number
  readonly records: number
  readonly archivedBytes: number
  /** Below which position nothing is left, then. */
  readonly horizonPos: number
  /** First and last hour that went, `2026-01-31T07`; null if none did. */
  readonly firstHour: string | null
  readonly lastHour: string | null
  /** The first hour that is kept though it is older than is wanted, and why. */
  readonly kept: { readonly hour: string; readonly why: KeptWhy; readonly detail: string } | null
}

/** Why an hour that is old enough stays. */
export type KeptWhy = 'unsealed' | 'unread' | 'gap' | 'damaged'

/**
 * Deletes the oldest archived hours of a log, whole, and only from its beginning on.
 *
 * An hour goes if it is over and sealed, reads back as its manifest says, was read by every
 * reader, and ends before anything that is still missing of an instrument it holds records of.
 * The first that may not ends it. Where the log begins is written down before a file is deleted:
 * killed at any step, nothing that is kept is lost, and the next run deletes the rest.
 *
 * @throws ASSAY_LOCKED when the log is being sealed; ASSAY_READ_ONLY, ASSAY_DISK_FULL or
 * ASSAY_LOG_FSYNC when the disk fails.
 */
export async function pruneLog(options: PruneOptions): Promise<PruneReport> {
  const paths = logPaths(options.dataDir, options.name)
  if (options.dryRun === true) return (await findOld(paths, options)).report
  if (listManifests(paths).length === 0) return (await findOld(paths, options)).report
  try {
    using _sealing = acquireLock(join(paths.root, 'seal.lock'), `retention of ${options.name}`)
    clearBelow(paths, readHorizon(paths).pos)
    const { report, horizon } = await findOld(paths, options)
    if (report.hours > 0) {
      writeHorizon(paths, horizon)
      clearBelow(paths, horizon.pos)
    }
    return report
  } catch (error) {
    throw logError(error, paths.archive)
  }
}

/** Finds the hours that may go. */
async function findOld(
  paths: LogPaths,
  options: PruneOptions,
): Promise<{ report: PruneReport; horizon: Horizon }> {
  let horizon = readHorizon(paths)
  const before = horizon
  const gone: string[] = []
  let kept: PruneReport['kept'] = null
  for (const name of listHours(paths)) {
    if (name.firstPos < before.pos) continue
    if (hourEndUs(name.hour) > options.beforeUs || options.signal?.aborted) break
    const manifest = readManifest(paths, name)
    kept = whyKept(paths, options, { name, manifest, endPos: horizon.pos })
    if (kept !== null || manifest === null) break
    horizon = withHour(horizon, manifest)
    gone.push(name.hour)
    await setImmediate()
  }
  const [first] = listSegments(paths)
  if (kept === null && first !== undefined && hourEndUs(first.hour) <= options.beforeUs) {
    kept = { hour: first.hour, why: 'unsealed', detail: 'it is still in the journal' }
  }
  const report = {
    name: options.name,
    hours: gone.length,
    records: horizon.records - before.records,
    archivedBytes: horizon.archivedBytes - before.archivedBytes,
    horizonPos: horizon.pos,
    firstHour: gone[0] ?? null,
    lastHour: gone.at(-1) ?? null,
    kept,
  }
  return { report, horizon }
}

function whyKept(
  paths: LogPaths,
  { belowPos, gaps }: PruneOptions,
  at: { readonly name: ManifestName; readonly manifest: Manifest | null; readonly endPos: number },
): PruneReport['kept'] {
  const { manifest } = at
  const { hour } = at.name
  if (manifest === null) {
    return { hour, why: 'damaged', detail: `the manifest ${at.name.file} cannot be read` }
  }
  if (manifest.fromPos > at.endPos) {
    const detail = `positions ${at.endPos} to ${manifest.fromPos - 1} before it are not sealed`
    return { hour, why: 'unsealed', detail }
  }
  if (manifest.endPos > belowPos) {
    return { hour, why: 'unread', detail: `a reader has come to position ${belowPos} only` }
  }
  const gap = gaps.find((one) => one.fromUs < hourEndUs(hour) && mayHold(manifest, one))
  if (gap !== undefined) {
    const { venue, symbol } = gap
    return { hour, why: 'gap', detail: `something of ${venue}:${symbol} is still missing` }
  }
  const unsound = findUnsound(paths.archive, manifest)
  if (unsound === null) return null
  return { hour, why: 'damaged', detail: `${unsound} does not read back as its manifest says` }
}

/** Whether an hour may hold records of the instrument, by its files' folders. */
function mayHold(manifest: Manifest, { venue, symbol }: OpenGap): boolean {
  const exchange = `/exchange=${hiveValue(venue)}/`
  const symbols = [`/symbol=${hiveValue(symbol)}/`, '/symbol=_none/']
  return manifest.files.some(
    ({ path }) => path.includes(exchange) && symbols.some((folder) => path.includes(folder)),
  )
}

function withHour(horizon: Horizon, manifest: Manifest): Horizon {
  const times = manifest.files.map((file) => file.lastReceivedTimeUs)
  return {
    version: 1,
    pos: manifest.endPos,
    timeUs: Math.max(horizon.timeUs, ...times),
    hours: horizon.hours + 1,
    records: horizon.records + manifest.records,
    archivedBytes: horizon.archivedBytes + manifest.archivedBytes,
  }
}

/** Deletes what lies below the horizon; a manifest goes last, since it names the files. */
function clearBelow(paths: LogPaths, horizonPos: number): void {
  for (const name of listManifests(paths)) {
    if (name.firstPos >= horizonPos) continue
    const manifest = readManifest(paths, name)
    const files = manifest === null ? [] : pathsOf(manifest)
    for (const file of files) {
      rmSync(join(paths.archive, file), { force: true })
      removeEmptied(paths.archive, dirname(file))
    }
    rmSync(join(paths.manifests, name.file), { force: true })
    syncPath(paths.manifests)
  }
}

/** Deletes a folder of the archive, and those above it, as far as they are empty. */
function removeEmptied(archive: string, folder: string): void {
  for (let path = folder; path !== '.' && path !== ''; path = dirname(path)) {
    try {
      rmdirSync(join(archive, path))
    } catch {
      return
    }
  }
}
