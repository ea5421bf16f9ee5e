import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { isAssayError } from '../../core/errors.ts'
import type { Lock } from '../../core/lock.ts'
import { acquireLock } from '../../core/lock.ts'
import { makeFolder } from '../folder.ts'
import { recoverTail } from '../journal/recover.ts'
import type { LogPaths, SegmentName } from '../layout.ts'
import { hourEndUs, listManifests, listSegments, logPaths, padPos } from '../layout.ts'
import type { Damage } from '../log.ts'
import { logError } from '../log-error.ts'
import type { ChannelSizes, Manifest } from './manifest.ts'
import { readManifest } from './manifest.ts'
import { toDamage } from './read-hour.ts'
import { dropSegments, finishStage, publishStage, recoverStages, verifyStage } from './stage.ts'
import type { HourGroup } from './take-apart.ts'
import { takeApart } from './take-apart.ts'

/** What is to be sealed. */
export interface SealOptions {
  readonly dataDir: string
  readonly name: string
  /** Records at this position and later stay in the journal: the least checkpoint of a reader. */
  readonly belowPos: number
  readonly clock: Clock
  /** Stops after the block at hand; the hour at hand stays in the journal. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SealProgress) => void
}

/** How far sealing has come, in bytes of journal. */
export interface SealProgress {
  readonly hour: string
  readonly doneBytes: number
  readonly totalBytes: number
}

/** What sealing did. */
export interface SealReport {
  readonly hours: number
  readonly segments: number
  readonly records: number
  readonly journalBytes: number
  readonly archivedBytes: number
  readonly channels: Readonly<Record<string, ChannelSizes>>
  /** Stretches that were damaged in the journal; their bytes were put aside. */
  readonly damaged: readonly Damage[]
  /** Hours that an earlier run had all but sealed. */
  readonly recovered: number
  /** False if it was stopped before its end. */
  readonly complete: boolean
}

// An hour is over a little after its end: a record may be stamped before it and written after.
const GRACE_US = 5_000_000

/**
 * Moves hours of receipt that are over from the journal to the archive.
 *
 * An hour is written beside, read back and compared, moved into place, and only then deleted
 * from the journal: killed at any step, the next run completes it. The segment being written
 * stays; one that no writer holds is sealed like the rest.
 *
 * @throws ASSAY_LOCKED when another sealing of this log runs; ASSAY_DISK_FULL, ASSAY_READ_ONLY
 * or ASSAY_LOG_FSYNC when the disk fails; ASSAY_LOG_DAMAGED when what was written does not read
 * back. The journal keeps the hour in each case.
 */
export async function sealLog(options: SealOptions): Promise<SealReport> {
  const paths = logPaths(options.dataDir, options.name)
  const tally = new Tally()
  if (listSegments(paths).length === 0 && listManifests(paths).length === 0) return tally.report()
  try {
    makeFolder(paths.staging)
    using _sealing = acquireLock(join(paths.root, 'seal.lock'), `the sealing of ${options.name}`)
    tally.recovered = recoverStages(paths) + dropSealed(paths)
    await sealGroups(findGroups(paths, options, null), { options, paths, tally })
    if (tally.complete) await sealTail({ options, paths, tally })
    return tally.report()
  } catch (error) {
    throw logError(error, paths.archive)
  }
}

interface Sealing {
  readonly options: SealOptions
  readonly paths: LogPaths
  readonly tally: Tally
}

async function sealGroups(groups: readonly HourGroup[], sealing: Sealing): Promise<void> {
  const { options, paths, tally } = sealing
  const totalBytes = groups.reduce((sum, group) => sum + sizeOf(paths, group), 0)
  let doneBytes = 0
  for (const group of groups) {
    const stage = join(paths.staging, `${group.hour}-${padPos(group.fromPos)}`)
    const onBytes = (bytes: number) => {
      doneBytes += bytes
      options.onProgress?.({ hour: group.hour, doneBytes, totalBytes })
    }
    mkdirSync(stage, { recursive: true })
    const { signal } = options
    const manifest = await takeApart({ group, journal: paths.journal, stage, signal, onBytes })
    if (manifest === null) {
      rmSync(stage, { recursive: true, force: true })
      tally.complete = false
      return
    }
    verifyStage(stage, manifest)
    finishStage(stage, manifest)
    publishStage(paths, stage, manifest)
    tally.add(paths, manifest)
  }
}

/**
 * Seals the last hour of a log that nobody writes. Its writer's lock is held meanwhile, so that
 * no writer goes on with a segment that is about to be deleted.
 */
async function sealTail(sealing: Sealing): Promise<void> {
  const { options, paths } = sealing
  const last = listSegments(paths).at(-1)
  if (last === undefined || !isOver(last.hour, options.clock)) return
  using writing = tryLock(paths, options.name)
  if (writing === null) return
  // What a killed writer left is made sound before it is archived.
  const { nextPos } = recoverTail(paths)
  await sealGroups(findGroups(paths, options, nextPos), sealing)
}

/** Deletes segments whose manifest is in place: a run was killed before it could. */
function dropSealed(paths: LogPaths): number {
  const hours = listManifests(paths)
  const sealed = new Set<Manifest>()
  for (const { firstPos } of listSegments(paths)) {
    const hour = hours.findLast((name) => name.firstPos <= firstPos)
    const manifest = hour === undefined ? null : readManifest(paths, hour)
    if (manifest !== null && firstPos < manifest.endPos) sealed.add(manifest)
  }
  for (const manifest of sealed) dropSegments(paths, manifest)
  return sealed.size
}

/** Takes the writer's lock; null if a writer holds it. */
function tryLock(paths: LogPaths, name: string): Lock | null {
  try {
    return acquireLock(paths.lock, `the sealing of ${name}`)
  } catch (error) {
    if (isAssayError(error, 'ASSAY_LOCKED')) return null
    throw error
  }
}

/** Finds the hours to seal; the last segment is in one only if `tailPos` says where it ends. */
function findGroups(paths: LogPaths, options: SealOptions, tailPos: number | null): HourGroup[] {
  const segments = listSegments(paths)
  const groups: HourGroup[] = []
  for (let from = 0; from < segments.length; ) {
    const { hour, firstPos: fromPos } = segments[from] as SegmentName
    let to = from
    while (segments[to]?.hour === hour) to++
    const endPos = segments[to]?.firstPos ?? tailPos ?? fromPos
    const isWanted = endPos > fromPos && endPos <= options.belowPos
    if (isWanted && isOver(hour, options.clock)) {
      groups.push({ hour, segments: segments.slice(from, to), fromPos, endPos })
    }
    from = to
  }
  return groups
}

function isOver(hour: string, clock: Clock): boolean {
  return hourEndUs(hour) + GRACE_US <= clock.nowUs()
}

function sizeOf(paths: LogPaths, group: HourGroup): number {
  return group.segments.reduce(
    (sum, segment) => sum + statSync(join(paths.journal, segment.file)).size,
    0,
  )
}

/** Adds up the hours sealed. */
class Tally {
  recovered = 0
  complete = true
  #hours = 0
  #segments = 0
  #records = 0
  readonly #channels = new Map<string, ChannelSizes>()
  readonly #damaged: Damage[] = []

  add(paths: LogPaths, manifest: Manifest): void {
    this.#hours++
    this.#segments += manifest.segments.length
    this.#records += manifest.records
    for (const [channel, sizes] of Object.entries(manifest.channels)) {
      const sum = this.#channels.get(channel) ?? { records: 0, journalBytes: 0, archivedBytes: 0 }
      this.#channels.set(channel, {
        records: sum.records + sizes.records,
        journalBytes: sum.journalBytes + sizes.journalBytes,
        archivedBytes: sum.archivedBytes + sizes.archivedBytes,
      })
    }
    for (const kept of manifest.damaged) this.#damaged.push(toDamage(paths, manifest, kept))
  }

  report(): SealReport {
    const channels = [...this.#channels.values()]
    return {
      hours: this.#hours,
      segments: this.#segments,
      records: this.#records,
      journalBytes: channels.reduce((sum, { journalBytes }) => sum + journalBytes, 0),
      archivedBytes: channels.reduce((sum, { archivedBytes }) => sum + archivedBytes, 0),
      channels: Object.fromEntries(this.#channels),
      damaged: this.#damaged,
      recovered: this.recovered,
      complete: this.complete,
    }
  }
}
