import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../core/errors.ts'

/** Where the parts of one log lie: `DATA/log/<name>/…`. */
export interface LogPaths {
  readonly root: string
  readonly lock: string
  readonly head: string
  /** Where the log begins, if its oldest hours were deleted on purpose. */
  readonly horizon: string
  readonly journal: string
  readonly archive: string
  readonly manifests: string
  readonly staging: string
  /** Files that compaction replaced, for whoever is reading them. */
  readonly replaced: string
}

/** Returns the paths of the log `name` under the data folder. */
export function logPaths(dataDir: string, name: string): LogPaths {
  const root = join(dataDir, 'log', name)
  const archive = join(root, 'archive')
  return {
    root,
    lock: join(root, 'lock'),
    head: join(root, 'head'),
    horizon: join(root, 'horizon'),
    journal: join(root, 'journal'),
    archive,
    manifests: join(archive, 'manifests'),
    staging: join(archive, 'tmp'),
    replaced: join(archive, 'replaced'),
  }
}

/** A segment of the journal, as its name tells: `0000000000000000-2026-01-31T07.jsonl`. */
export interface SegmentName {
  readonly file: string
  /** Position of its first record. */
  readonly firstPos: number
  /** Hour of receipt, `2026-01-31T07`, UTC. */
  readonly hour: string
}

/** What a manifest's name tells: `2026-01-31T07-0000000000000000.json`. */
export type ManifestName = SegmentName

const SEGMENT_PATTERN = /^(\d{16})-(\d{4,6}-\d\d-\d\dT\d\d)\.jsonl$/
const MANIFEST_PATTERN = /^(\d{4,6}-\d\d-\d\dT\d\d)-(\d{16})\.json$/
const HOUR_US = 3_600_000_000

/** Returns the hour of receipt of a time, `2026-01-31T07`, UTC. */
export function hourOf(timeUs: number): string {
  return new Date((timeUs - (timeUs % HOUR_US)) / 1000).toISOString().slice(0, -11)
}

/** Returns when an hour of receipt is over, epoch microseconds. */
export function hourEndUs(hour: string): number {
  return Date.parse(`${hour}:00:00.000Z`) * 1000 + HOUR_US
}

/** Returns the file name of a segment. */
export function segmentName(firstPos: number, hour: string): string {
  return `${padPos(firstPos)}-${hour}.jsonl`
}

/** Returns the file name of a manifest. */
export function manifestName(firstPos: number, hour: string): string {
  return `${hour}-${padPos(firstPos)}.json`
}

/** Returns a position as the 16 digits that sort as numbers do. */
export function padPos(pos: number): string {
  return String(pos).padStart(16, '0')
}

/** Lists a log's segments by position; none if there is no journal. */
export function listSegments(paths: LogPaths): SegmentName[] {
  return listNames(paths.journal, (file) => {
    const found = SEGMENT_PATTERN.exec(file)
    return found && { file, firstPos: Number(found[1]), hour: found[2] as string }
  })
}

/** Lists a log's manifests by position; none if there is no archive. */
export function listManifests(paths: LogPaths): ManifestName[] {
  return listNames(paths.manifests, (file) => {
    const found = MANIFEST_PATTERN.exec(file)
    return found && { file, firstPos: Number(found[2]), hour: found[1] as string }
  })
}

function listNames(folder: string, parse: (file: string) => SegmentName | null): SegmentName[] {
  return readFolder(folder)
    .map(parse)
    .filter((name) => name !== null)
    .sort((a, b) => a.firstPos - b.firstPos)
}

/** Lists the names of the logs under the data folder, sorted. */
export function listLogs(dataDir: string): readonly string[] {
  const root = join(dataDir, 'log')
  return readFolder(root)
    .filter((name) => readFolder(join(root, name)).some((part) => LOG_PARTS.includes(part)))
    .sort()
}

const LOG_PARTS = ['journal', 'archive']

function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return []
    throw error
  }
}
