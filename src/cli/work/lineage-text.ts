import type {
  IdRanges,
  Lineage,
  LineageNode,
  RecordShare,
  RunBehind,
  Source,
} from '../../assets/lineage/index.ts'
import { showCount, showSome, showTime } from '../format.ts'
import { printFacts, printHeading, printLine, printRows } from '../output.ts'
import type { RawWords } from '../raw-logs.ts'
import { styles, visible } from '../style.ts'

/** An event, and what the venue said of it. */
export type RawSource = Source & RawWords

/** Columns that say nothing to people. */
const HIDDEN = /(_us|_id|change_seq|^pos|^item)$/
const RAW_CHARS_MAX = 600

/** Prints lineage for people: the row, the tree below it, the runs, the venue's own words. */
export function printLineage(lineage: Lineage, raw: readonly RawSource[] | null): void {
  const { dataset, name, interval, time, row, totals } = lineage
  const title = [dataset, visible(name), interval, showTime(time)].filter((one) => one !== null)
  printLine(styles.bold(title.join(' ')))
  const shown = Object.entries(row).filter(([key, value]) => !HIDDEN.test(key) && value !== null)
  printFacts(shown.map(([key, value]) => [key.replaceAll('_', ' '), visible(String(value))]))
  printHeading('Made from')
  for (const line of treeLines(lineage.tree)) printLine(line)
  const reached = [
    totals.trades > 0 ? showSome(totals.trades, 'trade') : null,
    totals.snapshots > 0 ? showSome(totals.snapshots, 'snapshot') : null,
    totals.venue_candles > 0 ? showSome(totals.venue_candles, "candle of the venue's") : null,
  ].filter((one) => one !== null)
  printLine()
  printLine(`${reached.join(', ') || 'No event'}, ${showSome(totals.records, 'raw record')}.`)
  printRuns(lineage)
  if (raw !== null) printRaw(raw)
}

/** Returns a tree as lines, each node below the one that was made from it. */
export function treeLines(node: LineageNode, indent = '', isLast = true): string[] {
  const isRoot = indent === ''
  const branch = isRoot ? '' : `${indent.slice(0, -3)}${isLast ? '└─ ' : '├─ '}`
  const details = [...node.ids.map(idLine), ...recordLines(node), ...node.notes]
  const lines = [`${styles.dim(branch)}${headOf(node)}`]
  const stem = node.made_from.length > 0 ? '│  ' : '   '
  for (const detail of details) lines.push(styles.dim(`${indent}${stem}${visible(detail)}`))
  for (const [at, below] of node.made_from.entries()) {
    const last = at === node.made_from.length - 1
    lines.push(...treeLines(below, `${indent}${last ? '   ' : '│  '}`, last))
  }
  return lines
}

function headOf({ dataset, what, rows, from, to }: LineageNode): string {
  const first = from === null ? '' : showTime(from)
  const last = to === null || to === from ? '' : ` – ${showTime(to)}`
  return `${showCount(rows)} ${visible(what)} ${styles.dim(`${dataset}  ${first}${last}`)}`
}

function idLine({ tape, ranges, left_out, trades }: IdRanges): string {
  const some = ranges.slice(0, 4)
  const listed = some.map(({ first_id, last_id }) =>
    first_id === last_id ? String(first_id) : `${first_id}–${last_id}`,
  )
  const rest = ranges.length - some.length + left_out
  const more = rest > 0 ? `, and ${showSome(rest, 'more range')}` : ''
  const whose = tape === '0' ? 'ids' : `lines of ${tape.slice(0, 12)}`
  return `${whose} ${listed.join(', ')}${more}: ${showSome(trades, 'trade')}`
}

function recordLines({ records }: LineageNode): string[] {
  if (records === null) return []
  const some = records.ranges.slice(0, 4)
  const listed = some.map(({ first_pos, last_pos }) =>
    first_pos === last_pos ? String(first_pos) : `${first_pos}–${last_pos}`,
  )
  const rest = records.ranges.length - some.length
  const more = rest > 0 ? `, and ${showSome(rest, 'more range')}` : ''
  const between = records.joined ? "; others' lie between" : ''
  return [
    `positions ${listed.join(', ')}${more}${between}`,
    ...(records.dialects.length === 0 ? [] : [`format ${records.dialects.join(', ')}`]),
    ...records.requests.map(sourceLine),
  ]
}

function sourceLine({ url, file }: RecordShare['requests'][number]): string {
  return file === null ? `asked ${url}` : `file ${url}, SHA-256 ${file.slice(0, 12)}`
}

function printRuns({ runs, runs_left_out }: Lineage): void {
  printHeading('Runs')
  printRows(runs, {
    columns: RUNS,
    empty: 'None: the rows came of following changes as they came.',
  })
  if (runs_left_out > 0) printLine(styles.dim(`and ${showSome(runs_left_out, 'more partition')}`))
}

const RUNS: readonly {
  readonly key: keyof RunBehind & string
  readonly show?: (run: RunBehind) => string
}[] = [
  { key: 'asset' },
  { key: 'partition' },
  { key: 'run_id' },
  { key: 'state' },
  { key: 'trigger' },
  { key: 'materialized', show: ({ materialized }) => showTime(materialized) },
]

function printRaw(sources: readonly RawSource[]): void {
  printHeading("In the venue's words")
  for (const { kind, time, log, pos, dialect, raw } of sources) {
    const place = `${visible(log)} ${pos}${dialect === null ? '' : `, ${dialect}`}`
    printLine(styles.dim(`${kind} of ${showTime(time)}, ${place}`))
    const text = visible(raw ?? 'lost')
    printLine(text.length <= RAW_CHARS_MAX ? text : `${text.slice(0, RAW_CHARS_MAX)}…`)
  }
}
