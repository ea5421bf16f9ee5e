import { randomUUID } from 'node:crypto'
import { type AssayServices, createAssets } from '../assets/index.ts'
import { createRandom } from '../core/random.ts'
import {
  type AssetGraph,
  createRunner,
  type RunListener,
  type Runner,
  runFlow,
} from '../flow/index.ts'
import { openWarehouse, type RunRow, type Warehouse } from '../warehouse/index.ts'
import type { Context } from './context.ts'
import { createServices } from './flow-services.ts'
import { keepTelling, lineageHooks, tellOnce } from './run-lineage.ts'

/** The pipeline's assets, and who makes them here. */
export interface OpenFlow extends AsyncDisposable {
  readonly warehouse: Warehouse
  readonly graph: AssetGraph<AssayServices>
  readonly runner: Runner<AssayServices>
}

/** How the flow is opened. */
export interface OpenFlowOptions {
  /** Names the process to those who find a run under way. */
  readonly command: string
  readonly signal: AbortSignal
  readonly listener?: RunListener
  /** Whether another thread of this process collects. @default false */
  readonly isCollecting?: boolean
}

/** Returns a listener that tells of a run's warnings and errors as it goes. */
export function tellWarnings({ log }: Context): RunListener {
  return {
    log(run, level, message) {
      if (level !== 'info') log[level]({ asset: run.asset, run: run.run_id }, message)
    },
  }
}

/** Keeps every asset made, and tells of its lineage, until the flow's signal. */
export async function keepFlowing(
  context: Context,
  { runner, warehouse }: OpenFlow,
  onRun: (run: RunRow) => void,
): Promise<void> {
  const telling = keepTelling(context, warehouse, runner.options.signal)
  await runFlow(runner, {
    onRun,
    onTrouble: (error) => {
      context.log.warn({ err: error }, 'the store is in trouble; it is tried again')
    },
  })
  await telling
}

/** Opens the warehouse beside its writer, and what runs need; closing it tells of their lineage. */
export async function openFlow(context: Context, options: OpenFlowOptions): Promise<OpenFlow> {
  const { config, extensions, storeUrl: url, clock } = context
  const { command, signal, listener = {}, isCollecting = false } = options
  const graph = createAssets({ config, isPolled: isCollecting, added: extensions.assets })
  const holder = `assay ${command}, process ${process.pid}`
  const warehouse = await openWarehouse({ url, mode: 'share', clock, holder })
  const { liveMax: live, gapMax: gap, backfillMax: backfill } = config.flow
  const runner = createRunner({
    warehouse,
    graph,
    services: createServices({ context, warehouse, isCollecting }),
    clock,
    random: createRandom(randomUUID()),
    holder: `${holder} ${randomUUID().slice(0, 8)}`,
    signal,
    listener: { ...listener, ...lineageHooks(context, graph) },
    pools: { live, gap, backfill },
  })
  return {
    warehouse,
    graph,
    runner,
    async [Symbol.asyncDispose]() {
      await using open = warehouse
      await tellOnce(context, open)
    },
  }
}
