import type { Manifest } from './archive/manifest.ts'
import { readManifest } from './archive/manifest.ts'
import { readHorizon } from './horizon.ts'
import type { LogPaths, ManifestName, SegmentName } from './layout.ts'
import { listManifests, listSegments } from './layout.ts'

/** A stretch of a log: an archived hour, or a segment of the journal. */
export type LogPart =
  | { readonly kind: 'hour'; readonly name: ManifestName; readonly firstPos: number }
  | { readonly kind: 'segment'; readonly name: SegmentName; readonly firstPos: number }

/**
 * Lists a log's manifests by position, without those that another of the same hour stands for:
 * they were merged into it, and could not be deleted yet.
 */
export function listHours(paths: LogPaths): ManifestName[] {
  const hours: ManifestName[] = []
  for (const name of listManifests(paths)) {
    const before = hours.at(-1)
    const isOfOne = before !== undefined && before.hour === name.hour
    const isMerged =
      isOfOne && (readManifest(paths, before)?.endPos ?? before.firstPos) > name.firstPos
    if (!isMerged) hours.push(name)
  }
  return hours
}

/**
 * Lists a log's parts by position. Each ends where the next begins.
 *
 * A segment that a manifest stands for is left out: sealing was cut short before it could be
 * deleted.
 */
export function listParts(paths: LogPaths, manifests: ManifestCache): LogPart[] {
  // Segments first: one that is sealed between the two listings is then in both, not in neither.
  const segments = listSegments(paths)
  // The horizon before the hours it may take: so that one is seen whole or is known to be gone.
  const horizonPos = readHorizon(paths).pos
  const hours = listHours(paths).filter(({ firstPos }) => firstPos >= horizonPos)
  const parts: LogPart[] = hours.map((name) => ({ kind: 'hour', name, firstPos: name.firstPos }))
  for (const name of segments) {
    const before = hours.findLast((hour) => hour.firstPos <= name.firstPos)
    const manifest = before === undefined ? null : manifests.get(before)
    if (manifest !== null && name.firstPos < manifest.endPos) continue
    parts.push({ kind: 'segment', name, firstPos: name.firstPos })
  }
  return parts.sort((a, b) => a.firstPos - b.firstPos)
}

const MANIFESTS_MAX = 16

/** The manifests read last, since one of many symbols is not small. */
export class ManifestCache {
  readonly #paths: LogPaths
  readonly #kept = new Map<string, Manifest | null>()

  constructor(paths: LogPaths) {
    this.#paths = paths
  }

  /** Forgets what was read: it may have been replaced since. */
  forget(): void {
    this.#kept.clear()
  }

  /** Returns a manifest; null if it is damaged. */
  get(name: ManifestName): Manifest | null {
    const kept = this.#kept.get(name.file)
    if (kept !== undefined) return kept
    const manifest = readManifest(this.#paths, name)
    if (this.#kept.size >= MANIFESTS_MAX) this.#kept.clear()
    this.#kept.set(name.file, manifest)
    return manifest
  }
}
