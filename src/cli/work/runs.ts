import { AssayError } from '../../core/errors.ts'
import { cancelRun, partitionAt, queueRun, settlingOf, unknownRun } from '../../flow/index.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import type { RunItemRow, RunLogRow, RunRow, RunState, Warehouse } from '../../warehouse/index.ts'
import { openWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { RunsFlags } from '../commands/runs.ts'
import type { Context } from '../context.ts'
import type { ExitStatus } from '../exit-status.ts'
import { showCount, showDurationMs, showTime } from '../format.ts'
import { openFlow } from '../open-flow.ts'
import {
  type Column,
  printFacts,
  printHeading,
  printJson,
  printLine,
  printRows,
} from '../output.ts'
import { styles, visible } from '../style.ts'
import { parseCountArgument, parseTimeArgument } from '../time-argument.ts'
import { exitOf, printRun, toldRun } from './materialize.ts'
import { runHere } from './run-here.ts'

const STATES: readonly RunState[] = [
  'queued',
  'running',
  'succeeded',
  'skipped',
  'failed',
  'cancelled',
]

/** A run as people and programs are given it. */
interface ToldRun {
  readonly run_id: string
  readonly asset: string
  readonly partition: string
  readonly state: RunState
  readonly trigger: RunRow['trigger']
  readonly attempt: number
  readonly queued: string
  readonly started: string | null
  readonly ended: string | null
  readonly seconds: number | null
  readonly rows: number | null
  readonly version: string | null
  readonly error_code: string | null
  readonly reason: string | null
  readonly holder: string | null
  readonly only: Readonly<Record<string, string>> | null
}

/** Prints runs, the newest first. */
export async function listRuns({ context, flags }: Call<RunsFlags>): Promise<void> {
  const { clock, json, csv } = context
  const state = flags.state as RunState | undefined
  if (state !== undefined && !STATES.includes(state)) {
    throw new AssayError(
      'ASSAY_USAGE',
      `--state: there is no ${state}; there are ${STATES.join(', ')}`,
    )
  }
  const fromUs = parseTimeArgument(flags.from ?? '-1d', '--from', clock.nowUs())
  const limit = parseCountArgument(flags.limit ?? '50', '--limit')
  await using warehouse = await openToRead(context)
  const rows = await warehouse.read((db) => {
    let query = db.selectFrom('ops_runs').selectAll().where('queued_us', '>=', fromUs)
    if (flags.asset !== undefined) query = query.where('asset', '=', flags.asset)
    if (state !== undefined) query = query.where('state', '=', state)
    return query.orderBy('queued_us', 'desc').limit(limit).execute()
  })
  const told = rows.map(tellRun)
  printRows(told, { json, csv, columns: COLUMNS, empty: 'No run since then.' })
}

/** Prints one run whole. */
export async function showRun({ context, args }: Call<object>): Promise<void> {
  await using warehouse = await openToRead(context)
  const run = await findRun(warehouse, args[0] as string)
  const { items, logs } = await warehouse.read(async (db) => ({
    items: await db
      .selectFrom('ops_run_items')
      .selectAll()
      .where('run_id', '=', run.run_id)
      .orderBy('item')
      .execute(),
    logs: await db
      .selectFrom('ops_run_logs')
      .selectAll()
      .where('run_id', '=', run.run_id)
      .orderBy('seq')
      .execute(),
  }))
  const outcome = toldRun(run)
  if (context.json) {
    const { metadata, checks } = outcome
    printJson({
      ...tellRun(run),
      metadata,
      checks,
      items: items.map(tellItem),
      logs: logs.map(tellLog),
    })
    return
  }
  printRun(outcome)
  const { queued, started, ended, trigger, attempt, holder } = tellRun(run)
  printLine()
  printFacts([
    ['run', run.run_id],
    ['asked for by', trigger],
    ['attempts', showCount(attempt)],
    ['queued', showTime(queued)],
    ['started', started === null ? '–' : showTime(started)],
    ['ended', ended === null ? '–' : showTime(ended)],
    ['by', holder ?? '–'],
    ...Object.entries(outcome.metadata).map(([name, value]) => [name, String(value)] as const),
  ])
  if (items.length > 0) {
    printHeading('Items')
    printRows(items.map(tellItem), { columns: ITEMS })
  }
  if (logs.length > 0) {
    printHeading('Log')
    for (const { time, level, message, attempt: of } of logs.map(tellLog)) {
      printLine(`${showTime(time)}  ${of}  ${level.padEnd(5)}  ${visible(message)}`)
    }
  }
}

/** Asks that a run be given up. */
export async function cancelOne({ context, args }: Call<object>): Promise<void> {
  const { signal } = context
  await using flow = await openFlow(context, { command: 'runs', signal })
  const { warehouse, runner } = flow
  const { run_id: runId } = await findRun(warehouse, args[0] as string)
  const run = await warehouse.write((tx) => cancelRun(tx, settlingOf(runner.options), runId))
  if (context.json) printJson(tellRun(run))
  else
    printLine(run.state === 'cancelled' ? 'Cancelled.' : 'Asked to stop; it does within seconds.')
}

/** Makes the partition of a run once more. */
export async function retryOne({ context, args }: Call<object>): Promise<ExitStatus | undefined> {
  await using flow = await openFlow(context, { command: 'runs', signal: context.signal })
  const { warehouse, runner, graph } = flow
  const before = await findRun(warehouse, args[0] as string)
  const asset = graph.get(before.asset)
  const partition = partitionAt(asset.partitions, before.partition_us)
  const { clock, random } = runner.options
  const nowUs = clock.nowUs()
  const { run } = await warehouse.write((tx) =>
    queueRun(tx, asset, {
      partition,
      trigger: 'retry',
      dueUs: nowUs,
      nowUs,
      only: before.only_text === null ? null : JSON.parse(before.only_text),
      forced: true,
      random,
    }),
  )
  const ended = toldRun(await runHere(runner, run.run_id))
  if (context.json) printJson(ended)
  else printRun(ended)
  return exitOf(ended.state)
}

function openToRead({ storeUrl: url, clock }: Context): Promise<Warehouse> {
  return openWarehouse({ url, mode: 'read', clock })
}

async function findRun(warehouse: Warehouse, id: string): Promise<RunRow> {
  const rows = await warehouse.read((db) =>
    db
      .selectFrom('ops_runs')
      .selectAll()
      .where('run_id', '>=', id)
      .where('run_id', '<', `${id}~`)
      .limit(2)
      .execute(),
  )
  const [run, other] = rows
  if (run === undefined) throw unknownRun(id)
  if (other === undefined) return run
  throw new AssayError('ASSAY_USAGE', `more than one run begins with ${id}; write more of its id`)
}

function tellRun(run: RunRow): ToldRun {
  const { started_us: startedUs, ended_us: endedUs } = run
  const isTimed = startedUs !== null && endedUs !== null
  return {
    run_id: run.run_id,
    asset: run.asset,
    partition: run.partition_key,
    state: run.state,
    trigger: run.trigger,
    attempt: run.attempt,
    queued: formatTimeUs(run.queued_us),
    started: startedUs === null ? null : formatTimeUs(startedUs),
    ended: endedUs === null ? null : formatTimeUs(endedUs),
    seconds: isTimed ? Math.max(0, endedUs - startedUs) / 1e6 : null,
    rows: run.rows,
    version: run.output_version,
    error_code: run.error_code,
    reason: run.reason,
    holder: run.holder,
    only: run.only_text === null ? null : JSON.parse(run.only_text),
  }
}

const tellItem = ({ item, state, rows, detail }: RunItemRow) => ({ item, state, rows, detail })

const tellLog = ({ time_us, attempt, level, message }: RunLogRow) => ({
  time: formatTimeUs(time_us),
  attempt,
  level,
  message,
})

const COLUMNS: readonly Column<ToldRun>[] = [
  { key: 'run_id', title: 'run', show: ({ run_id: id }) => id },
  { key: 'asset' },
  { key: 'partition' },
  { key: 'state', show: ({ state }) => (state === 'failed' ? styles.red(state) : state) },
  { key: 'trigger', title: 'asked for by' },
  { key: 'attempt', align: 'right' },
  { key: 'queued', title: 'queued, UTC', show: ({ queued }) => showTime(queued) },
  {
    key: 'seconds',
    title: 'took',
    align: 'right',
    show: ({ seconds }) => (seconds === null ? '–' : showDurationMs(seconds * 1000)),
  },
  { key: 'rows', align: 'right', show: ({ rows }) => (rows === null ? '–' : showCount(rows)) },
  { key: 'reason', show: ({ reason }) => visible(reason ?? '') },
  { key: 'version', where: 'data' },
  { key: 'error_code', where: 'data' },
]

const ITEMS: readonly Column<ReturnType<typeof tellItem>>[] = [
  { key: 'item' },
  { key: 'state', show: ({ state }) => (state === 'done' ? state : styles.yellow(state)) },
  { key: 'rows', align: 'right', show: ({ rows }) => (rows === null ? '–' : showCount(rows)) },
  { key: 'detail', show: ({ detail }) => visible(detail) },
]
