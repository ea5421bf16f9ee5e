// Breaks nothing: tables for snapshots, books and incidents; columns and views gain some.
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnKind, SqlDialect } from '../dialect.ts'
import { recreateViews } from './readable-views.ts'
import { createTable, type TableShape } from './table-shape.ts'

const PRICES: Readonly<Record<string, ColumnKind>> = {
  open: 'decimal',
  high: 'decimal',
  low: 'decimal',
  close: 'decimal',
}

const TABLES: Readonly<Record<string, TableShape>> = {
  silver_rivals: {
    columns: {
      instrument_id: 'integer',
      tape_id: 'integer',
      first_id: 'integer',
      last_id: 'integer',
    },
    key: ['instrument_id', 'tape_id', 'first_id', 'last_id'],
  },
  silver_ohlc: {
    columns: {
      instrument_id: 'integer',
      interval_us: 'integer',
      open_time_us: 'integer',
      ...PRICES,
      received_time_us: 'integer',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'interval_us', 'open_time_us'],
  },
  silver_snapshots: {
    columns: {
      instrument_id: 'integer',
      time_us: 'integer',
      source: 'name',
      quote: 'name',
      last_updated_us: 'integer?',
      price: 'decimal?',
      market_cap: 'notional?',
      fully_diluted_valuation: 'notional?',
      volume_24h: 'notional?',
      high_24h: 'decimal?',
      low_24h: 'decimal?',
      price_change_24h: 'decimal?',
      change_1h_pct: 'decimal?',
      change_24h_pct: 'decimal?',
      change_7d_pct: 'decimal?',
      circulating_supply: 'notional?',
      total_supply: 'notional?',
      max_supply: 'notional?',
      market_cap_rank: 'integer?',
      received_time_us: 'integer',
      log_id: 'integer',
      pos: 'integer',
      item: 'integer',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'time_us', 'source'],
  },
  silver_book_seconds: {
    columns: {
      instrument_id: 'integer',
      second_us: 'integer',
      bid: 'decimal?',
      bid_size: 'decimal?',
      ask: 'decimal?',
      ask_size: 'decimal?',
      bid_depth: 'decimal',
      ask_depth: 'decimal',
      spread: 'decimal?',
      imbalance: 'decimal?',
      microprice: 'decimal?',
      updates: 'integer',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'second_us'],
  },
  silver_book_breaks: {
    columns: {
      instrument_id: 'integer',
      conn: 'name',
      frame: 'integer',
      time_us: 'integer',
      cause: 'name',
      detail: 'text',
    },
    key: ['instrument_id', 'conn', 'frame'],
  },
  ops_incidents: {
    columns: {
      venue: 'name',
      from_us: 'integer',
      cause: 'name',
      channel: 'name',
      symbol: 'name',
      to_us: 'integer?',
      detail: 'text',
    },
    key: ['venue', 'from_us', 'cause', 'channel', 'symbol'],
  },
  ops_book_states: {
    columns: {
      log_id: 'integer',
      conn: 'name',
      venue: 'name',
      symbol: 'name',
      pos: 'integer',
      state: 'text',
    },
    key: ['log_id', 'conn', 'symbol'],
  },
}

/** Outages as they are from now on: of two grounds, which their key tells apart. */
const OUTAGES: TableShape = {
  columns: { venue: 'name', from_us: 'integer', to_us: 'integer', ground: 'name' },
  key: ['venue', 'from_us', 'ground'],
}

const FOLLOWED = ['silver_snapshots', 'silver_book_seconds']

/** Returns the migration that creates the tables of the second milestone. */
export function createVenueTables(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, shape] of Object.entries(TABLES)) {
        await createTable(db, dialect, name, shape)
      }
      for (const table of FOLLOWED) {
        const index = `${table}_by_change`
        await db.schema.createIndex(index).on(table).column('change_seq').execute()
      }
      await db.schema
        .alterTable('silver_venue_candles')
        .addColumn('vwap', sql.raw(dialect.columnType('decimal')))
        .execute()
      await createTable(db, dialect, 'silver_outages_next', OUTAGES)
      await sql`
        insert into silver_outages_next (venue, from_us, to_us, ground)
        select venue, from_us, to_us, 'refused' from silver_outages`.execute(db)
      await db.schema.dropTable('silver_outages').execute()
      await db.schema.alterTable('silver_outages_next').renameTo('silver_outages').execute()
      await recreateViews(db, dialect)
    },
  }
}
