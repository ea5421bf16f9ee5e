import type { Kysely } from 'kysely'
import { bucketStart, MINUTE_US } from '../../market/bucket.ts'
import type { Origin } from '../../market/record.ts'
import { ORIGINS } from '../../market/record.ts'
import type { Trade } from '../../market/trade.ts'
import { SIDES } from '../../market/trade.ts'
import type { Schema } from '../schema.ts'
import type { Warehouse } from '../warehouse.ts'

/** Which trades are wanted: those of a time span or those of a range of ids. */
export type TradeQuery = TradesByTime | TradesById

/**
 * Trades of `[fromUs, toUs)` by (time, id): those that the candles are folded from, so of each
 * minute those of its one tape.
 */
export interface TradesByTime extends TradesWanted {
  readonly fromUs: number
  readonly toUs: number
}

/** Trades by id, both ends included, of one tape. */
export interface TradesById extends TradesWanted {
  /**
   * The file's hash, or empty for the venue's own numbering.
   *
   * @default ''
   */
  readonly tape?: string
  readonly firstId: number
  readonly lastId: number
}

interface TradesWanted {
  readonly instrumentId: number
  readonly limit: number
  /**
   * Which end of a longer span `limit` keeps.
   *
   * @default 'first'
   */
  readonly keep?: 'first' | 'last'
}

/** A trade, and where in the raw log its standing report is. */
export interface StoredTrade extends Trade {
  readonly origin: Origin
  readonly receivedTimeUs: number
  readonly log: string
  readonly pos: number
  readonly item: number
}

/**
 * Returns trades in order. Trades have no index of time: a span's are found through the ids
 * that its minutes begin and end with, minute by minute.
 */
export function listTrades(warehouse: Warehouse, query: TradeQuery): Promise<StoredTrade[]> {
  return warehouse.read((db) => ('fromUs' in query ? byTime(db, query) : byId(db, query)))
}

async function byId(db: Kysely<Schema>, query: TradesById): Promise<StoredTrade[]> {
  const { instrumentId, tape = '', firstId, lastId, limit, keep = 'first' } = query
  const rows = await selectTrades(db)
    .where('t.file_hash', '=', tape)
    .where('x.instrument_id', '=', instrumentId)
    .where('x.trade_id', '>=', firstId)
    .where('x.trade_id', '<=', lastId)
    .orderBy('x.trade_id', keep === 'first' ? 'asc' : 'desc')
    .limit(limit)
    .execute()
  if (keep === 'last') rows.reverse()
  return rows.map(tradeOfRow)
}

async function byTime(db: Kysely<Schema>, query: TradesByTime): Promise<StoredTrade[]> {
  const { fromUs, limit, keep = 'first' } = query
  const trades: StoredTrade[] = []
  for (let edge: number | null = null; trades.length < limit; ) {
    const minute = await nextMinute(db, query, edge)
    if (minute === undefined) break
    edge = minute.open_time_us
    const rows = await selectTrades(db)
      .where('x.instrument_id', '=', query.instrumentId)
      .where('x.tape_id', '=', minute.tape_id)
      .where('x.trade_id', '>=', minute.min_id)
      .where('x.trade_id', '<=', minute.max_id)
      .where('x.event_time_us', '>=', Math.max(fromUs, edge))
      .where('x.event_time_us', '<', Math.min(query.toUs, edge + MINUTE_US))
      .execute()
    rows.sort((a, b) => a.event_time_us - b.event_time_us || a.trade_id - b.trade_id)
    const found = rows.map(tradeOfRow)
    if (keep === 'first') trades.push(...found.slice(0, limit - trades.length))
    else trades.unshift(...found.slice(Math.max(0, found.length + trades.length - limit)))
  }
  return trades
}

/** Returns the next minute with trades after the last one (before it, from the end). */
async function nextMinute(
  db: Kysely<Schema>,
  { instrumentId, fromUs, toUs, keep = 'first' }: TradesByTime,
  edge: number | null,
) {
  const forward = keep === 'first'
  const least = forward && edge !== null ? edge + 1 : bucketStart(fromUs, MINUTE_US)
  const end = !forward && edge !== null ? edge : toUs
  const row = await db
    .selectFrom('silver_candles_1m')
    .select(['open_time_us', 'tape_id', 'min_id', 'max_id'])
    .where('instrument_id', '=', instrumentId)
    .where('open_time_us', '>=', least)
    .where('open_time_us', '<', end)
    .where('min_id', 'is not', null)
    .orderBy('open_time_us', forward ? 'asc' : 'desc')
    .limit(1)
    .$narrowType<{ min_id: number; max_id: number }>()
    .executeTakeFirst()
  return row
}

function selectTrades(db: Kysely<Schema>) {
  return db
    .selectFrom('silver_trades as x')
    .innerJoin('instruments as i', 'i.instrument_id', 'x.instrument_id')
    .innerJoin('silver_tapes as t', 't.tape_id', 'x.tape_id')
    .innerJoin('ops_logs as l', 'l.log_id', 'x.log_id')
    .select([
      'i.venue',
      'i.symbol',
      't.file_hash',
      'l.name as log',
      'x.trade_id',
      'x.event_time_us',
      'x.price',
      'x.size',
      'x.side',
      'x.origin',
      'x.received_time_us',
      'x.pos',
      'x.item',
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectTrades>['execute']>>[number]

function tradeOfRow(row: Row): StoredTrade {
  return {
    venue: row.venue,
    symbol: row.symbol,
    tape: row.file_hash === '' ? '0' : row.file_hash,
    tradeId: row.trade_id,
    eventTimeUs: row.event_time_us,
    price: row.price,
    size: row.size,
    side: SIDES[row.side] ?? 'unknown',
    origin: ORIGINS[row.origin] ?? 'import',
    receivedTimeUs: row.received_time_us,
    log: row.log,
    pos: row.pos,
    item: row.item,
  }
}
