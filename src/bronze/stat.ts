import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readManifest } from './archive/manifest.ts'
import { readHorizon } from './horizon.ts'
import { listLogs, listSegments, logPaths } from './layout.ts'
import { listHours } from './log-parts.ts'
import { openLogReader } from './reader.ts'

/** The measures of a log. */
export interface LogStat {
  readonly name: string
  /** Every record below it is synced; as positions begin at 0, also how many there were. */
  readonly durablePos: number
  /** The first position that is kept: records below it were deleted on purpose. */
  readonly horizonPos: number
  readonly segments: number
  readonly journalBytes: number
  readonly archivedHours: number
  readonly archivedFiles: number
  readonly archivedBytes: number
  /** What the archived lines took in the journal. */
  readonly archivedJournalBytes: number
  /** First and last hour of receipt, `2026-01-31T07`; null for an empty log. */
  readonly firstHour: string | null
  readonly lastHour: string | null
}

/** Measures a log by its folder and manifests, without reading records. */
export function logStat(options: { readonly dataDir: string; readonly name: string }): LogStat {
  const paths = logPaths(options.dataDir, options.name)
  using reader = openLogReader(options)
  const segments = listSegments(paths)
  const horizon = readHorizon(paths)
  const hours = listHours(paths).filter(({ firstPos }) => firstPos >= horizon.pos)
  const manifests = hours.map((name) => readManifest(paths, name)).filter((found) => found !== null)
  const names = [...hours, ...segments].map((part) => part.hour).sort()
  const sum = (bytes: readonly number[]) => bytes.reduce((total, size) => total + size, 0)
  return {
    name: options.name,
    durablePos: reader.durablePos,
    horizonPos: horizon.pos,
    segments: segments.length,
    journalBytes: sum(segments.map(({ file }) => statSync(join(paths.journal, file)).size)),
    archivedHours: hours.length,
    archivedFiles: sum(manifests.map((manifest) => manifest.files.length)),
    archivedBytes: sum(manifests.map((manifest) => manifest.archivedBytes)),
    archivedJournalBytes: sum(manifests.map((manifest) => manifest.journalBytes)),
    firstHour: names[0] ?? null,
    lastHour: names.at(-1) ?? null,
  }
}

/** Returns, by name, below which position every record of each log is synced. */
export function durablePositions(dataDir: string): ReadonlyMap<string, number> {
  return new Map(
    listLogs(dataDir).map((name) => {
      using reader = openLogReader({ dataDir, name })
      return [name, reader.durablePos]
    }),
  )
}
