import Table from 'cli-table3'
import { type Cell, csvRecord } from './csv.ts'
import { styles, visible } from './style.ts'

/** One column of a table for people, and one field of CSV. */
export interface Column<Row> {
  readonly key: keyof Row & string
  /** Heading for people. @default the key, its underscores as spaces */
  readonly title?: string
  /** @default 'left' */
  readonly align?: 'left' | 'right'
  /** The value as people read it. @default the value itself, a dash for null */
  readonly show?: (row: Row) => string
  /** Where it stands: `data` is CSV alone, `people` the table alone. @default 'both' */
  readonly where?: 'both' | 'data' | 'people'
}

/** How rows are printed. */
export interface PrintOptions<Row> {
  readonly json?: boolean
  readonly csv?: boolean
  readonly columns: readonly Column<Row>[]
  /** What people are told when there is no row. */
  readonly empty?: string
}

/** Prints one line of text on standard output. */
export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** Prints a value as one line of JSON on standard output. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value))
}

/**
 * Prints rows on standard output: as one line of JSON, an array of the rows as they are; as
 * CSV; or as a table for people, without colours where that is no terminal.
 */
export function printRows<Row extends object>(
  rows: readonly Row[],
  options: PrintOptions<Row>,
): void {
  const { columns } = options
  if (options.json) printJson(rows)
  else if (options.csv) printCsv(rows, columns)
  else if (rows.length === 0) printLine(options.empty ?? 'Nothing.')
  else printLine(tableText(rows, columns))
}

function printCsv<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
  const keys = columns.filter(({ where = 'both' }) => where !== 'people').map(({ key }) => key)
  process.stdout.write(csvRecord(keys))
  // A thousand records a write: neither a call each nor one string of them all.
  for (let at = 0; at < rows.length; at += 1000) {
    const chunk = rows.slice(at, at + 1000)
    const lines = chunk.map((row) => csvRecord(keys.map((key) => row[key] as Cell)))
    process.stdout.write(lines.join(''))
  }
}

/** Returns rows as a table for people: columns side by side, one line a row. */
export function tableText<Row extends object>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): string {
  const shown = columns.filter(({ where = 'both' }) => where !== 'data')
  const table = new Table({
    head: shown.map(({ key, title }) => styles.dim(title ?? key.replaceAll('_', ' '))),
    colAligns: shown.map(({ align = 'left' }) => align),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    chars: BARE,
  })
  for (const row of rows) table.push(shown.map((column) => cellText(row, column)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function cellText<Row extends object>(row: Row, { key, show }: Column<Row>): string {
  if (show !== undefined) return show(row)
  const value = row[key] as Cell
  return value === null ? styles.dim('-') : visible(String(value))
}

/** Prints facts one below the other, names on the left. */
export function printFacts(facts: readonly (readonly [name: string, value: string])[]): void {
  const width = Math.max(...facts.map(([name]) => name.length))
  for (const [name, value] of facts) printLine(`${styles.dim(name.padEnd(width))}  ${value}`)
}

/** Prints a heading over what follows. */
export function printHeading(title: string): void {
  printLine()
  printLine(styles.bold(title))
}

// Only space between columns: what has no lines can be selected, cut and grepped.
const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}
