import { parseTimeUs } from '../../market/bucket.ts'
import type { Call } from '../command.ts'
import { showBytes, showCount, showDurationMs, showSome, showTime } from '../format.ts'
import type { Column } from '../output.ts'
import { printFacts, printHeading, printJson, printLine, tableText } from '../output.ts'
import { styles, visible } from '../style.ts'
import { incidentColumns } from './incidents.ts'
import type { HeldInstrument, HeldStatus, LogStatus, StatusReport } from './status-report.ts'
import { readStatus } from './status-report.ts'
import { VENUE_COLUMNS } from './status-venues.ts'

/** Tells what is held, how fresh it is, what is missing and who writes. */
export async function showStatus({ context }: Call<object>): Promise<void> {
  const report = await readStatus(context)
  if (context.json) return printJson(report)
  const { warehouse } = report
  printFacts([
    ['data', visible(report.data)],
    ['store', visible(report.store)],
    ['collecting', showWriters(report.logs)],
    ['refining', showHolder(warehouse?.writer ?? null)],
  ])
  printHeading('Raw log')
  if (report.logs.length === 0) printLine('None yet. `assay run` collects; `assay demo` shows how.')
  else printLine(tableText(report.logs, LOG_COLUMNS))
  if (warehouse !== null) printHeld(warehouse, report)
  else if (report.rebuild === null) printLine('\nNothing is refined yet.')
  if (report.rebuild !== null) {
    printLine(styles.yellow(`\n${visible(report.rebuild)}: run assay rebuild`))
  }
}

function printHeld(held: HeldStatus, report: StatusReport): void {
  if (held.venues.length > 0) {
    printHeading('Venues')
    printLine(tableText(held.venues, VENUE_COLUMNS))
  }
  printHeading('Instruments')
  const nowUs = parseTimeUs(report.time) as number
  if (held.instruments.length === 0) printLine('None yet.')
  else printLine(tableText(held.instruments, instrumentColumns(nowUs)))
  if (held.only_listed > 0) {
    const more = showSome(held.only_listed, 'instrument')
    printLine(styles.dim(`and ${more} more, listed and not collected`))
  }
  if (held.incidents.length > 0) {
    printHeading('Incidents that last')
    printLine(tableText(held.incidents, incidentColumns(nowUs)))
  }
  printHeading('Totals')
  printFacts([
    ['gaps', showTotals(held.holes)],
    ['quarantine', showTotals(held.quarantined)],
    ['counters', showTotals(held.counters)],
    ['warehouse', showVersion(held)],
  ])
}

function showWriters(logs: readonly LogStatus[]): string {
  const writers = logs.filter(({ writer }) => writer !== null)
  if (writers.length === 0) return styles.dim('nobody')
  return writers.map(({ log, writer }) => `${log} by ${showHolder(writer)}`).join(', ')
}

function showHolder(holder: string | null): string {
  return holder === null ? styles.dim('nobody') : styles.green(visible(holder))
}

function showTotals(totals: Readonly<Record<string, number>>): string {
  const parts = Object.entries(totals)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${showCount(count)} ${visible(name.replaceAll('_', ' '))}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}

function showVersion({ generation, change_seq, fold_version }: HeldStatus): string {
  const fold = fold_version === null ? 'nothing folded yet' : `fold version ${fold_version}`
  return `${generation}, commit ${showCount(change_seq)}, ${fold}`
}

const LOG_COLUMNS: readonly Column<LogStatus>[] = [
  { key: 'log' },
  { key: 'records', align: 'right', show: (row) => showCount(row.records) },
  {
    key: 'journal_bytes',
    title: 'journal',
    align: 'right',
    show: (row) => showBytes(row.journal_bytes),
  },
  {
    key: 'archived_bytes',
    title: 'archive',
    align: 'right',
    show: (row) => showBytes(row.archived_bytes),
  },
  {
    key: 'lag',
    title: 'not refined yet',
    align: 'right',
    show: ({ lag }) => (lag === null ? '-' : showCount(lag)),
  },
]

const minutes = (title: string, count: (held: HeldInstrument['minutes']) => number) => ({
  key: 'minutes' as const,
  title,
  align: 'right' as const,
  show: (row: HeldInstrument) => showCount(count(row.minutes)),
})

function instrumentColumns(nowUs: number): readonly Column<HeldInstrument>[] {
  return [
    { key: 'venue' },
    { key: 'symbol' },
    { key: 'trades', align: 'right', show: (row) => showCount(row.trades) },
    {
      key: 'newest_trade',
      title: 'newest trade, UTC',
      show: ({ newest_trade }) => showFresh(newest_trade, nowUs),
    },
    {
      key: 'newest_minute',
      title: 'newest minute, UTC',
      show: ({ newest_minute }) => (newest_minute === null ? '-' : showTime(newest_minute)),
    },
    minutes('minutes', (held) => held.traded + held.no_trades + held.venue_down + held.unknown),
    minutes('traded', (held) => held.traded),
    minutes('empty', (held) => held.no_trades),
    minutes('venue down', (held) => held.venue_down),
    minutes('unknown', (held) => held.unknown),
    minutes('incomplete', (held) => held.incomplete),
  ]
}

function showFresh(time: string | null, nowUs: number): string {
  if (time === null) return '-'
  const ageMs = (nowUs - (parseTimeUs(time) as number)) / 1000
  return `${showTime(time)} ${styles.dim(`(${showDurationMs(Math.max(0, ageMs))} ago)`)}`
}
