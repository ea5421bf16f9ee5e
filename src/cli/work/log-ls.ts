import { type LogStat, logStat } from '../../bronze/index.ts'
import type { Call } from '../command.ts'
import type { LogFlags } from '../commands/log.ts'
import { showBytes, showCount } from '../format.ts'
import type { Column } from '../output.ts'
import { printRows } from '../output.ts'
import { chooseLogs } from './log-names.ts'

/** A log's measures, named as programs are given them. */
interface LogLine {
  readonly log: string
  /** Those that are kept. */
  readonly records: number
  /** The first position that is kept: records below it were deleted on purpose. */
  readonly horizon: number
  readonly segments: number
  readonly journal_bytes: number
  readonly archived_hours: number
  readonly archived_files: number
  readonly archived_bytes: number
  /** What the archived records took in the journal. */
  readonly archived_journal_bytes: number
  readonly first_hour: string | null
  readonly last_hour: string | null
}

/** Prints the logs with their sizes. */
export async function listLogStats({ context, flags }: Call<LogFlags>): Promise<void> {
  const { dataDir, json, csv } = context
  const rows = chooseLogs(context, flags.log).map((name) => lineOf(logStat({ dataDir, name })))
  printRows(rows, { json, csv, columns: COLUMNS, empty: `No raw log in ${dataDir} yet.` })
}

function lineOf(stat: LogStat): LogLine {
  return {
    log: stat.name,
    records: stat.durablePos - stat.horizonPos,
    horizon: stat.horizonPos,
    segments: stat.segments,
    journal_bytes: stat.journalBytes,
    archived_hours: stat.archivedHours,
    archived_files: stat.archivedFiles,
    archived_bytes: stat.archivedBytes,
    archived_journal_bytes: stat.archivedJournalBytes,
    first_hour: stat.firstHour,
    last_hour: stat.lastHour,
  }
}

const COLUMNS: readonly Column<LogLine>[] = [
  { key: 'log' },
  { key: 'records', align: 'right', show: (row) => showCount(row.records) },
  {
    key: 'horizon',
    title: 'deleted',
    align: 'right',
    show: (row) => (row.horizon === 0 ? '-' : showCount(row.horizon)),
  },
  { key: 'segments', align: 'right' },
  {
    key: 'journal_bytes',
    title: 'journal',
    align: 'right',
    show: (row) => showBytes(row.journal_bytes),
  },
  { key: 'archived_hours', title: 'hours sealed', align: 'right' },
  { key: 'archived_files', where: 'data' },
  {
    key: 'archived_bytes',
    title: 'archive',
    align: 'right',
    show: (row) => showBytes(row.archived_bytes),
  },
  { key: 'archived_journal_bytes', title: 'smaller by', align: 'right', show: showSaving },
  { key: 'first_hour', title: 'first hour, UTC' },
  { key: 'last_hour', title: 'last hour, UTC' },
]

function showSaving({ archived_bytes: now, archived_journal_bytes: before }: LogLine): string {
  return before === 0 ? '-' : `${((1 - now / before) * 100).toFixed(1)} %`
}
