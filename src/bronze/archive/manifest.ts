import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readHorizon } from '../horizon.ts'
import type { LogPaths, ManifestName } from '../layout.ts'
import { listManifests } from '../layout.ts'

/** One zstd frame of an archived file: whole lines, about 1 MiB of them. */
export interface Frame {
  /** Where in the file it begins, and its length there. */
  readonly offset: number
  readonly bytes: number
  readonly rawBytes: number
  readonly records: number
  readonly firstPos: number
  readonly lastPos: number
  /** Of the lines. */
  readonly crc32: string
}

/** One file of the archive. Its lines are those of the journal, unchanged, by position. */
export interface ArchivedFile {
  /** Below the archive's folder. */
  readonly path: string
  readonly channel: string
  readonly bytes: number
  readonly rawBytes: number
  readonly records: number
  readonly firstPos: number
  readonly lastPos: number
  readonly firstReceivedTimeUs: number
  readonly lastReceivedTimeUs: number
  readonly sha256: string
  readonly frames: readonly Frame[]
}

/** A part of the journal that could not be vouched for; its bytes are kept as they were found. */
export interface KeptDamage {
  /** Below the archive's folder; null where no bytes were left to keep. */
  readonly path: string | null
  readonly bytes: number
  readonly fromPos: number
  readonly toPos: number
}

/** What was written for one channel, and what that saved. */
export interface ChannelSizes {
  readonly records: number
  readonly journalBytes: number
  readonly archivedBytes: number
}

/** The index of one archived hour: all there was at positions `[fromPos, endPos)`. */
export interface Manifest {
  readonly version: 1
  readonly hour: string
  readonly fromPos: number
  readonly endPos: number
  readonly records: number
  readonly journalBytes: number
  readonly archivedBytes: number
  /** The journal segments it stands for. */
  readonly segments: readonly string[]
  readonly channels: Readonly<Record<string, ChannelSizes>>
  readonly files: readonly ArchivedFile[]
  readonly damaged: readonly KeptDamage[]
  /** Set by compaction: files that took the place of others, which stay for a while. */
  readonly compacted?: Compacted
}

/** What compaction did to an archived hour. */
export interface Compacted {
  readonly timeUs: number
  /** Files below the archive's folder that the manifest before this one named. */
  readonly replaced: readonly string[]
}

/** Reads a manifest; null if it is damaged. */
export function readManifest(paths: LogPaths, name: ManifestName): Manifest | null {
  return parseManifest(join(paths.manifests, name.file))
}

/** Reads the manifest at `path`; null if there is none or it is damaged. */
export function parseManifest(path: string): Manifest | null {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isManifest(found) ? found : null
  } catch {
    return null
  }
}

function isManifest(found: unknown): found is Manifest {
  if (typeof found !== 'object' || found === null) return false
  const { version, fromPos, endPos, files, damaged } = found as Partial<Manifest>
  return (
    version === 1 &&
    Number.isSafeInteger(fromPos) &&
    Number.isSafeInteger(endPos) &&
    Array.isArray(files) &&
    files.every((file: ArchivedFile) => Array.isArray(file.frames)) &&
    Array.isArray(damaged)
  )
}

/** Returns the position after the last archived record; 0 if nothing ever was archived. */
export function archivedEndPos(paths: LogPaths): number {
  const horizonPos = readHorizon(paths).pos
  const last = listManifests(paths).at(-1)
  if (last === undefined) return horizonPos
  return Math.max(horizonPos, readManifest(paths, last)?.endPos ?? last.firstPos)
}
