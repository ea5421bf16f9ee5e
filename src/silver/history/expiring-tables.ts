import type { Expiring, Schema, Table } from '../../warehouse/index.ts'

/** A table that retention shortens. */
export interface ExpiringTable {
  readonly dataset: Expiring
  readonly table: Table
  /** The column that says how old a row is. */
  readonly time: string
  /** What stands in the archive's folders as `dataset=`. */
  readonly archivedAs: string
}

const of = <T extends Table>(
  dataset: Expiring,
  table: T,
  time: keyof Schema[T] & string,
  archivedAs: string = dataset,
): ExpiringTable => ({ dataset, table, time, archivedAs })

/** Every table that retention shortens, in the order in which it does. */
export const EXPIRING_TABLES: readonly ExpiringTable[] = [
  of('trades', 'silver_trades', 'event_time_us'),
  of('candles', 'silver_candles_1m', 'open_time_us', 'candles_1m'),
  of('candles', 'silver_venue_candles', 'open_time_us', 'venue_candles_1m'),
  of('snapshots', 'silver_snapshots', 'time_us'),
  of('snapshots', 'silver_ohlc', 'open_time_us', 'ohlc'),
  of('books', 'silver_book_seconds', 'second_us', 'book_seconds'),
  of('books', 'silver_book_breaks', 'time_us', 'book_breaks'),
  of('quarantine', 'silver_quarantine', 'received_time_us'),
  of('runs', 'ops_runs', 'ended_us'),
]
