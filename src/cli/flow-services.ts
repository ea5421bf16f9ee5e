import { join } from 'node:path'
import type { ArchivedLogs, AssayServices, VenueCount, WantedHistory } from '../assets/services.ts'
import { compactLog, durablePositions, listLogs, openJournal, sealLog } from '../bronze/index.ts'
import { requestListing } from '../collect/backfill.ts'
import { requestSnapshots } from '../collect/snapshot-poll-history.ts'
import { AssayError, isAssayError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { INTERVALS } from '../market/bucket.ts'
import type { Venue } from '../venues/venue.ts'
import type { Warehouse } from '../warehouse/index.ts'
import { leastCheckpoints } from '../warehouse/index.ts'
import { COLLECT_LOG } from './collectors.ts'
import { BACKFILL_LOG } from './commands/backfill.ts'
import type { Context } from './context.ts'
import { fetchHistory } from './fetch-history.ts'
import { lockHolder } from './lock-holder.ts'
import { openRefinerHere, waitUntilRefined } from './refine-here.ts'
import {
  chosenVenues,
  coinsOf,
  hostsOf,
  memoryOf,
  snapshotClientSettings,
} from './venue-settings.ts'
import { VERSION } from './version.ts'

/** How long another process may take to refine what was durable when it was asked for. */
const REFINED_MS_MAX = 120_000
/** Hours that ended so long ago are compacted. */
const COMPACT_AFTER_US = 24 * INTERVALS['1h']

/** What the services are built from. */
export interface ServiceOptions {
  readonly context: Context
  readonly warehouse: Warehouse
  /** Whether this very process collects, in another thread. */
  readonly isCollecting: boolean
}

/** Returns what the pipeline's assets work with. */
export function createServices({
  context,
  warehouse,
  isCollecting,
}: ServiceOptions): AssayServices {
  const { config, dataDir } = context
  const collectLock = join(dataDir, 'log', COLLECT_LOG, 'lock')
  return {
    config,
    dataDir,
    warehouse,
    catchUp: (signal) => catchUp(context, warehouse, signal),
    isCollecting: () => isCollecting || lockHolder(collectLock) !== null,
    fetchHistory: (wanted, signal) => fetchWanted(context, wanted, signal),
    fetchListings: (signal) => fetchListings(context, signal),
    pollSnapshots: (signal) => pollSnapshots(context, signal),
    archiveLogs: (signal) => archiveAll(context, warehouse, signal),
  }
}

/** Refines here what is durable, or waits for whoever holds the warehouse to have done so. */
async function catchUp(context: Context, warehouse: Warehouse, signal: AbortSignal): Promise<void> {
  const { dataDir, clock } = context
  const refiner = await patient(openRefinerHere({ ...context, signal }, 'materialize'))
  if (refiner !== null) {
    await using open = refiner
    await open.catchUp('refining')
    return
  }
  const wanted = durablePositions(dataDir)
  const inTime = await waitUntilRefined(warehouse, wanted, {
    clock,
    signal,
    forMs: REFINED_MS_MAX,
  })
  if (inTime) return
  throw new AssayError('ASSAY_TIMEOUT', 'the refiner is too far behind', { retry: 'backoff' })
}

async function fetchWanted(
  context: Context,
  { venue, symbols, fromUs, toUs }: WantedHistory,
  signal: AbortSignal,
): Promise<number> {
  const own = context.config.venues[venue as keyof Context['config']['venues']]
  // Of a tape or a foreign exchange nothing can be asked.
  if (own === undefined || !('products' in own) || venue === 'ccxt') return 0
  const { config } = context
  const fetched = await patient(
    fetchHistory(
      {
        ...context,
        signal,
        config: {
          ...config,
          collect: { ...config.collect, venues: [venue] },
          venues: { ...config.venues, [venue]: { ...own, products: symbols } },
        },
      },
      { fromUs, toUs },
    ),
  )
  return fetched.reduce((sum, { trades }) => sum + trades, 0)
}

async function fetchListings(context: Context, signal: AbortSignal): Promise<VenueCount[]> {
  const { config, dataDir } = context
  const counts: VenueCount[] = []
  await using journal = await openBackfillLog(context)
  for (const venue of chosenVenues(config)) {
    if (venue.kind === 'aggregator') continue
    const count = await requestListing({
      ...requestOf(context, venue, signal),
      journal,
      restUrl: hostsOf(config, venue).restUrl,
      memory: memoryOf(dataDir, venue),
    })
    counts.push({ venue: venue.id, count })
  }
  return counts
}

async function pollSnapshots(context: Context, signal: AbortSignal): Promise<number> {
  const { config } = context
  let coins = 0
  await using journal = await openBackfillLog(context)
  for (const venue of chosenVenues(config)) {
    if (venue.kind !== 'aggregator') continue
    coins += await requestSnapshots({
      ...requestOf(context, venue, signal),
      ...snapshotClientSettings(config, venue),
      journal,
      coins: coinsOf(config, venue),
    })
  }
  return coins
}

async function archiveAll(
  { dataDir, clock }: Context,
  warehouse: Warehouse,
  signal: AbortSignal,
): Promise<ArchivedLogs> {
  const total = { hours: 0, journalBytes: 0, archivedBytes: 0, compacted: 0, savedBytes: 0 }
  const beforeUs = clock.nowUs() - COMPACT_AFTER_US
  const refined = await warehouse.read(leastCheckpoints)
  for (const name of listLogs(dataDir)) {
    const belowPos = refined.get(name) ?? 0
    const sealed = await patient(sealLog({ dataDir, name, belowPos, clock, signal }))
    const compacted = await patient(compactLog({ dataDir, name, beforeUs, clock, signal }))
    total.hours += sealed.hours
    total.journalBytes += sealed.journalBytes
    total.archivedBytes += sealed.archivedBytes
    total.compacted += compacted.hours
    total.savedBytes += compacted.bytes.before - compacted.bytes.after
  }
  return total
}

function openBackfillLog({ dataDir, clock }: Context) {
  return patient(openJournal({ dataDir, name: BACKFILL_LOG, clock }))
}

function requestOf({ clock, log }: Context, venue: Venue, signal: AbortSignal) {
  const random = createRandom(`${process.pid}-${clock.nowUs()}-${venue.id}`)
  return { venue, clock, log, random, version: VERSION, signal }
}

/** What another process holds now, it lets go of in time: a run is worth another attempt. */
async function patient<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isAssayError(error, 'ASSAY_LOCKED')) throw error
    const { message, context } = error
    throw new AssayError('ASSAY_LOCKED', message, { retry: 'backoff', context, cause: error })
  }
}
