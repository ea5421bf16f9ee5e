import type { Kysely } from 'kysely'
import { listLogs, lockHistory, type OpenGap, type PruneReport, pruneLog } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { AssayConfig } from '../core/config-schema.ts'
import { hasFolded } from '../gold/candles.ts'
import { bucketStart, INTERVALS } from '../market/bucket.ts'
import { countExpiring, expireDataset, type Tables } from '../silver/history/expire.ts'
import { listHoles } from '../silver/holes.ts'
import { EXPIRING, type Expiring, leastCheckpoints, type Schema } from '../warehouse/index.ts'

/** How retention is applied. */
export interface RetentionOptions {
  /** A warehouse, opened to be written beside others, or what a run of the flow is given of it. */
  readonly tables: Tables
  readonly dataDir: string
  /** By dataset, how many days are kept; null: all. */
  readonly days: AssayConfig['retention']
  readonly clock: Clock
  /** Told to others who would shorten or rebuild the history meanwhile. */
  readonly holder: string
  /** Deletes nothing, and tells what would be. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
}

/** What went of a dataset, or would. */
export interface DatasetRetention {
  readonly dataset: Expiring
  readonly days: number
  /** Rows older than this went. */
  readonly beforeUs: number
  readonly rows: number
  /** Files they were archived in, and their size. */
  readonly files: number
  readonly bytes: number
  /** Why less went than the days alone say; null where nothing held it up. */
  readonly heldBy: string | null
}

/** What retention came to, or would. */
export interface RetentionReport {
  /** Newest receive time in any log: the clock that days are counted back from; 0 without one. */
  readonly logTimeUs: number
  /** Datasets that have a number of days. */
  readonly datasets: readonly DatasetRetention[]
  /** Raw logs, where they have a number of days. */
  readonly logs: readonly PruneReport[]
  /** Whether anything went, or would. */
  readonly changed: boolean
}

const DAY_US = INTERVALS['1d']
const HOUR_US = INTERVALS['1h']

/** Facts that a gap's repair would add to, or that were made of those. */
const REPAIRED: readonly Expiring[] = ['trades', 'candles']

/**
 * Deletes what is older than it is to be kept: facts first, each archived and proven there before
 * it goes; then whole sealed hours of the raw logs.
 *
 * Days are counted back from the newest record, never from this machine's clock, to the beginning
 * of a UTC day. Nothing goes from the beginning of an open gap on. Done again, it does nothing.
 *
 * @throws ASSAY_LOCKED while a rebuild or another retention runs, or a log is sealed; what the disk
 * and the warehouse throw. It may be stopped or killed anywhere, and done again.
 */
export async function applyRetention(options: RetentionOptions): Promise<RetentionReport> {
  if (options.dryRun === true) return retain(options)
  using _history = lockHistory(options.dataDir, options.holder)
  return await retain(options)
}

async function retain(options: RetentionOptions): Promise<RetentionReport> {
  const { tables, days, signal } = options
  const at = await tables.read(async (db) => {
    const found = db.selectFrom('ops_logs').select((eb) => eb.fn.max('time_us').as('time_us'))
    const logTimeUs = (await found.executeTakeFirst())?.time_us ?? 0
    return { logTimeUs, gaps: await openGaps(db, days) }
  })
  const datasets: DatasetRetention[] = []
  for (const dataset of EXPIRING) {
    const kept = days[dataset]
    if (kept === null || at.logTimeUs === 0 || signal?.aborted) continue
    datasets.push(await retainDataset(options, { dataset, days: kept, ...at }))
  }
  const logs: PruneReport[] = []
  if (days.rawArchive !== null && at.logTimeUs > 0) {
    const beforeUs = bucketStart(Math.max(0, at.logTimeUs - days.rawArchive * DAY_US), HOUR_US)
    logs.push(...(await pruneLogs(options, { beforeUs, gaps: at.gaps })))
  }
  const changed = datasets.some(({ rows }) => rows > 0) || logs.some(({ hours }) => hours > 0)
  return { logTimeUs: at.logTimeUs, datasets, logs, changed }
}

/** Everything that may still be repaired, if it matters to what has a number of days. */
async function openGaps(db: Kysely<Schema>, days: AssayConfig['retention']): Promise<OpenGap[]> {
  const matters = days.rawArchive !== null || REPAIRED.some((dataset) => days[dataset] !== null)
  if (!matters) return []
  const holes = await listHoles(db, { openOnly: true })
  return holes
    .map(({ venue, symbol, fromUs }) => {
      // One whose beginning is not known may begin anywhere.
      return { venue, symbol, fromUs: Number.isFinite(fromUs) ? fromUs : 0 }
    })
    .sort((a, b) => a.fromUs - b.fromUs)
}

interface Target {
  readonly dataset: Expiring
  readonly days: number
  readonly logTimeUs: number
  readonly gaps: readonly OpenGap[]
}

async function retainDataset(
  options: RetentionOptions,
  { dataset, days, logTimeUs, gaps }: Target,
): Promise<DatasetRetention> {
  const { tables, dataDir, clock, dryRun, signal } = options
  const wantedUs = bucketStart(Math.max(0, logTimeUs - days * DAY_US), DAY_US)
  const gap = REPAIRED.includes(dataset) ? gaps.find(({ fromUs }) => fromUs < wantedUs) : undefined
  const beforeUs = gap === undefined ? wantedUs : bucketStart(gap.fromUs, DAY_US)
  const told = { dataset, days, beforeUs }
  const none = { rows: 0, files: 0, bytes: 0 }
  const heldBy = gap === undefined ? null : `something of ${gap.venue}:${gap.symbol} is missing`
  const rows = await tables.read((db) => countExpiring(db, dataset, beforeUs))
  if (dryRun === true || rows === 0) return { ...told, ...none, rows, heldBy }
  if (dataset === 'candles' && !(await tables.read((db) => hasFolded(db, beforeUs)))) {
    return { ...told, ...none, heldBy: 'larger candles are still to be made of them' }
  }
  const nowUs = clock.nowUs()
  const at = { tables, dataDir, dataset, beforeUs, nowUs, ...(signal && { signal }) }
  return { ...told, ...(await expireDataset(at)), heldBy }
}

async function pruneLogs(
  options: RetentionOptions,
  at: { readonly beforeUs: number; readonly gaps: readonly OpenGap[] },
): Promise<PruneReport[]> {
  const { tables, dataDir, dryRun, signal } = options
  const places = await tables.read(leastCheckpoints)
  const reports: PruneReport[] = []
  for (const name of listLogs(dataDir)) {
    if (signal?.aborted) break
    const belowPos = places.get(name) ?? 0
    const told = { ...(dryRun !== undefined && { dryRun }), ...(signal && { signal }) }
    reports.push(await pruneLog({ dataDir, name, belowPos, ...at, ...told }))
  }
  return reports
}
