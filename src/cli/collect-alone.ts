import { openJournal } from '../bronze/index.ts'
import { type Collector, startCollector } from '../collect/collector.ts'
import type { CollectorStatus, CollectorSummary } from '../collect/collector-status.ts'
import type { Hole as WantedHole } from '../collect/hole-plan.ts'
import { listHoles } from '../silver/holes.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import { collectorSettings } from './collector-settings.ts'
import type { Context } from './context.ts'
import { COLLECT_LOG, wantedHoles } from './pipeline.ts'

/** Starts collecting without a refiner; holes are asked of the warehouse while there is one. */
export async function startCollecting(options: {
  readonly context: Context
  readonly signal: AbortSignal
  readonly onStatus: (status: CollectorStatus) => void
}): Promise<Pick<Collector, 'done'>> {
  const { context, signal, onStatus } = options
  const { config, dataDir, clock } = context
  const journal = await openJournal({ dataDir, name: COLLECT_LOG, clock, ...config.journal })
  const holes = holesFromWarehouse(context)
  try {
    const collector = await startCollector({
      ...collectorSettings(context),
      journal,
      command: 'collect',
      signal,
      ...(config.backfill.enabled && { holes: holes.ask }),
      onStatus,
    })
    return { done: finish(collector, journal, holes) }
  } catch (error) {
    await journal[Symbol.asyncDispose]()
    throw error
  }
}

async function finish(
  collector: Collector,
  ...parts: readonly AsyncDisposable[]
): Promise<CollectorSummary> {
  try {
    return await collector.done
  } finally {
    for (const part of parts) await part[Symbol.asyncDispose]()
  }
}

/** Asks the warehouse of another process for holes; without one, repair waits. */
function holesFromWarehouse(
  context: Context,
): AsyncDisposable & { readonly ask: () => Promise<WantedHole[]> } {
  const { storeUrl: url, clock } = context
  let warehouse: Warehouse | null = null
  return {
    async ask() {
      warehouse ??= await openWarehouse({ url, mode: 'read', clock })
      const holes = await warehouse.read((db) => listHoles(db, { withCandles: false }))
      return wantedHoles(holes, context)
    },
    async [Symbol.asyncDispose]() {
      await warehouse?.[Symbol.asyncDispose]()
    },
  }
}
