import type { TapeKind } from '../venues/tape/index.ts'

/** A known shape of file: what an import would otherwise be told of it. */
export interface ImportPreset {
  readonly kind: TapeKind
  readonly columns: Readonly<Record<string, string>>
}

/**
 * Shapes of files that many people have, by the name to ask for them.
 *
 * Where a column is given by place, the file may have a line of names or not.
 */
export const IMPORT_PRESETS: Readonly<Record<string, ImportPreset>> = {
  /** Binance's public candle files, spot and futures. */
  'binance-klines': {
    kind: 'klines',
    columns: {
      open_time: 'c0',
      open: 'c1',
      high: 'c2',
      low: 'c3',
      close: 'c4',
      volume: 'c5',
      close_time: 'c6',
      notional: 'c7',
      trade_count: 'c8',
      taker_buy_volume: 'c9',
    },
  },
  /** Binance's public files of trades; whole milliseconds until 2024, microseconds since. */
  'binance-trades': {
    kind: 'trades',
    columns: { trade_id: 'c0', price: 'c1', size: 'c2', time: 'c4', side: 'c5:maker' },
  },
  /** Binance's public files of aggregates, with the ids of the trades they stand for. */
  'binance-aggtrades': {
    kind: 'trades',
    columns: {
      trade_id: 'c0',
      price: 'c1',
      size: 'c2',
      first_id: 'c3',
      last_id: 'c4',
      time: 'c5',
      side: 'c6:maker',
    },
  },
  /** Tardis's CSV trades. */
  'tardis-trades': {
    kind: 'trades',
    columns: {
      trade_id: 'id',
      time: 'timestamp:us',
      price: 'price',
      size: 'amount',
      side: 'side',
    },
  },
  /** Kraken's downloadable one-minute candles; minutes without trades are left out. */
  'kraken-ohlcvt': {
    kind: 'klines',
    columns: {
      open_time: 'c0:s',
      open: 'c1',
      high: 'c2',
      low: 'c3',
      close: 'c4',
      volume: 'c5',
      trade_count: 'c6',
    },
  },
  /** Kraken's time and sales, which have neither ids nor sides. */
  'kraken-time-and-sales': {
    kind: 'trades',
    columns: { time: 'c0:s', price: 'c1', size: 'c2' },
  },
}
