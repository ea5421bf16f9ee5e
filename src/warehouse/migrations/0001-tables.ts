// Breaks nothing: the first tables.
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnKind, SqlDialect } from '../dialect.ts'
import { createTable, type TableShape } from './table-shape.ts'

const CANDLE: Readonly<Record<string, ColumnKind>> = {
  instrument_id: 'integer',
  open_time_us: 'integer',
  open: 'decimal?',
  high: 'decimal?',
  low: 'decimal?',
  close: 'decimal?',
  volume: 'decimal',
  notional: 'notional',
  taker_buy_volume: 'decimal',
  trade_count: 'integer',
}

const TABLES: Readonly<Record<string, TableShape>> = {
  instruments: {
    columns: {
      instrument_id: 'integer',
      venue: 'name',
      symbol: 'name',
      listed_from_us: 'integer',
      delisted_us: 'integer?',
      kind: 'name',
      base: 'name?',
      quote: 'name?',
      multiplier: 'integer',
      price_step: 'decimal?',
      size_step: 'decimal?',
      listing_us: 'integer',
    },
    key: ['instrument_id'],
    unique: ['venue', 'symbol', 'listed_from_us'],
  },
  silver_tapes: {
    columns: { tape_id: 'integer', file_hash: 'name' },
    key: ['tape_id'],
    unique: ['file_hash'],
  },
  silver_trades: {
    columns: {
      instrument_id: 'integer',
      tape_id: 'integer',
      trade_id: 'integer',
      first_id: 'integer?',
      last_id: 'integer?',
      event_time_us: 'integer',
      price: 'decimal',
      size: 'decimal',
      side: 'integer',
      trade_count: 'integer',
      origin: 'integer',
      received_time_us: 'integer',
      log_id: 'integer',
      pos: 'integer',
      item: 'integer',
    },
    key: ['instrument_id', 'tape_id', 'trade_id'],
  },
  silver_coverage: {
    columns: {
      instrument_id: 'integer',
      tape_id: 'integer',
      first_id: 'integer',
      last_id: 'integer',
      first_time_us: 'integer?',
      last_time_us: 'integer?',
    },
    key: ['instrument_id', 'tape_id', 'first_id'],
  },
  silver_scopes: {
    columns: {
      instrument_id: 'integer',
      tape_id: 'integer',
      cause: 'name',
      evidence: 'name',
      from_us: 'integer',
      to_us: 'integer',
      subscribed_us: 'integer?',
      unsubscribed_us: 'integer?',
    },
    key: ['instrument_id', 'tape_id', 'cause', 'evidence'],
  },
  silver_witnesses: {
    columns: { instrument_id: 'integer', last_id: 'integer', time_us: 'integer' },
    key: ['instrument_id', 'last_id'],
  },
  silver_outages: {
    columns: { venue: 'name', from_us: 'integer', to_us: 'integer' },
    key: ['venue', 'from_us'],
  },
  silver_candles_1m: {
    columns: {
      ...CANDLE,
      tape_id: 'integer',
      first_trade_us: 'integer?',
      first_trade_id: 'integer?',
      last_trade_us: 'integer?',
      last_trade_id: 'integer?',
      min_id: 'integer?',
      max_id: 'integer?',
      other_count: 'integer',
      source: 'name',
      status: 'name',
      complete: 'flag',
      repaired: 'flag',
      revision: 'integer',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'open_time_us'],
  },
  silver_venue_candles: {
    columns: {
      instrument_id: 'integer',
      open_time_us: 'integer',
      source: 'integer',
      open: 'decimal',
      high: 'decimal',
      low: 'decimal',
      close: 'decimal',
      volume: 'decimal',
      notional: 'notional?',
      taker_buy_volume: 'decimal?',
      trade_count: 'integer?',
      closed: 'flag',
      received_time_us: 'integer',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'open_time_us', 'source'],
  },
  silver_quarantine: {
    columns: {
      log_id: 'integer',
      pos: 'integer',
      item: 'integer',
      reason: 'name',
      detail: 'text',
      sample: 'text',
      dialect: 'name',
      state: 'name',
      received_time_us: 'integer',
    },
    key: ['log_id', 'pos', 'item'],
  },
  gold_candles: {
    columns: {
      ...CANDLE,
      notional: 'notional?',
      taker_buy_volume: 'decimal?',
      trade_count: 'integer?',
      interval_us: 'integer',
      status: 'name',
      complete: 'flag',
      repaired: 'flag',
      minutes_traded: 'integer',
      minutes_known: 'integer',
      revision: 'integer',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'interval_us', 'open_time_us'],
  },
  ops_logs: {
    columns: { log_id: 'integer', name: 'name', time_us: 'integer' },
    key: ['log_id'],
    unique: ['name'],
  },
  ops_checkpoints: {
    columns: { reader: 'name', log_id: 'integer', pos: 'integer' },
    key: ['reader', 'log_id'],
  },
  ops_leases: {
    columns: { name: 'name', token: 'integer', holder: 'text', expires_us: 'integer' },
    key: ['name'],
  },
  ops_gap_work: {
    columns: {
      instrument_id: 'integer',
      tape_id: 'integer',
      first_id: 'integer',
      last_id: 'integer',
      from_us: 'integer',
      to_us: 'integer',
      attempts: 'integer',
      last_attempt_us: 'integer',
      verdict: 'name?',
      evidence: 'text',
    },
    key: ['instrument_id', 'tape_id', 'first_id', 'last_id'],
  },
  ops_counters: { columns: { name: 'name', value: 'integer' }, key: ['name'] },
  ops_meta: { columns: { key: 'name', value: 'text' }, key: ['key'] },
}

/** Followed by their readers in the order of commits. Trades have no index but their key. */
const FOLLOWED = ['silver_candles_1m', 'silver_venue_candles', 'gold_candles']

/** Returns the migration that creates every table, and the two rows that are always there. */
export function createTables(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, shape] of Object.entries(TABLES))
        await createTable(db, dialect, name, shape)
      for (const table of FOLLOWED) {
        const index = `${table}_by_change`
        await db.schema.createIndex(index).on(table).column('change_seq').execute()
      }
      await sql`insert into silver_tapes (tape_id, file_hash) values (0, '')`.execute(db)
      await sql`insert into ops_meta (key, value) values ('change_seq', '0')`.execute(db)
    },
  }
}
