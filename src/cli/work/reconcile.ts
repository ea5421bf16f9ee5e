import { bucketStart, formatTimeUs, MINUTE_US } from '../../market/bucket.ts'
import type { Instrument } from '../../market/instrument.ts'
import { type DifferenceLabel, LABELS } from '../../quality/label.ts'
import type {
  CandleSource,
  Difference,
  Reconciliation,
  SourceTally,
  ThreeWay,
} from '../../quality/reconcile.ts'
import { reconcile } from '../../quality/reconcile.ts'
import { openWarehouse, type Warehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { ReconcileFlags } from '../commands/reconcile.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showCount, showTime } from '../format.ts'
import type { Column } from '../output.ts'
import { printFacts, printHeading, printJson, printLine, printRows } from '../output.ts'
import { createProgress } from '../progress.ts'
import { heldInstruments, selectInstrument } from '../selector.ts'
import { styles } from '../style.ts'
import { parseCountArgument, parseSpan } from '../time-argument.ts'

const LIMIT_DEFAULT = 100

/** One source of one instrument, as people and programs are given it. */
interface SourceRow extends SourceTally {
  readonly venue: string
  readonly symbol: string
  readonly source: CandleSource
}

/** One difference, as people and programs are given it. */
interface DifferenceRow {
  readonly venue: string
  readonly symbol: string
  readonly open_time: string
  readonly source: CandleSource
  readonly label: DifferenceLabel
  readonly fields: string
}

/** What reconciling came to, over all instruments. */
interface Report {
  readonly sources: SourceRow[]
  readonly labels: Record<DifferenceLabel, number>
  readonly three_way: ThreeWay
  /** The first of them; all are counted. */
  readonly differences: DifferenceRow[]
}

/** Compares candles and prints how many are equal and in what the others differ. */
export async function showReconciliation(
  call: Call<ReconcileFlags>,
): Promise<ExitStatus | undefined> {
  const { context, flags } = call
  const { clock, storeUrl: url, json, csv } = context
  const limit =
    flags.limit === undefined ? LIMIT_DEFAULT : parseCountArgument(flags.limit, '--limit')
  const given = parseSpan({ from: '-1d', to: 'now', ...flags }, clock.nowUs())
  const span = { ...given, fromUs: bucketStart(given.fromUs, MINUTE_US) }
  if (flags.fetch) {
    const wanted = await readWarehouse((warehouse) => wantedInstruments(warehouse, call))
    const { fetchCandles } = await import('./fetch-candles.ts')
    await fetchCandles(context, wanted, { ...span, toUs: Math.min(span.toUs, clock.nowUs()) })
  }
  const report = await readWarehouse((warehouse) => reconcileAll(warehouse, call, { span, limit }))
  if (json) printJson(report)
  else if (csv) printRows(report.differences, { csv, columns: DIFFERENCES, empty: '' })
  else printReport(report)
  return report.labels.ours + report.labels.missed_trades > 0 ? EXIT.failed : undefined

  async function readWarehouse<T>(work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
    await using warehouse = await openWarehouse({ url, mode: 'read', clock })
    return await work(warehouse)
  }
}

async function wantedInstruments(
  warehouse: Warehouse,
  { args: [selector], flags }: Call<ReconcileFlags>,
): Promise<readonly Instrument[]> {
  if (selector !== undefined) return [await selectInstrument(warehouse, selector, flags.venue)]
  return heldInstruments(warehouse, flags.venue)
}

async function reconcileAll(
  warehouse: Warehouse,
  call: Call<ReconcileFlags>,
  { span, limit }: { readonly span: { fromUs: number; toUs: number }; readonly limit: number },
): Promise<Report> {
  const { clock, config, signal } = call.context
  const instruments = await wantedInstruments(warehouse, call)
  const report: Report = {
    sources: [],
    labels: { missed_trades: 0, venue_revised: 0, venue_inconsistent: 0, ours: 0 },
    three_way: { all_equal: 0, ours_apart: 0, ws_apart: 0, rest_apart: 0, all_apart: 0 },
    differences: [],
  }
  const progress = createProgress({ label: 'reconciling', unit: 'instruments', clock })
  progress.expect(instruments.length)
  for (const [at, instrument] of instruments.entries()) {
    signal.throwIfAborted()
    const result = await reconcile(warehouse, {
      ...{ instrument, ...span, graceUs: config.candles.graceSeconds * 1e6 },
      onDifference(difference) {
        if (report.differences.length >= limit) return
        report.differences.push(rowOf(instrument, difference))
      },
    })
    addTo(report, instrument, result)
    progress.update(at + 1)
  }
  progress.done()
  return report
}

function addTo(report: Report, { venue, symbol }: Instrument, result: Reconciliation): void {
  for (const [source, tally] of Object.entries(result.sources)) {
    if (tally.compared === 0) continue
    report.sources.push({ venue, symbol, source: source as CandleSource, ...tally })
  }
  for (const name of LABELS) report.labels[name] += result.labels[name]
  for (const name of Object.keys(report.three_way) as (keyof ThreeWay)[]) {
    report.three_way[name] += result.threeWay[name]
  }
}

function rowOf({ venue, symbol }: Instrument, difference: Difference): DifferenceRow {
  const { openTimeUs, source, label, fields } = difference
  const told = fields.map(({ field, ours, theirs }) => `${field} ${ours} / ${theirs}`)
  const open_time = formatTimeUs(openTimeUs)
  return { venue, symbol, open_time, source, label, fields: told.join(', ') }
}

function printReport({ sources, labels, three_way, differences }: Report): void {
  printRows(sources, { columns: SOURCES, empty: EMPTY })
  if (sources.length === 0) return
  const total = LABELS.reduce((sum, name) => sum + labels[name], 0)
  printHeading('Differences')
  if (total === 0) printLine(styles.green('None.'))
  else {
    printRows(differences, { columns: DIFFERENCES, empty: '' })
    if (total > differences.length) {
      const shown = showCount(differences.length)
      printLine(styles.dim(`\nThe first ${shown} of ${showCount(total)}; --limit shows more.`))
    }
  }
  printHeading('In all')
  printFacts([
    ...LABELS.map((name) => [words(name), showCount(labels[name])] as const),
    ...Object.entries(three_way).map(
      ([name, count]) => [THREE[name] ?? name, showCount(count)] as const,
    ),
  ])
}

const EMPTY = `No candles of a venue in this span beside trades of ours; --fetch asks for them.`

const words = (name: string) => name.replaceAll('_', ' ')

const THREE: Readonly<Record<string, string>> = {
  all_equal: 'all three equal',
  ours_apart: 'ours against socket and REST',
  ws_apart: 'socket against ours and REST',
  rest_apart: 'REST against ours and socket',
  all_apart: 'no two equal',
}

const count = (key: 'compared' | 'equal' | 'empty' | 'differing'): Column<SourceRow> => ({
  key,
  align: 'right',
  show: (row) => showCount(row[key]),
})

const SOURCES: readonly Column<SourceRow>[] = [
  { key: 'venue' },
  { key: 'symbol' },
  { key: 'source' },
  count('compared'),
  count('equal'),
  count('empty'),
  count('differing'),
]

const DIFFERENCES: readonly Column<DifferenceRow>[] = [
  { key: 'venue' },
  { key: 'symbol' },
  { key: 'open_time', title: 'open time, UTC', show: (row) => showTime(row.open_time) },
  { key: 'source' },
  { key: 'label', show: ({ label }) => styles.yellow(words(label)) },
  { key: 'fields', title: 'ours / theirs' },
]
