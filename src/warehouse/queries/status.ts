import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { readCounters } from '../counters.ts'
import { readChangeSeq, readFoldVersion } from '../meta.ts'
import type { MinuteRow, Schema } from '../schema.ts'
import type { Warehouse } from '../warehouse.ts'

/** What a warehouse holds, at a glance. */
export interface WarehouseStatus {
  readonly generation: string
  readonly changeSeq: number
  /** `null` before anything was folded. */
  readonly foldVersion: number | null
  readonly instruments: readonly InstrumentStatus[]
  readonly checkpoints: readonly CheckpointStatus[]
  readonly counters: Readonly<Record<string, number>>
  /** Refused and still held, by reason. */
  readonly quarantined: Readonly<Record<string, number>>
}

/** What is held of one instrument. */
export interface InstrumentStatus {
  readonly instrumentId: number
  readonly venue: string
  readonly symbol: string
  /** Ids held over all tapes: near the number of trades, and found without counting them. */
  readonly trades: number
  /** Time of the newest trade held, or `null` without any. */
  readonly newestUs: number | null
  /** Minutes in scope by what they are, and those not proven complete. */
  readonly minutes: Readonly<Record<MinuteRow['status'] | 'incomplete', number>>
}

/** How far a reader has come: in a log, or in the commits where `log` is `null`. */
export interface CheckpointStatus {
  readonly reader: string
  readonly log: string | null
  readonly pos: number
}

/** Returns what the warehouse holds; its cost grows with minutes and holes, not with trades. */
export function warehouseStatus(warehouse: Warehouse): Promise<WarehouseStatus> {
  return warehouse.read(async (db) => ({
    generation: warehouse.generation,
    changeSeq: await readChangeSeq(db),
    foldVersion: await readFoldVersion(db),
    instruments: await instrumentStatuses(db),
    checkpoints: await checkpointStatuses(db),
    counters: await readCounters(db),
    quarantined: await quarantinedByReason(db),
  }))
}

async function instrumentStatuses(db: Kysely<Schema>): Promise<InstrumentStatus[]> {
  const held = await db
    .selectFrom('silver_coverage')
    .select(({ fn }) => [
      'instrument_id',
      sql<number>`sum(last_id - first_id + 1)`.as('trades'),
      fn.max('last_time_us').as('newest_us'),
    ])
    .groupBy('instrument_id')
    .execute()
  const minutes = await minuteCounts(db)
  const rows = await db
    .selectFrom('instruments')
    .select(['instrument_id', 'venue', 'symbol'])
    .orderBy('venue')
    .orderBy('symbol')
    .execute()
  return rows.map(({ instrument_id: id, venue, symbol }) => {
    const coverage = held.find((row) => row.instrument_id === id)
    const counts = { traded: 0, no_trades: 0, venue_down: 0, unknown: 0, incomplete: 0 }
    for (const { instrument_id, status, complete, count } of minutes) {
      if (instrument_id !== id) continue
      counts[status] += Number(count)
      if (complete === 0) counts.incomplete += Number(count)
    }
    return {
      instrumentId: id,
      venue,
      symbol,
      trades: Number(coverage?.trades ?? 0),
      newestUs: coverage?.newest_us ?? null,
      minutes: counts,
    }
  })
}

/**
 * Counts minutes by what they are. One of which no trade is held, and none is proven not to have
 * been, is what the venue's closed candle says, where there is one.
 */
async function minuteCounts(db: Kysely<Schema>) {
  const { rows } = await sql<{
    instrument_id: number
    status: MinuteRow['status']
    complete: number
    count: number
  }>`
    select instrument_id, status, complete, count(*) as count
    from silver_candles_1m where source = 'trades' and (complete = 1 or trade_count > 0)
    group by instrument_id, status, complete
    union all
    select m.instrument_id,
      case when v.source is null then m.status
        when v.volume = '0' then 'no_trades' else 'traded' end as status,
      case when v.source is null then 0 else 1 end as complete, count(*) as count
    from silver_candles_1m m
    left join silver_venue_candles v on v.instrument_id = m.instrument_id
      and v.open_time_us = m.open_time_us
      and v.source = (
        select min(w.source) from silver_venue_candles w
        where w.instrument_id = m.instrument_id
          and w.open_time_us = m.open_time_us and w.closed = 1)
    where m.source = 'trades' and m.complete = 0 and m.trade_count = 0
    group by 1, 2, 3`.execute(db)
  return rows
}

async function checkpointStatuses(db: Kysely<Schema>): Promise<CheckpointStatus[]> {
  return db
    .selectFrom('ops_checkpoints as c')
    .leftJoin('ops_logs as l', 'l.log_id', 'c.log_id')
    .select(['c.reader', 'l.name as log', 'c.pos'])
    .orderBy('c.reader')
    .orderBy('c.log_id')
    .execute()
}

async function quarantinedByReason(db: Kysely<Schema>): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('silver_quarantine')
    .select(({ fn }) => ['reason', fn.countAll<number>().as('count')])
    .where('state', '=', 'held')
    .groupBy('reason')
    .orderBy('reason')
    .execute()
  return Object.fromEntries(rows.map(({ reason, count }) => [reason, Number(count)]))
}
