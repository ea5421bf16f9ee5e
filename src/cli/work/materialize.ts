import type { AssayAsset } from '../../assets/index.ts'
import { AssayError } from '../../core/errors.ts'
import {
  type CheckResult,
  cancelRun,
  type Partition,
  type PartState,
  parsePartition,
  partitionAt,
  queueRun,
  type RunListener,
  readState,
  settlingOf,
  WHOLE,
} from '../../flow/index.ts'
import type { RunRow } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { MaterializeFlags } from '../commands/materialize.ts'
import type { Context } from '../context.ts'
import { openPipes, type PipesSession, pipesPartition } from '../dagster-pipes.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showCount, showDurationMs } from '../format.ts'
import { type OpenFlow, openFlow } from '../open-flow.ts'
import { printJson, printLine, printRows } from '../output.ts'
import { createProgress } from '../progress.ts'
import { styles, visible } from '../style.ts'
import { runHere } from './run-here.ts'

/** A part that is to be made, and why. */
interface Step {
  readonly asset: AssayAsset
  readonly partition: Partition
  readonly state: PartState
}

/** A run that ended, as programs are given it. */
export interface MaterializedRun {
  readonly asset: string
  readonly partition: string
  readonly state: RunRow['state']
  readonly run_id: string
  readonly attempt: number
  readonly rows: number | null
  readonly version: string | null
  readonly reason: string | null
  readonly duration_ms: number
  readonly metadata: Readonly<Record<string, string | number | boolean | null>>
  readonly checks: readonly CheckResult[]
}

/**
 * Makes one part of an asset, and before it what it is made from where that is asked for. Where
 * Dagster runs this, it is told of it too.
 */
export async function materialize(call: Call<MaterializeFlags>): Promise<ExitStatus | undefined> {
  const pipes = openPipes(process.env, call.args[0] as string)
  try {
    const last = await makeSteps(call, pipes)
    if (last !== null) pipes?.ended(last)
    pipes?.close(last?.state === 'failed' ? last.reason : undefined)
    return last === null ? undefined : exitOf(last.state)
  } catch (error) {
    pipes?.close(error)
    throw error
  }
}

/** Returns how the last of the runs ended; null where nothing was to be made. */
async function makeSteps(
  { context, args, flags }: Call<MaterializeFlags>,
  pipes: PipesSession | null,
): Promise<MaterializedRun | null> {
  const { signal, json } = context
  await using flow = await openFlow(context, {
    command: 'materialize',
    signal,
    listener: listenerOf(context, pipes),
  })
  const asset = flow.graph.get(args[0] as string)
  const wanted = flags.partition ?? pipesPartition(process.env) ?? undefined
  const partition = partitionOf(asset, wanted, context.clock.nowUs())
  const steps = await planSteps(flow, asset, { partition, withUpstream: flags.upstream === true })
  if (flags.dryRun) {
    printPlan(context, steps)
    return null
  }
  let last: MaterializedRun | null = null
  for (const step of steps) {
    const isTarget = step.asset === asset
    const run = await makeStep(flow, step, isTarget ? flags : {})
    last = toldRun(run)
    if (!json) printRun(last)
    if (run.state === 'failed' || run.state === 'cancelled') break
  }
  if (json) printJson(last)
  return last
}

async function makeStep(
  { warehouse, runner }: OpenFlow,
  { asset, partition }: Step,
  flags: MaterializeFlags,
): Promise<RunRow> {
  const { clock, random, signal } = runner.options
  const only = flags.only === undefined ? null : parseOnly(flags.only)
  const nowUs = clock.nowUs()
  const { run } = await warehouse.write((tx) =>
    queueRun(tx, asset, {
      partition,
      trigger: 'manual',
      dueUs: nowUs,
      nowUs,
      runKey: flags.runKey ?? null,
      only,
      forced: flags.force === true,
      random,
    }),
  )
  try {
    return await runHere(runner, run.run_id)
  } catch (error) {
    if (signal.aborted) {
      await warehouse
        .write((tx) => cancelRun(tx, settlingOf(runner.options), run.run_id))
        .catch(() => {})
    }
    throw error
  }
}

/** Lists what is to be made, in order: the part itself last. */
async function planSteps(
  { warehouse, graph }: OpenFlow,
  asset: AssayAsset,
  { partition, withUpstream }: { readonly partition: Partition; readonly withUpstream: boolean },
): Promise<Step[]> {
  const wanted = new Map<string, Map<string, Partition>>()
  const visit = (key: string, part: Partition) => {
    for (const above of withUpstream ? graph.upstream(key, part) : []) {
      const parts = wanted.get(above.asset) ?? new Map<string, Partition>()
      wanted.set(above.asset, parts.set(above.partition.key, above.partition))
      visit(above.asset, above.partition)
    }
  }
  visit(asset.key, partition)
  return warehouse.read(async (db) => {
    const steps: Step[] = []
    for (const key of graph.ancestors(asset.key)) {
      for (const part of wanted.get(key)?.values() ?? []) {
        const above = graph.get(key)
        const state = await readState(db, above, part)
        if (state !== 'made') steps.push({ asset: above, partition: part, state })
      }
    }
    steps.push({ asset, partition, state: await readState(db, asset, partition) })
    return steps
  })
}

/** Reads the key of a part; `latest` is the last one that is over. */
function partitionOf(asset: AssayAsset, key: string | undefined, nowUs: number): Partition {
  const { partitions } = asset
  if (partitions === 'none') return key === undefined ? WHOLE : parsePartition('none', key)
  const latest = partitionAt(partitions, partitionAt(partitions, nowUs).fromUs - 1)
  if (key === 'latest') return latest
  if (key !== undefined) return parsePartition(partitions, key)
  throw new AssayError(
    'ASSAY_USAGE',
    `${asset.key} is ${partitions}: say which, such as --partition ${latest.key}`,
  )
}

/** Reads `venue=kraken,symbol=BTC/USD`. */
export function parseOnly(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.split('=', 2) as [string, string?])
  for (const [name, value] of pairs) {
    if ((name === 'venue' || name === 'symbol') && value) continue
    throw new AssayError('ASSAY_USAGE', `--only: write it as venue=…,symbol=…, not ${text}`)
  }
  return Object.fromEntries(pairs) as Record<string, string>
}

function listenerOf({ log, clock, json }: Context, pipes: PipesSession | null): RunListener {
  let progress: ReturnType<typeof createProgress> | null = null
  return {
    log(run, level, message) {
      log[level]({ asset: run.asset }, message)
      pipes?.log(level, `${run.asset}: ${message}`)
    },
    progress(run, done, total) {
      if (json) return
      progress ??= createProgress({ label: run.asset, unit: 'steps', clock })
      progress.expect(total)
      progress.update(done)
      if (done < total) return
      progress.done()
      progress = null
    },
  }
}

/** Returns a run as programs are given it. */
export function toldRun(run: RunRow): MaterializedRun {
  const outcome: Pick<MaterializedRun, 'metadata' | 'checks'> = JSON.parse(run.outcome)
  const { asset, state, attempt, rows, reason } = run
  return {
    ...{ asset, partition: run.partition_key, state, run_id: run.run_id, attempt, rows },
    ...{ version: run.output_version, reason },
    duration_ms: ((run.ended_us ?? 0) - (run.started_us ?? run.ended_us ?? 0)) / 1000,
    metadata: outcome.metadata ?? {},
    checks: outcome.checks ?? [],
  }
}

/** Returns the exit status that stands for a run's end. */
export function exitOf(state: RunRow['state']): ExitStatus | undefined {
  if (state === 'succeeded') return undefined
  return state === 'skipped' ? EXIT.skipped : EXIT.failed
}

const COLOURS = {
  succeeded: styles.green,
  skipped: styles.dim,
  failed: styles.red,
  cancelled: styles.yellow,
  queued: styles.dim,
  running: styles.dim,
} as const satisfies Record<RunRow['state'], (text: string) => string>

/** Prints how a run ended, and which of its checks failed. */
export function printRun(run: MaterializedRun): void {
  const { asset, partition, state, rows, reason, version } = run
  const what = [asset, partition].filter((word) => word !== '').join(' ')
  const figures = rows === null ? '' : `, ${showCount(rows)} rows`
  const why = reason === null ? '' : `: ${visible(reason)}`
  const hash = version === null ? '' : styles.dim(`  ${version.slice(0, 12)}`)
  const took = showDurationMs(run.duration_ms)
  printLine(`${what}  ${COLOURS[state](state)}${why}${figures}, ${took}${hash}`)
  for (const { name, passed, detail } of run.checks) {
    if (!passed) printLine(styles.yellow(`  ${name}: ${visible(detail)}`))
  }
}

function printPlan({ json }: Context, steps: readonly Step[]): void {
  const rows = steps.map(({ asset, partition, state }) => ({
    asset: asset.key,
    partition: partition.key,
    state,
  }))
  if (json) printJson({ steps: rows })
  else {
    printLine('Would make, in this order:')
    printRows(rows, { columns: [{ key: 'asset' }, { key: 'partition' }, { key: 'state' }] })
  }
}
