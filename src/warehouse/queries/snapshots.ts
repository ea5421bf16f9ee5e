import type { Kysely } from 'kysely'
import type { Schema, SnapshotRow } from '../schema.ts'
import type { Warehouse } from '../warehouse.ts'

/** Which snapshots are wanted. */
export interface SnapshotQuery {
  /** Coins; none means all. */
  readonly instrumentIds: readonly number[]
  /** Snapshots of `[fromUs, toUs)`, by the time of their poll or sample. */
  readonly fromUs: number
  readonly toUs: number
  readonly limit: number
  /**
   * Which end of a longer span `limit` keeps.
   *
   * @default 'first'
   */
  readonly keep?: 'first' | 'last'
}

/** A snapshot, the coin it is of, and where in the raw log it stands. */
export interface StoredSnapshot extends Omit<SnapshotRow, 'log_id' | 'change_seq'> {
  readonly venue: string
  /** The aggregator's id of the coin. */
  readonly symbol: string
  /** Short ticker in capitals; `null` until a poll has told it. */
  readonly base: string | null
  readonly log: string
}

/** Returns snapshots in order of time, then of coin. */
export async function listSnapshots(
  warehouse: Warehouse,
  query: SnapshotQuery,
): Promise<StoredSnapshot[]> {
  const { instrumentIds, fromUs, toUs, limit, keep = 'first' } = query
  const direction = keep === 'first' ? 'asc' : 'desc'
  const rows = await warehouse.read((db) => {
    let select = selectSnapshots(db).where('s.time_us', '>=', fromUs).where('s.time_us', '<', toUs)
    if (instrumentIds.length > 0) select = select.where('s.instrument_id', 'in', instrumentIds)
    return select
      .orderBy('s.time_us', direction)
      .orderBy('i.symbol', direction)
      .orderBy('s.source', direction)
      .limit(limit)
      .execute()
  })
  if (keep === 'last') rows.reverse()
  return rows
}

/** Returns the newest poll of each coin, by rank; coins without a rank last, by id. */
export async function newestSnapshots(warehouse: Warehouse): Promise<StoredSnapshot[]> {
  const rows = await warehouse.read((db) => {
    const newest = db
      .selectFrom('silver_snapshots')
      .select(({ fn }) => ['instrument_id', fn.max('time_us').as('time_us')])
      .where('source', '=', 'poll')
      .groupBy('instrument_id')
      .as('n')
    return selectSnapshots(db)
      .innerJoin(newest, (join) =>
        join.onRef('n.instrument_id', '=', 's.instrument_id').onRef('n.time_us', '=', 's.time_us'),
      )
      .where('s.source', '=', 'poll')
      .execute()
  })
  const rank = ({ market_cap_rank }: StoredSnapshot) => market_cap_rank ?? Number.MAX_SAFE_INTEGER
  return rows.sort((a, b) => rank(a) - rank(b) || (a.symbol < b.symbol ? -1 : 1))
}

function selectSnapshots(db: Kysely<Schema>) {
  return db
    .selectFrom('silver_snapshots as s')
    .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
    .innerJoin('ops_logs as l', 'l.log_id', 's.log_id')
    .select(['i.venue', 'i.symbol', 'i.base', 'l.name as log', 's.pos', 's.item'])
    .select(['s.instrument_id', 's.time_us', 's.source', 's.quote', 's.last_updated_us'])
    .select(['s.price', 's.market_cap', 's.fully_diluted_valuation', 's.volume_24h'])
    .select(['s.high_24h', 's.low_24h', 's.price_change_24h', 's.change_1h_pct'])
    .select(['s.change_24h_pct', 's.change_7d_pct', 's.circulating_supply', 's.total_supply'])
    .select(['s.max_supply', 's.market_cap_rank', 's.received_time_us'])
}
