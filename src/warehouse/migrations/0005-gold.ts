// Breaks nothing: tables for the measures of gold, and views of them.
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { ColumnKind, SqlDialect } from '../dialect.ts'
import { createGoldViews } from './gold-views.ts'
import { readableIndicators } from './indicator-view.ts'
import { createTable, type TableShape } from './table-shape.ts'

const floats = (names: readonly string[], kind: ColumnKind): Record<string, ColumnKind> =>
  Object.fromEntries(names.map((name) => [name, kind]))

const TABLES: Readonly<Record<string, TableShape>> = {
  gold_daily_kpis: {
    columns: {
      instrument_id: 'integer',
      day_us: 'integer',
      open: 'decimal?',
      high: 'decimal?',
      low: 'decimal?',
      close: 'decimal?',
      change: 'decimal?',
      change_pct: 'decimal?',
      volume: 'decimal',
      notional: 'notional?',
      vwap: 'decimal?',
      trade_count: 'integer?',
      taker_buy_volume: 'decimal?',
      buy_share: 'decimal?',
      status: 'name',
      complete: 'flag',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'day_us'],
  },
  gold_top_movers: {
    columns: {
      at_us: 'integer',
      venue: 'name',
      currency: 'name',
      board: 'name',
      rank: 'integer',
      instrument_id: 'integer',
      price: 'decimal',
      price_before: 'decimal',
      change_pct: 'decimal',
      notional: 'notional?',
      complete: 'flag',
      change_seq: 'integer',
    },
    key: ['at_us', 'venue', 'currency', 'board', 'rank'],
  },
  gold_coin_daily: {
    columns: {
      instrument_id: 'integer',
      day_us: 'integer',
      quote: 'name',
      avg_price: 'decimal',
      min_price: 'decimal',
      max_price: 'decimal',
      open_price: 'decimal',
      close_price: 'decimal',
      data_points: 'integer',
      source: 'name',
      market_cap: 'notional?',
      volume_24h: 'notional?',
      market_cap_rank: 'integer?',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'day_us'],
  },
  gold_market_daily: {
    columns: {
      day_us: 'integer',
      quote: 'name',
      coins: 'integer',
      rising: 'integer',
      falling: 'integer',
      unchanged: 'integer',
      market_cap: 'notional?',
      volume_24h: 'notional?',
      bitcoin_share_pct: 'decimal?',
      ethereum_share_pct: 'decimal?',
      avg_change_pct: 'decimal?',
      data_points: 'integer',
      change_seq: 'integer',
    },
    key: ['day_us', 'quote'],
  },
  gold_indicators: {
    columns: {
      instrument_id: 'integer',
      interval_us: 'integer',
      open_time_us: 'integer',
      close: 'real',
      ...floats(['sma_7', 'sma_30', 'sma_90', 'ema_12', 'ema_26', 'rsi_14'], 'real?'),
      ...floats(['macd', 'macd_signal', 'macd_histogram'], 'real?'),
      ...floats(['bb_middle', 'bb_upper', 'bb_lower', 'atr_14', 'volatility_30'], 'real?'),
      trend: 'name?',
      ...floats(['support', 'resistance'], 'real?'),
      ...floats(['change_1h_pct', 'change_24h_pct', 'change_7d_pct'], 'real?'),
      market_cap_rank: 'integer?',
      ...floats(['hour_sin', 'hour_cos', 'weekday_sin', 'weekday_cos'], 'real'),
      complete: 'flag',
      change_seq: 'integer',
    },
    key: ['instrument_id', 'interval_us', 'open_time_us'],
  },
}

/** Returns the migration that creates the tables of gold beside its candles. */
export function createGoldTables(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, shape] of Object.entries(TABLES)) {
        await createTable(db, dialect, name, shape)
        const index = `${name}_by_change`
        await db.schema.createIndex(index).on(name).column('change_seq').execute()
      }
      await createGoldViews(db, dialect)
      await sql.raw(`create view indicators as ${readableIndicators(dialect)}`).execute(db)
    },
  }
}
