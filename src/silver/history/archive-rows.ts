import { join } from 'node:path'
import { digestLines, writeLinesFile } from '../../bronze/index.ts'
import { hiveValue } from '../../core/hive-value.ts'
import { INTERVALS } from '../../market/bucket.ts'
import type { ExpiringTable } from './expiring-tables.ts'

/** A row as it stands in the archive: its numbers of ours told as what they stand for. */
export interface ArchivedRow {
  /** `exchange=…/symbol=…`, or nothing where it belongs to no instrument. */
  readonly folder: string
  readonly timeUs: number
  readonly line: string
}

/** Files that rows were archived in. */
export interface Archived {
  readonly files: number
  readonly bytes: number
}

const DAY_US = INTERVALS['1d']

/**
 * Writes rows below `DATA/archive/dataset=…/exchange=…/symbol=…/year=…/month=…/day=…/`, a file
 * for each day among them, and proves each by reading it back.
 *
 * A file is named by its lines' digest: the same rows again are the same file.
 */
export function archiveRows(
  dataDir: string,
  { archivedAs }: Pick<ExpiringTable, 'archivedAs'>,
  rows: readonly ArchivedRow[],
): Archived {
  const groups = Map.groupBy(rows, ({ folder, timeUs }) => join(folder, dayFolder(timeUs)))
  let bytes = 0
  for (const [folder, members] of groups) {
    const lines = members.map(({ line }) => line)
    const name = `part-${digestLines(lines).slice(0, 16)}.jsonl.zst`
    const path = join(dataDir, 'archive', `dataset=${archivedAs}`, folder, name)
    bytes += writeLinesFile(path, lines).bytes
  }
  return { files: groups.size, bytes }
}

/** Returns the folders of an instrument. */
export function instrumentFolder(at: { readonly venue: string; readonly symbol: string }): string {
  return `exchange=${hiveValue(at.venue)}/symbol=${hiveValue(at.symbol)}`
}

function dayFolder(timeUs: number): string {
  const dayUs = timeUs - (timeUs % DAY_US)
  const [year, month, day] = new Date(dayUs / 1000).toISOString().slice(0, 10).split('-')
  return `year=${year}/month=${month}/day=${day}`
}
