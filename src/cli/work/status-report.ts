import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { listLogs, logStat } from '../../bronze/index.ts'
import { isAssayError } from '../../core/errors.ts'
import { formatTimeUs } from '../../market/bucket.ts'
import { FOLD_VERSION } from '../../silver/fold-version.ts'
import { listHoles } from '../../silver/holes.ts'
import { SILVER_READER } from '../../silver/state.ts'
import type { InstrumentStatus, Schema, Warehouse } from '../../warehouse/index.ts'
import { listIncidents, openWarehouse, warehouseStatus } from '../../warehouse/index.ts'
import type { Context } from '../context.ts'
import { lockHolder } from '../lock-holder.ts'
import { type IncidentRow, incidentRow } from './incidents.ts'
import type { HoleCounts, VenueStatus } from './status-venues.ts'
import { countVerdicts, readVenues } from './status-venues.ts'

const INCIDENTS_MAX = 20

/** A raw log, and how far silver is behind it. */
export interface LogStatus {
  readonly log: string
  readonly records: number
  readonly journal_bytes: number
  readonly archived_bytes: number
  /** Position below which silver has read; null without a warehouse. */
  readonly refined: number | null
  readonly lag: number | null
  /** Who writes it now; null where nobody does. */
  readonly writer: string | null
}

/** One instrument, named as programs are given it. */
export interface HeldInstrument {
  readonly venue: string
  readonly symbol: string
  readonly trades: number
  readonly newest_trade: string | null
  readonly newest_minute: string | null
  readonly minutes: InstrumentStatus['minutes']
}

/** What the warehouse holds. */
export interface HeldStatus {
  readonly generation: string
  readonly change_seq: number
  readonly fold_version: number | null
  /** Who refines now; null where nobody does. */
  readonly writer: string | null
  readonly venues: readonly VenueStatus[]
  /** Those of which something is held. */
  readonly instruments: readonly HeldInstrument[]
  /** How many more the venues list. */
  readonly only_listed: number
  readonly holes: HoleCounts
  /** Those that last, as far as is known; the newest 20. */
  readonly incidents: readonly IncidentRow[]
  readonly quarantined: Readonly<Record<string, number>>
  readonly counters: Readonly<Record<string, number>>
}

/** Everything `assay status` tells. */
export interface StatusReport {
  readonly data: string
  readonly store: string
  readonly time: string
  readonly logs: readonly LogStatus[]
  /** Null before anything was refined, and where other code wrote it. */
  readonly warehouse: HeldStatus | null
  /** Why `assay rebuild` is needed; null where it is not. */
  readonly rebuild: string | null
}

/** Looks at the logs and the warehouse; neither need be there. */
export async function readStatus(context: Context): Promise<StatusReport> {
  const { dataDir, storeUrl, clock } = context
  const { held, refined, rebuild } = await readWarehouse(context)
  const logs = listLogs(dataDir).map((name): LogStatus => {
    const stat = logStat({ dataDir, name })
    const pos = held === null ? null : (refined.get(name) ?? 0)
    return {
      log: name,
      records: stat.durablePos - stat.horizonPos,
      journal_bytes: stat.journalBytes,
      archived_bytes: stat.archivedBytes,
      refined: pos,
      lag: pos === null ? null : Math.max(0, stat.durablePos - pos),
      writer: lockHolder(join(dataDir, 'log', name, 'lock')),
    }
  })
  const time = formatTimeUs(clock.nowUs())
  return { data: dataDir, store: storeUrl, time, logs, warehouse: held, rebuild }
}

interface Found {
  readonly held: HeldStatus | null
  /** Position below which silver has read, by log. */
  readonly refined: ReadonlyMap<string, number>
  readonly rebuild: string | null
}

async function readWarehouse(context: Context): Promise<Found> {
  const { storeUrl: url, clock } = context
  let warehouse: Warehouse
  try {
    warehouse = await openWarehouse({ url, mode: 'read', clock })
  } catch (error) {
    const nothing = { held: null, refined: new Map() }
    if (isAssayError(error, 'ASSAY_WAREHOUSE_UNAVAILABLE')) return { ...nothing, rebuild: null }
    if (!isAssayError(error, 'ASSAY_WAREHOUSE_VERSION')) throw error
    return { ...nothing, rebuild: error.message }
  }
  await using open = warehouse
  const status = await warehouseStatus(open)
  const refined = new Map<string, number>()
  for (const { reader, log, pos } of status.checkpoints) {
    if (reader === SILVER_READER && log !== null) refined.set(log, pos)
  }
  const incidents = await listIncidents(open, { isOpen: true, limit: INCIDENTS_MAX })
  const held = await open.read(async (db): Promise<HeldStatus> => {
    const holes = await listHoles(db)
    const instruments: HeldInstrument[] = []
    for (const one of status.instruments) {
      const held = await heldInstrument(db, one)
      if (held.trades > 0 || held.newest_minute !== null) instruments.push(held)
    }
    return {
      generation: status.generation,
      change_seq: status.changeSeq,
      fold_version: status.foldVersion,
      writer: await leaseHolder(db, clock.nowUs()),
      venues: await readVenues(db, status.instruments, holes),
      instruments,
      only_listed: status.instruments.length - instruments.length,
      holes: countVerdicts(holes),
      incidents: incidents.map(incidentRow),
      quarantined: status.quarantined,
      counters: status.counters,
    }
  })
  return { held, refined, rebuild: rebuildReason(status.foldVersion) }
}

/** Facts that other rules folded are to be made anew. */
function rebuildReason(stored: number | null): string | null {
  if (stored === null || stored === FOLD_VERSION) return null
  return `facts were folded by version ${stored}, and this is ${FOLD_VERSION}: run assay rebuild`
}

async function heldInstrument(db: Kysely<Schema>, one: InstrumentStatus): Promise<HeldInstrument> {
  const newest = await db
    .selectFrom('silver_candles_1m')
    .select('open_time_us')
    .where('instrument_id', '=', one.instrumentId)
    .orderBy('open_time_us', 'desc')
    .limit(1)
    .executeTakeFirst()
  return {
    venue: one.venue,
    symbol: one.symbol,
    trades: one.trades,
    newest_trade: one.newestUs === null ? null : formatTimeUs(one.newestUs),
    newest_minute: newest === undefined ? null : formatTimeUs(newest.open_time_us),
    minutes: one.minutes,
  }
}

/** Returns the holder of a lease that has not run out: a writer renews it as it commits. */
async function leaseHolder(db: Kysely<Schema>, nowUs: number): Promise<string | null> {
  const lease = await db
    .selectFrom('ops_leases')
    .select('holder')
    .where('expires_us', '>', nowUs)
    .orderBy('expires_us', 'desc')
    .limit(1)
    .executeTakeFirst()
  return lease?.holder ?? null
}
