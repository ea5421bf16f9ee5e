import {
  DATASETS,
  type Dataset,
  type DatasetColumn,
  datasetOf,
  datasetsMarkdown,
  type Held,
  readHeld,
} from '../../assets/datasets/index.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import type { Call } from '../command.ts'
import type { DatasetFlags } from '../commands/datasets.ts'
import type { Context } from '../context.ts'
import { showCount, showTime } from '../format.ts'
import { openIfThere } from '../open-if-there.ts'
import type { Column } from '../output.ts'
import { printFacts, printHeading, printJson, printLine, printRows } from '../output.ts'
import { recordsIn } from '../refine-here.ts'
import { styles } from '../style.ts'

/** A dataset at a glance, as programs are given it. */
interface DatasetLine {
  readonly name: string
  readonly layer: string
  readonly table: string | null
  /** Null without a warehouse, or where it is files that are not counted. */
  readonly rows: number | null
  /** Whether `rows` was counted; else there are at least, or of trades about, so many. */
  readonly rows_exact: boolean
  readonly newest: string | null
  readonly freshness: string
  readonly retention: string
  readonly about: string
}

/** Prints the catalogue, or one dataset of it. */
export async function showDatasets({ context, args, flags }: Call<DatasetFlags>): Promise<void> {
  if (flags.markdown) return void process.stdout.write(datasetsMarkdown(DATASETS))
  const [name] = args
  const { datasets: added } = context.extensions
  const wanted = name === undefined ? [...DATASETS, ...added] : [datasetOf(name, added)]
  const lines = await describe(context, wanted)
  const [dataset] = wanted
  const [line] = lines
  if (name === undefined || dataset === undefined || line === undefined) {
    const { json, csv } = context
    return printRows(lines, { json, csv, columns: COLUMNS })
  }
  if (context.csv) return printRows(dataset.columns, { csv: true, columns: FIELDS })
  if (context.json) return printJson({ ...line, ...namedFacts(dataset) })
  printDataset(dataset, line)
}

function namedFacts({ owner, key, columns, madeBy, madeFrom }: Dataset) {
  return { owner, key, made_by: madeBy, made_from: madeFrom, columns }
}

async function describe(
  context: Context,
  datasets: readonly Dataset[],
): Promise<readonly DatasetLine[]> {
  await using warehouse = await openIfThere(context)
  const lines: DatasetLine[] = []
  for (const dataset of datasets) {
    const held =
      dataset.name === 'bronze.log'
        ? { rows: recordsIn(context.dataDir), exact: true, newestUs: null }
        : ((await warehouse?.read((db) => readHeld(db, dataset))) ?? null)
    lines.push(lineOf(dataset, held))
  }
  return lines
}

function lineOf(dataset: Dataset, held: Held | null): DatasetLine {
  const { name, layer, table, freshness, retention, about } = dataset
  return {
    ...{ name, layer, table },
    rows: held?.rows ?? null,
    rows_exact: held?.exact ?? false,
    newest: held === null || held.newestUs === null ? null : formatTimeUs(held.newestUs),
    ...{ freshness, retention, about },
  }
}

function showRows({ rows, rows_exact, table }: DatasetLine): string {
  if (rows === null) return styles.dim('-')
  if (rows_exact) return showCount(rows)
  return `${table === 'silver_trades' ? 'about ' : 'over '}${showCount(rows)}`
}

function printDataset(dataset: Dataset, line: DatasetLine): void {
  const { name, layer, about, owner, key, freshness, retention, madeBy, madeFrom, table } = dataset
  printLine(styles.bold(name))
  printLine(about)
  printLine()
  printFacts([
    ['table', table ?? 'files'],
    ['owner', layer === 'user' ? owner : `src/${owner}`],
    ['key', key.join(', ')],
    ['rows', showRows(line)],
    ['newest', line.newest === null ? '-' : showTime(line.newest)],
    ['freshness', freshness],
    ['retention', retention],
    ['made by', madeBy.join(', ') || '-'],
    ['made from', madeFrom.join(', ') || '-'],
  ])
  printHeading('Columns')
  printRows(dataset.columns, { columns: FIELDS })
}

const COLUMNS: readonly Column<DatasetLine>[] = [
  { key: 'name', title: 'dataset' },
  { key: 'layer', where: 'data' },
  { key: 'table', where: 'data' },
  { key: 'rows', align: 'right', show: showRows },
  { key: 'rows_exact', where: 'data' },
  {
    key: 'newest',
    title: 'newest, UTC',
    show: ({ newest }) => (newest === null ? styles.dim('-') : showTime(newest)),
  },
  { key: 'freshness', where: 'data' },
  { key: 'retention', where: 'data' },
  { key: 'about', show: ({ about }) => shorten(about) },
]

/** A table's last column may be cut: the whole stands in the dataset's own page. */
function shorten(text: string): string {
  return text.length <= 72 ? text : `${text.slice(0, 71)}…`
}

const FIELDS: readonly Column<DatasetColumn>[] = [
  { key: 'name', title: 'column' },
  { key: 'type', show: ({ type, nullable }) => (nullable ? `${type}, or null` : type) },
  { key: 'unit' },
  { key: 'nullable', where: 'data' },
  { key: 'about' },
]
