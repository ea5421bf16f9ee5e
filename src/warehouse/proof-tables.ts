import type { Table } from './keys.ts'

/** How the rows of one table enter the proof. */
export interface ProvenTable {
  readonly table: Table
  /** Whether rows belong to a tape by their key: then tapes are taken in the order of hashes. */
  readonly byTape: boolean
  /** The key's other columns, whole numbers or plain words, in whose order rows are taken. */
  readonly order: readonly string[]
  /** Further columns of a line, in order; `tape_id` is told as the file's hash. */
  readonly columns: readonly string[]
}

const CANDLE = ['open', 'high', 'low', 'close', 'volume', 'notional', 'taker_buy_volume']

/**
 * The tables of the proof whose rows belong to an instrument, by name. Left out of their
 * columns: positions in a log, receive times, revisions and numbers of commits, which a
 * rebuild may change.
 */
export const INSTRUMENT_TABLES: readonly ProvenTable[] = [
  {
    table: 'gold_candles',
    byTape: false,
    order: ['interval_us', 'open_time_us'],
    columns: [
      ...CANDLE,
      'trade_count',
      'status',
      'complete',
      'repaired',
      'minutes_traded',
      'minutes_known',
    ],
  },
  {
    table: 'silver_book_breaks',
    byTape: false,
    // Connections are text, which no number is below: the frame goes first.
    order: ['frame', 'conn'],
    columns: ['time_us', 'cause'],
  },
  {
    table: 'silver_book_seconds',
    byTape: false,
    order: ['second_us'],
    columns: [
      'bid',
      'bid_size',
      'ask',
      'ask_size',
      'bid_depth',
      'ask_depth',
      'spread',
      'imbalance',
      'microprice',
      'updates',
    ],
  },
  {
    table: 'silver_candles_1m',
    byTape: false,
    order: ['open_time_us'],
    columns: [
      'tape_id',
      ...CANDLE,
      'trade_count',
      'first_trade_us',
      'first_trade_id',
      'last_trade_us',
      'last_trade_id',
      'min_id',
      'max_id',
      'other_count',
      'source',
      'status',
      'complete',
      'repaired',
    ],
  },
  {
    table: 'silver_coverage',
    byTape: true,
    order: ['first_id'],
    columns: ['last_id', 'first_time_us', 'last_time_us'],
  },
  {
    table: 'silver_ohlc',
    byTape: false,
    order: ['interval_us', 'open_time_us'],
    columns: ['open', 'high', 'low', 'close'],
  },
  {
    table: 'silver_snapshots',
    byTape: false,
    order: ['time_us', 'source'],
    columns: [
      'quote',
      'last_updated_us',
      'price',
      'market_cap',
      'fully_diluted_valuation',
      'volume_24h',
      'high_24h',
      'low_24h',
      'price_change_24h',
      'change_1h_pct',
      'change_24h_pct',
      'change_7d_pct',
      'circulating_supply',
      'total_supply',
      'max_supply',
      'market_cap_rank',
    ],
  },
  {
    table: 'silver_rivals',
    byTape: true,
    order: ['first_id', 'last_id'],
    columns: [],
  },
  {
    table: 'silver_trades',
    byTape: true,
    order: ['trade_id'],
    columns: [
      'first_id',
      'last_id',
      'event_time_us',
      'price',
      'size',
      'side',
      'trade_count',
      'origin',
    ],
  },
  {
    table: 'silver_venue_candles',
    byTape: false,
    order: ['open_time_us', 'source'],
    columns: [...CANDLE, 'trade_count', 'vwap', 'closed'],
  },
  {
    table: 'silver_witnesses',
    byTape: false,
    order: ['last_id'],
    columns: ['time_us'],
  },
]
