import type { Schema } from './schema.ts'

/** A table's name. */
export type Table = keyof Schema

/** The primary key of every table, in its order. */
export const TABLE_KEYS = {
  instruments: ['instrument_id'],
  silver_tapes: ['tape_id'],
  silver_trades: ['instrument_id', 'tape_id', 'trade_id'],
  silver_rivals: ['instrument_id', 'tape_id', 'first_id', 'last_id'],
  silver_coverage: ['instrument_id', 'tape_id', 'first_id'],
  silver_scopes: ['instrument_id', 'tape_id', 'cause', 'evidence'],
  silver_witnesses: ['instrument_id', 'last_id'],
  silver_outages: ['venue', 'from_us', 'ground'],
  silver_candles_1m: ['instrument_id', 'open_time_us'],
  silver_venue_candles: ['instrument_id', 'open_time_us', 'source'],
  silver_ohlc: ['instrument_id', 'interval_us', 'open_time_us'],
  silver_snapshots: ['instrument_id', 'time_us', 'source'],
  silver_book_seconds: ['instrument_id', 'second_us'],
  silver_book_breaks: ['instrument_id', 'conn', 'frame'],
  silver_quarantine: ['log_id', 'pos', 'item'],
  gold_candles: ['instrument_id', 'interval_us', 'open_time_us'],
  gold_daily_kpis: ['instrument_id', 'day_us'],
  gold_top_movers: ['at_us', 'venue', 'currency', 'board', 'rank'],
  gold_coin_daily: ['instrument_id', 'day_us'],
  gold_market_daily: ['day_us', 'quote'],
  gold_indicators: ['instrument_id', 'interval_us', 'open_time_us'],
  ops_logs: ['log_id'],
  ops_checkpoints: ['reader', 'log_id'],
  ops_leases: ['name'],
  ops_gap_work: ['instrument_id', 'tape_id', 'first_id', 'last_id'],
  ops_incidents: ['venue', 'from_us', 'cause', 'channel', 'symbol'],
  ops_book_states: ['log_id', 'conn', 'symbol'],
  ops_counters: ['name'],
  ops_meta: ['key'],
  ops_runs: ['run_id'],
  ops_run_logs: ['run_id', 'seq'],
  ops_run_items: ['run_id', 'item'],
  ops_partitions: ['asset', 'partition_us'],
  ops_partition_maps: ['asset', 'chunk'],
  ops_flow_assets: ['asset'],
  ops_schedules: ['name'],
  ops_backfills: ['backfill_id'],
  ops_lineage_events: ['seq'],
  ops_cutoffs: ['dataset'],
  silver_expired: ['instrument_id', 'tape_id'],
} as const satisfies { readonly [T in Table]: readonly (keyof Schema[T])[] }

/** The key columns of a row of `T`; other columns beside them are ignored. */
export type RowKey<T extends Table> = Pick<
  Schema[T],
  Extract<(typeof TABLE_KEYS)[T][number], keyof Schema[T]>
>
