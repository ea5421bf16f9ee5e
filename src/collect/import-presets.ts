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
  /** Kraken's time and sales, which have neither ids nor sides. */
  'kraken-time-and-sales': {
    kind: 'trades',
    columns: { time: 'c0:s', price: 'c1', size: 'c2' },
  },
}
