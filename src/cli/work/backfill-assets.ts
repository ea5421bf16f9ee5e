import { randomUUID } from 'node:crypto'
import {
  beginBackfill,
  cancelBackfill,
  createTicker,
  launchRuns,
  listWanted,
  type Partition,
  settlingOf,
} from '../../flow/index.ts'
import type { Warehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { BackfillAssetsFlags } from '../commands/backfill-assets.ts'
import type { Context } from '../context.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showCount, showSome } from '../format.ts'
import { type OpenFlow, openFlow } from '../open-flow.ts'
import { printFacts, printJson, printLine } from '../output.ts'
import { createProgress } from '../progress.ts'
import { parseCountArgument, parseSpan } from '../time-argument.ts'
import { parseOnly } from './materialize.ts'

const LOOK_MS = 100

/** What a backfill came to, as programs are given it. */
interface BackfillReport {
  readonly backfill_id: string
  readonly asset: string
  readonly partitions: number
  readonly succeeded: number
  readonly skipped: number
  readonly failed: number
  readonly cancelled: number
}

/** Makes many partitions of one asset. */
export async function backfillAssets(
  call: Call<BackfillAssetsFlags>,
): Promise<ExitStatus | undefined> {
  const { context, args, flags } = call
  const { clock, signal, json } = context
  const nowUs = clock.nowUs()
  const span = parseSpan({ from: flags.from, to: flags.to ?? 'now' }, nowUs)
  await using flow = await openFlow(context, { command: 'backfill-assets', signal })
  const asset = flow.graph.get(args[0] as string)
  const { reprocess } = flags
  const wanted = { ...span, toUs: Math.min(span.toUs, nowUs), reprocess }
  const newestFirst = flags.newestFirst === true
  const parts = await flow.warehouse.read((db) => listWanted(db, asset, { ...wanted, newestFirst }))
  if (flags.dryRun) return printPlan(context, asset.key, parts)
  if (parts.length === 0) {
    if (json) printJson(reportOf({ backfill_id: '', asset: asset.key, partitions: 0 }, new Map()))
    else printLine('Nothing to do: every partition of the span is made.')
    return EXIT.skipped
  }
  const backfillId = randomUUID()
  const request = {
    backfillId,
    ...wanted,
    newestFirst,
    maxActive: parseCountArgument(flags.maxActive, '--max-active'),
    only: flags.only === undefined ? null : parseOnly(flags.only),
    nowUs,
  }
  await flow.warehouse.write((tx) => beginBackfill(tx, asset, request))
  if (flags.detach) {
    if (json) printJson({ backfill_id: backfillId, asset: asset.key, partitions: parts.length })
    else printLine(`Left to the flow: ${showSome(parts.length, 'partition')}, ${backfillId}.`)
    return undefined
  }
  await drive(flow, context, { backfillId, partitions: parts.length, label: asset.key })
  const about = { backfill_id: backfillId, asset: asset.key, partitions: parts.length }
  const report = reportOf(about, await countRuns(flow.warehouse, backfillId))
  if (json) printJson(report)
  else printReport(report)
  return report.failed + report.cancelled > 0 ? EXIT.failed : undefined
}

/** Does runs here, of this backfill and whatever else is due, until none of it is left. */
async function drive(
  { runner, warehouse }: OpenFlow,
  { clock, signal }: Context,
  work: { readonly backfillId: string; readonly partitions: number; readonly label: string },
): Promise<void> {
  const ticker = createTicker(runner)
  const progress = createProgress({ label: work.label, unit: 'partitions', clock })
  progress.expect(work.partitions)
  const under = new Set<Promise<void>>()
  try {
    while (!signal.aborted) {
      await ticker.advanceBackfills()
      await launchRuns(runner, under)
      const ended = await countRuns(warehouse, work.backfillId)
      progress.update([...ended.values()].reduce((sum, count) => sum + count, 0))
      if (under.size === 0 && (await isOver(warehouse, work.backfillId))) break
      await Promise.race([clock.sleep(LOOK_MS, signal), ...under])
    }
  } finally {
    if (signal.aborted) {
      await warehouse.write((tx) => cancelBackfill(tx, settlingOf(runner.options), work.backfillId))
    }
    await Promise.all(under)
    progress.done()
  }
  signal.throwIfAborted()
}

function isOver(warehouse: Warehouse, backfillId: string): Promise<boolean> {
  return warehouse.read(async (db) => {
    const row = await db
      .selectFrom('ops_backfills')
      .select('state')
      .where('backfill_id', '=', backfillId)
      .executeTakeFirst()
    return row?.state !== 'running'
  })
}

/** Counts the runs of a backfill that ended, by their state. */
function countRuns(warehouse: Warehouse, backfillId: string): Promise<Map<string, number>> {
  return warehouse.read(async (db) => {
    const rows = await db
      .selectFrom('ops_runs')
      .select(['state', (eb) => eb.fn.countAll<number>().as('runs')])
      .where('backfill_id', '=', backfillId)
      .where('active', 'is', null)
      .groupBy('state')
      .execute()
    return new Map(rows.map(({ state, runs }) => [state, runs]))
  })
}

function reportOf(
  about: Pick<BackfillReport, 'backfill_id' | 'asset' | 'partitions'>,
  counts: ReadonlyMap<string, number>,
): BackfillReport {
  const of = (state: string) => counts.get(state) ?? 0
  return {
    ...about,
    succeeded: of('succeeded'),
    skipped: of('skipped'),
    failed: of('failed'),
    cancelled: of('cancelled'),
  }
}

function printReport({ partitions, succeeded, skipped, failed, cancelled }: BackfillReport): void {
  printFacts([
    ['partitions', showCount(partitions)],
    ['made', showCount(succeeded)],
    ['skipped', `${showCount(skipped)}, as nothing changed or there was nothing to make`],
    ['failed', `${showCount(failed)}${failed > 0 ? '; see assay runs --state failed' : ''}`],
    ['cancelled', showCount(cancelled)],
  ])
}

function printPlan(
  { json }: Context,
  asset: string,
  parts: readonly Partition[],
): ExitStatus | undefined {
  if (json) printJson({ asset, partitions: parts.map(({ key }) => key) })
  else if (parts.length === 0) printLine('Nothing to do: every partition of the span is made.')
  else {
    const [first, last] = [parts[0]?.key, parts.at(-1)?.key]
    printLine(`Would make ${showSome(parts.length, 'partition')} of ${asset}: ${first} … ${last}`)
  }
  return parts.length === 0 ? EXIT.skipped : undefined
}
