import type { SQLInputValue } from 'node:sqlite'
import type { Transaction } from 'kysely'
import type { RowKey, Table } from '../keys.ts'
import { TABLE_KEYS } from '../keys.ts'
import type { GapWorkRow, MinuteRow, Schema, TradeRow, VenueCandleRow } from '../schema.ts'
import type { TradeIds, TradeInsert, TradeSpan, WriteTransaction } from '../warehouse.ts'
import { warehouseError } from './errors.ts'
import type { Handle } from './handle.ts'
import { allRows } from './statements.ts'

/** Rows of one upsert statement, greatest first: rows are cut into these. */
const STEPS = [50, 10, 1] as const

const FIND_TRADE = `
  select * from silver_trades where instrument_id = ? and tape_id = ? and trade_id = ?`
const FIND_TRADES_OVER = `
  select * from silver_trades
  where instrument_id = ? and tape_id = ? and trade_id between ? and ? order by trade_id`
// Ranges that stand share no id, so of those that begin before one only the last reaches into it.
const FIND_TRADE_BEFORE = `
  select * from silver_trades
  where instrument_id = ? and tape_id = ? and trade_id < ? order by trade_id desc limit 1`
const FIND_TRADES = `
  select * from silver_trades
  where instrument_id = ? and tape_id = ? and trade_id between ? and ?
    and event_time_us >= ? and event_time_us < ?
  order by trade_id`
const FIND_MINUTES = `
  select * from silver_candles_1m
  where instrument_id = ? and open_time_us >= ? and open_time_us < ? order by open_time_us`
const FIND_TRADED_MINUTES = `
  select open_time_us from silver_candles_1m
  where instrument_id = ? and open_time_us >= ? and open_time_us < ? and trade_count > 0
  union
  select open_time_us from silver_venue_candles
  where instrument_id = ? and open_time_us >= ? and open_time_us < ? and volume <> '0'
  order by open_time_us`
const FIND_VENUE_CANDLE = `
  select * from silver_venue_candles where instrument_id = ? and open_time_us = ? and source = ?`
// The best source comes last, and so is the one a map keeps.
const FIND_COUNTS = `
  select open_time_us, case when volume = '0' then 0 else trade_count end as trade_count
  from silver_venue_candles
  where instrument_id = ? and open_time_us >= ? and open_time_us < ?
    and closed = 1 and (trade_count is not null or volume = '0')
  order by open_time_us, source desc`
const FIND_GAP_WORK = `
  select * from ops_gap_work
  where instrument_id = ? and tape_id = ? and first_id = ? and last_id = ?`
const COUNT = `
  insert into ops_counters (name, value) values (?, ?)
  on conflict (name) do update set value = value + excluded.value`

/**
 * A transaction by prepared statements, past Kysely: compiling a query takes it ten times as
 * long as SQLite takes to answer one of these.
 */
export class SqliteTransaction implements WriteTransaction {
  readonly db: Transaction<Schema>
  readonly changeSeq: number
  readonly #handle: Handle

  constructor(handle: Handle, db: Transaction<Schema>, changeSeq: number) {
    this.#handle = handle
    this.db = db
    this.changeSeq = changeSeq
  }

  async insertTrades(insert: TradeInsert): Promise<void> {
    try {
      this.#handle.trades.insert(insert)
    } catch (error) {
      throw warehouseError(error, this.#handle.path)
    }
  }

  async upsert<T extends Table>(table: T, rows: readonly Schema[T][]): Promise<void> {
    const first = rows[0]
    if (first === undefined) return
    const columns = Object.keys(first) as (keyof Schema[T] & string)[]
    let at = 0
    for (const step of STEPS) {
      if (rows.length - at < step) continue
      const sql = upsertSql(table, columns, step)
      for (; rows.length - at >= step; at += step) {
        const values: SQLInputValue[] = []
        for (let row = at; row < at + step; row += 1) {
          for (const column of columns) values.push(rows[row]?.[column] as SQLInputValue)
        }
        this.#run(sql, values)
      }
    }
  }

  async remove<T extends Table>(table: T, keys: readonly RowKey<T>[]): Promise<void> {
    const columns: readonly string[] = TABLE_KEYS[table]
    const sql = `delete from ${table} where ${columns.map((name) => `${name} = ?`).join(' and ')}`
    for (const key of keys) {
      this.#run(
        sql,
        columns.map((column) => (key as Record<string, SQLInputValue>)[column] ?? null),
      )
    }
  }

  async count(totals: Readonly<Record<string, number>>): Promise<void> {
    for (const [name, value] of Object.entries(totals)) {
      if (value !== 0) this.#run(COUNT, [name, value])
    }
  }

  async findTrade(instrumentId: number, tapeId: number, tradeId: number) {
    return this.#find<TradeRow>(FIND_TRADE, [instrumentId, tapeId, tradeId])[0]
  }

  async findTradesOver({ instrumentId, tapeId, firstId, lastId }: TradeIds) {
    const [before] = this.#find<TradeRow>(FIND_TRADE_BEFORE, [instrumentId, tapeId, firstId])
    const within = [instrumentId, tapeId, firstId, lastId]
    const trades = this.#find<TradeRow>(FIND_TRADES_OVER, within)
    return before !== undefined && (before.last_id ?? before.trade_id) >= firstId
      ? [before, ...trades]
      : trades
  }

  async findTradesOfMinute(span: TradeSpan) {
    const { instrumentId, tapeId, leastId, greatestId, fromUs, toUs } = span
    const values = [instrumentId, tapeId, leastId, greatestId, fromUs, toUs]
    return this.#find<TradeRow>(FIND_TRADES, values)
  }

  async findMinutes(instrumentId: number, fromUs: number, toUs: number) {
    return this.#find<MinuteRow>(FIND_MINUTES, [instrumentId, fromUs, toUs])
  }

  async findTradedMinutes(instrumentId: number, fromUs: number, toUs: number) {
    const span = [instrumentId, fromUs, toUs]
    const rows = this.#find<{ open_time_us: number }>(FIND_TRADED_MINUTES, [...span, ...span])
    return rows.map((row) => row.open_time_us)
  }

  async findVenueCandle(key: RowKey<'silver_venue_candles'>) {
    const values = [key.instrument_id, key.open_time_us, key.source]
    return this.#find<VenueCandleRow>(FIND_VENUE_CANDLE, values)[0]
  }

  async findCandleCounts(instrumentId: number, fromUs: number, toUs: number) {
    type Row = { open_time_us: number; trade_count: number }
    const rows = this.#find<Row>(FIND_COUNTS, [instrumentId, fromUs, toUs])
    return new Map(rows.map((row) => [row.open_time_us, row.trade_count]))
  }

  async findGapWork(key: RowKey<'ops_gap_work'>) {
    const values = [key.instrument_id, key.tape_id, key.first_id, key.last_id]
    return this.#find<GapWorkRow>(FIND_GAP_WORK, values)[0]
  }

  #run(sql: string, values: readonly SQLInputValue[]): void {
    try {
      this.#handle.statements.get(sql).statement.run(...values)
    } catch (error) {
      throw warehouseError(error, this.#handle.path)
    }
  }

  #find<Row>(sql: string, values: readonly SQLInputValue[]): Row[] {
    try {
      return allRows<Row>(this.#handle.statements.get(sql), values)
    } catch (error) {
      throw warehouseError(error, this.#handle.path)
    }
  }
}

function upsertSql(table: Table, columns: readonly string[], rows: number): string {
  const key: readonly string[] = TABLE_KEYS[table]
  const row = `(${columns.map(() => '?').join(', ')})`
  const moved = columns.filter((column) => !key.includes(column))
  const set = moved.map((column) => `${column} = excluded.${column}`).join(', ')
  return `
    insert into ${table} (${columns.join(', ')}) values ${new Array(rows).fill(row).join(', ')}
    on conflict (${key.join(', ')}) do ${set === '' ? 'nothing' : `update set ${set}`}`
}
