import { type AssayAsset, type AssayServices, createAssets } from '../../assets/index.ts'
import {
  type AssetGraph,
  type AssetStatus,
  assetStatus,
  graphMermaid,
  graphText,
  listUnmade,
} from '../../flow/index.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import type { Warehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { AssetsFlags } from '../commands/assets.ts'
import type { Context } from '../context.ts'
import { showCount, showDurationMs, showTime } from '../format.ts'
import { openIfThere } from '../open-if-there.ts'
import {
  type Column,
  printFacts,
  printHeading,
  printJson,
  printLine,
  printRows,
} from '../output.ts'
import { styles } from '../style.ts'
import { parseTimeArgument } from '../time-argument.ts'

/** Parts that are not made, shown of one asset. */
const UNMADE_MAX = 20

/** An asset as people and programs are given it. */
interface AssetRow {
  readonly key: string
  readonly about: string
  readonly partitions: AssayAsset['partitions']
  readonly dependencies: readonly string[]
  readonly schedules: readonly string[]
  readonly catch_up: AssayAsset['catchUp']
  readonly freshness_seconds: number | null
  readonly pool: string
  readonly code_version: string
  readonly datasets: readonly string[]
  readonly checks: readonly string[]
  readonly newest: string | null
  readonly age_seconds: number | null
  readonly late: number
  readonly next_run: string | null
  readonly active: number
  readonly last_run: AssetStatus['lastRun']
  /** How many parts of the span are in each state. */
  readonly counts: AssetStatus['counts'] | null
}

/** Prints every asset and how it stands, or one in detail. */
export async function listAssets(call: Call<AssetsFlags>): Promise<void> {
  const { context, args, flags } = call
  const graph = graphOf(context)
  const chosen = args[0] === undefined ? graph.assets : [graph.get(args[0])]
  const fromUs = parseTimeArgument(flags.from ?? '-7d', '--from', context.clock.nowUs())
  await using warehouse = await openIfThere(context)
  const rows: AssetRow[] = []
  for (const asset of chosen) rows.push(rowOf(asset, await statusOf(warehouse, asset)))
  if (context.json) printJson({ assets: rows })
  else if (args[0] === undefined) printRows(rows, { csv: context.csv, columns: COLUMNS })
  else await printOne(warehouse, chosen[0] as AssayAsset, rows[0] as AssetRow)

  async function statusOf(open: Warehouse | null, asset: AssayAsset): Promise<AssetStatus | null> {
    const query = { fromUs, nowUs: context.clock.nowUs() }
    return (await open?.read((db) => assetStatus(db, asset, query))) ?? null
  }

  async function printOne(open: Warehouse | null, asset: AssayAsset, row: AssetRow) {
    printDetail(row)
    const span = { fromUs, toUs: context.clock.nowUs(), limit: UNMADE_MAX }
    const unmade = (await open?.read((db) => listUnmade(db, asset, span))) ?? []
    if (unmade.length === 0 || asset.partitions === 'none') return
    printHeading('Not made')
    const lines = unmade.map(({ partition, state }) => ({ partition: partition.key, state }))
    printRows(lines, { columns: [{ key: 'partition' }, { key: 'state' }] })
  }
}

/** Prints what is made from what. */
export function printGraph({ context, flags }: Call<AssetsFlags>): void {
  const graph = graphOf(context)
  printLine(flags.mermaid ? graphMermaid(graph) : graphText(graph))
}

function graphOf({ config, extensions }: Context): AssetGraph<AssayServices> {
  return createAssets({ config, isPolled: config.flow.enabled, added: extensions.assets })
}

function rowOf(asset: AssayAsset, status: AssetStatus | null): AssetRow {
  return {
    key: asset.key,
    about: asset.about,
    partitions: asset.partitions,
    dependencies: asset.dependencies,
    schedules: asset.schedules.map(({ cron }) => cron),
    catch_up: asset.catchUp,
    freshness_seconds: asset.freshnessSeconds,
    pool: asset.pool,
    code_version: asset.codeVersion,
    datasets: asset.datasets,
    checks: asset.checks,
    newest: status?.newest ?? null,
    age_seconds: status?.ageSeconds ?? null,
    late: status?.late ?? 0,
    next_run: status?.nextRunUs == null ? null : formatTimeUs(status.nextRunUs),
    active: status?.active ?? 0,
    last_run: status?.lastRun ?? null,
    counts: status?.counts ?? null,
  }
}

const COLUMNS: readonly Column<AssetRow>[] = [
  { key: 'key', title: 'asset' },
  { key: 'partitions' },
  { key: 'newest', show: ({ newest, partitions }) => newest || (partitions === 'none' ? '' : '–') },
  {
    key: 'age_seconds',
    title: 'age',
    align: 'right',
    show: ({ age_seconds: age }) => (age === null ? '–' : showDurationMs(age * 1000)),
  },
  {
    key: 'late',
    align: 'right',
    show: ({ late }) => (late === 0 ? '0' : styles.red(showCount(late))),
  },
  {
    key: 'next_run',
    title: 'next run, UTC',
    show: ({ next_run: at }) => (at ? showTime(at) : '–'),
  },
  { key: 'last_run', title: 'last run', where: 'people', show: (row) => lastRunText(row) },
]

function lastRunText({ last_run: run, active }: AssetRow): string {
  if (run === null) return '–'
  const state = run.state === 'failed' ? styles.red(run.state) : run.state
  return active > 0 ? `${state}, ${active} active` : state
}

function printDetail(row: AssetRow): void {
  printLine(row.about)
  printLine()
  printFacts([
    ['partitions', row.partitions],
    ['made from', row.dependencies.join(', ') || 'nothing here'],
    ['schedules, UTC', row.schedules.join('; ') || 'none: it is made when asked for'],
    ['missed while down', row.catch_up],
    ['writes', row.datasets.join(', ') || 'nothing'],
    ['checks', row.checks.join(', ') || 'none'],
    ['pool', row.pool],
    ['code version', row.code_version],
    ['newest', row.newest || '–'],
    ['late', showCount(row.late)],
    ['last run', lastRunText(row)],
  ])
  if (row.counts === null || row.partitions === 'none') return
  printHeading('Partitions of the span')
  const there = Object.entries(row.counts).filter(([, count]) => count > 0)
  printFacts(there.map(([state, count]) => [state, showCount(count)] as const))
}
