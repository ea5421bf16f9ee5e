import type { Kysely } from 'kysely'
import type { IntervalName } from '../../market/bucket.ts'
import { formatTimeUs, INTERVALS } from '../../market/bucket.ts'
import type { Candle } from '../../market/candle.ts'
import { vwapText } from '../../market/candle.ts'
import type { GoldCandleRow, Schema } from '../schema.ts'
import type { ExactMinuteRow, Views } from '../views.ts'
import type { Warehouse } from '../warehouse.ts'

/** Which candles are wanted. */
export interface CandleQuery {
  readonly instrumentId: number
  readonly interval: IntervalName
  /** Candles that open in `[fromUs, toUs)`. */
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

/** Venue candles that one minute may have: from the socket, from REST and from files. */
const SOURCES = 3

/**
 * Returns candles in order of time: minutes by their precedence over all sources, longer ones
 * as gold folded them from those.
 */
export async function listCandles(warehouse: Warehouse, query: CandleQuery): Promise<Candle[]> {
  const rows = await warehouse.read(
    async (db): Promise<(ExactMinuteRow | GoldCandleRow)[]> =>
      query.interval === '1m' ? exactMinutes(db, await narrowed(db, query)) : goldRows(db, query),
  )
  if (query.keep === 'last') rows.reverse()
  return rows.map(candleOfRow)
}

function exactMinutes(db: Kysely<Schema>, query: CandleQuery): Promise<ExactMinuteRow[]> {
  return db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .selectAll()
    .where('instrument_id', '=', query.instrumentId)
    .where('open_time_us', '>=', query.fromUs)
    .where('open_time_us', '<', query.toUs)
    .orderBy('open_time_us', directionOf(query))
    .limit(query.limit)
    .execute()
}

function goldRows(db: Kysely<Schema>, query: CandleQuery): Promise<GoldCandleRow[]> {
  return db
    .selectFrom('gold_candles')
    .selectAll()
    .where('instrument_id', '=', query.instrumentId)
    .where('interval_us', '=', INTERVALS[query.interval])
    .where('open_time_us', '>=', query.fromUs)
    .where('open_time_us', '<', query.toUs)
    .orderBy('open_time_us', directionOf(query))
    .limit(query.limit)
    .execute()
}

/**
 * Returns the query over no longer a span than its limit needs.
 *
 * The view looks for minutes that only the venue's candles know. Where trades cover them all
 * there is none to find, and it would look through years of candles for the last hundred.
 * Minutes of trades alone, or of candles alone, bound what both together may need.
 */
async function narrowed(db: Kysely<Schema>, query: CandleQuery): Promise<CandleQuery> {
  const ours = db.selectFrom('silver_candles_1m').where('source', '=', 'trades')
  const theirs = db.selectFrom('silver_venue_candles').where('closed', '=', 1)
  const edges: number[] = []
  for (const [rows, offset] of [
    [ours, query.limit - 1],
    [theirs, query.limit * SOURCES - 1],
  ] as const) {
    const edge = await (rows as typeof ours)
      .select('open_time_us')
      .where('instrument_id', '=', query.instrumentId)
      .where('open_time_us', '>=', query.fromUs)
      .where('open_time_us', '<', query.toUs)
      .orderBy('open_time_us', directionOf(query))
      .limit(1)
      .offset(Math.max(0, offset))
      .executeTakeFirst()
    if (edge !== undefined) edges.push(edge.open_time_us)
  }
  return query.keep === 'last'
    ? { ...query, fromUs: Math.max(query.fromUs, ...edges) }
    : { ...query, toUs: Math.min(query.toUs, ...edges.map((edge) => edge + 1)) }
}

function directionOf({ keep = 'first' }: CandleQuery): 'asc' | 'desc' {
  return keep === 'first' ? 'asc' : 'desc'
}

function candleOfRow(row: ExactMinuteRow | GoldCandleRow): Candle {
  return {
    open_time: formatTimeUs(row.open_time_us),
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    notional: row.notional,
    vwap: row.status === 'traded' ? vwapText(row.notional, row.volume) : null,
    trade_count: row.trade_count,
    taker_buy_volume: row.taker_buy_volume,
    status: row.status,
    complete: row.complete === 1,
    revision: row.revision,
  }
}
