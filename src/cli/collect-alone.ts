import { join } from 'node:path'
import { openJournal } from '../bronze/index.ts'
import { type Collector, startCollector } from '../collect/collector.ts'
import type { CollectorStatus, CollectorSummary } from '../collect/collector-status.ts'
import type { Hole as WantedHole } from '../collect/hole-plan.ts'
import { createPaceFile } from '../collect/pace-file.ts'
import { createRandom } from '../core/random.ts'
import { listHoles } from '../silver/holes.ts'
import { openWarehouse, type Warehouse } from '../warehouse/index.ts'
import type { Context } from './context.ts'
import { COLLECT_LOG, wantedHoles } from './pipeline.ts'
import { venueOfId } from './venue-of.ts'
import { VERSION } from './version.ts'

/** Starts collecting without a refiner; holes are asked of the warehouse while there is one. */
export async function startCollecting(options: {
  readonly context: Context
  readonly signal: AbortSignal
  readonly onStatus: (status: CollectorStatus) => void
}): Promise<Pick<Collector, 'done'>> {
  const { context, signal, onStatus } = options
  const { config, dataDir, clock, log } = context
  const venue = venueOfId('coinbase')
  const { wsUrl, restUrl, feed, products } = config.venues.coinbase
  const journal = await openJournal({ dataDir, name: COLLECT_LOG, clock, ...config.journal })
  const holes = holesFromWarehouse(context, venue.id)
  try {
    const collector = await startCollector({
      venue,
      mode: config.mode,
      products,
      journal,
      clock,
      random: createRandom(`${process.pid}-${clock.nowUs()}`),
      log,
      command: 'collect',
      version: VERSION,
      feedName: feed,
      ...(wsUrl !== null && { wsUrl }),
      ...(restUrl !== null && { restUrl }),
      pollSeconds: config.poll.everySeconds,
      signal,
      ...(config.backfill.enabled && { holes: holes.ask }),
      verdictAttempts: config.backfill.maxAttempts,
      paceStore: createPaceFile(join(dataDir, 'tmp', `pace-${venue.id}.json`)),
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
  venue: string,
): AsyncDisposable & { readonly ask: () => Promise<WantedHole[]> } {
  const { storeUrl: url, clock, config } = context
  let warehouse: Warehouse | null = null
  return {
    async ask() {
      warehouse ??= await openWarehouse({ url, mode: 'read', clock })
      const holes = await warehouse.read((db) => listHoles(db, { withCandles: false }))
      const beforeUs = clock.nowUs() - config.backfill.graceSeconds * 1e6
      return wantedHoles(holes, { venue, beforeUs })
    },
    async [Symbol.asyncDispose]() {
      await warehouse?.[Symbol.asyncDispose]()
    },
  }
}
