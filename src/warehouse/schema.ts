import type {
  BackfillRow,
  FlowAssetRow,
  LineageEventRow,
  PartitionMapRow,
  PartitionRow,
  RunItemRow,
  RunLogRow,
  RunRow,
  ScheduleRow,
} from './flow-schema.ts'
import type {
  CoinDailyRow,
  DailyKpiRow,
  IndicatorRow,
  MarketDailyRow,
  TopMoverRow,
} from './gold-schema.ts'

/**
 * The tables, as Kysely sees them. Names carry their layer; keys are the decision (D5–D8, D10).
 *
 * Prices, sizes and sums are canonical decimal text; times are epoch microseconds; booleans
 * are 0 or 1. `change_seq` is the number of the commit that last changed the row.
 */
export interface Schema {
  instruments: InstrumentRow
  silver_tapes: TapeRow
  silver_trades: TradeRow
  silver_rivals: RivalRow
  silver_coverage: CoverageRow
  silver_scopes: ScopeRow
  silver_witnesses: WitnessRow
  silver_outages: OutageRow
  silver_candles_1m: MinuteRow
  silver_venue_candles: VenueCandleRow
  silver_ohlc: OhlcRow
  silver_snapshots: SnapshotRow
  silver_book_seconds: BookSecondRow
  silver_book_breaks: BookBreakRow
  silver_quarantine: QuarantineRow
  gold_candles: GoldCandleRow
  gold_daily_kpis: DailyKpiRow
  gold_top_movers: TopMoverRow
  gold_coin_daily: CoinDailyRow
  gold_market_daily: MarketDailyRow
  gold_indicators: IndicatorRow
  ops_logs: LogRow
  ops_checkpoints: CheckpointRow
  ops_leases: LeaseRow
  ops_gap_work: GapWorkRow
  ops_incidents: IncidentRow
  ops_book_states: BookStateRow
  ops_counters: CounterRow
  ops_meta: MetaRow
  ops_runs: RunRow
  ops_run_logs: RunLogRow
  ops_run_items: RunItemRow
  ops_partitions: PartitionRow
  ops_partition_maps: PartitionMapRow
  ops_flow_assets: FlowAssetRow
  ops_schedules: ScheduleRow
  ops_backfills: BackfillRow
  ops_lineage_events: LineageEventRow
  ops_cutoffs: CutoffRow
  silver_expired: ExpiredRow
}

/** One instrument, with what its venue's newest listing says of it; PK instrument_id. */
export interface InstrumentRow {
  instrument_id: number
  venue: string
  symbol: string
  listed_from_us: number
  delisted_us: number | null
  kind: 'spot' | 'perpetual' | 'future' | 'coin'
  base: string | null
  quote: string | null
  multiplier: number
  price_step: string | null
  size_step: string | null
  /** Receive time of the listing these attributes came from; the newest listing stands. */
  listing_us: number
}

/** Numberings of trades: 0 is every venue's own, with an empty hash; others are files. */
export interface TapeRow {
  tape_id: number
  file_hash: string
}

/** PK (instrument_id, tape_id, trade_id), no rowid, no time index. */
export interface TradeRow {
  instrument_id: number
  tape_id: number
  trade_id: number
  /**
   * Ids an aggregate stands for; null where they are `trade_id` itself. An aggregate is numbered
   * by its first id, so `first_id` is null, and `last_id` of a trade that stands for itself.
   */
  first_id: number | null
  last_id: number | null
  event_time_us: number
  price: string
  size: string
  /** Index into SIDES. */
  side: number
  trade_count: number
  /** Index into ORIGINS. */
  origin: number
  received_time_us: number
  log_id: number
  pos: number
  item: number
}

/**
 * Ranges of ids that were reported and cannot stand beside a longer one they share ids with,
 * though that does not hold them; PK all of it. They go on keeping others from standing.
 */
export interface RivalRow {
  instrument_id: number
  tape_id: number
  first_id: number
  last_id: number
}

/** Maximal intervals of held ids; PK (instrument_id, tape_id, first_id). */
export interface CoverageRow {
  instrument_id: number
  tape_id: number
  first_id: number
  last_id: number
  /** Times of the first and the last held trade; null while only ids without trades are known. */
  first_time_us: number | null
  last_time_us: number | null
}

/** Spans we answer for; PK (instrument_id, tape_id, cause, evidence). Half-open minutes. */
export interface ScopeRow {
  instrument_id: number
  tape_id: number
  cause: 'live' | 'import' | 'backfill'
  /** The log's name, the file's hash, or the span asked for. */
  evidence: string
  from_us: number
  to_us: number
  /** Live: newest subscribe and unsubscribe, which decide whether the scope still runs. */
  subscribed_us: number | null
  unsubscribed_us: number | null
}

/**
 * The venue's word that `last_id` was its newest trade at a time; PK (instrument_id, last_id).
 * Kept while that id is the edge of a run or missing; inside a run it says nothing more but
 * when it was said: the latest such time is kept under the id -1.
 */
export interface WitnessRow {
  instrument_id: number
  last_id: number
  time_us: number
}

/** Spans in which the venue did not trade with anyone; PK (venue, from_us, ground). */
export interface OutageRow {
  venue: string
  from_us: number
  to_us: number
  /** `refused`: it refused our connections. `silence`: others traded, and it did not. */
  ground: 'refused' | 'silence'
}

/** Columns a candle of any interval has. */
export interface CandleColumns {
  instrument_id: number
  open_time_us: number
  open: string | null
  high: string | null
  low: string | null
  close: string | null
  volume: string
  notional: string
  taker_buy_volume: string
  trade_count: number
}

/** A commutative aggregate of one minute of one tape; PK (instrument_id, open_time_us). */
export interface MinuteRow extends CandleColumns {
  /** The tape folded here: 0 if it holds a trade in the minute, else the one of least hash. */
  tape_id: number
  first_trade_us: number | null
  first_trade_id: number | null
  last_trade_us: number | null
  last_trade_id: number | null
  /** Least and greatest trade id of the minute: how its trades are found without a time index. */
  min_id: number | null
  max_id: number | null
  /** Standing trades that did not come from the socket. */
  other_count: number
  /** `trades` within a scope; `unscoped` minutes are kept but not shown. */
  source: 'trades' | 'unscoped'
  status: 'traded' | 'no_trades' | 'venue_down' | 'unknown'
  complete: number
  repaired: number
  revision: number
  change_seq: number
}

/** The venue's own candles, witnesses; PK (instrument_id, open_time_us, source). */
export interface VenueCandleRow {
  instrument_id: number
  open_time_us: number
  /** Index into ORIGINS: ws, rest or import. */
  source: number
  open: string
  high: string
  low: string
  close: string
  volume: string
  notional: string | null
  taker_buy_volume: string | null
  trade_count: number | null
  vwap: string | null
  closed: number
  received_time_us: number
  change_seq: number
}

/** An aggregator's candles, of its own intervals; PK (instrument_id, interval_us, open_time_us). */
export interface OhlcRow {
  instrument_id: number
  interval_us: number
  open_time_us: number
  open: string
  high: string
  low: string
  close: string
  received_time_us: number
  change_seq: number
}

/** What an aggregator said of a coin; PK (instrument_id, time_us, source). */
export interface SnapshotRow {
  instrument_id: number
  /** When the poll began, or the time of a sample of history. */
  time_us: number
  source: 'poll' | 'chart'
  quote: string
  last_updated_us: number | null
  price: string | null
  market_cap: string | null
  fully_diluted_valuation: string | null
  volume_24h: string | null
  high_24h: string | null
  low_24h: string | null
  price_change_24h: string | null
  change_1h_pct: string | null
  change_24h_pct: string | null
  change_7d_pct: string | null
  circulating_supply: string | null
  total_supply: string | null
  max_supply: string | null
  market_cap_rank: number | null
  received_time_us: number
  log_id: number
  pos: number
  item: number
  change_seq: number
}

/** An order book at the end of a second; PK (instrument_id, second_us). Null sides are empty. */
export interface BookSecondRow {
  instrument_id: number
  /** Start of the second, by the time of receipt. */
  second_us: number
  bid: string | null
  bid_size: string | null
  ask: string | null
  ask_size: string | null
  /** Sums of size over the best ten levels. */
  bid_depth: string
  ask_depth: string
  /** `ask - bid`. */
  spread: string | null
  /** `(bid_size - ask_size) / (bid_size + ask_size)`, 18 decimals. */
  imbalance: string | null
  /** `(bid * ask_size + ask * bid_size) / (bid_size + ask_size)`, 18 decimals. */
  microprice: string | null
  /** Messages applied within the second. */
  updates: number
  change_seq: number
}

/** A chain of book updates that broke; PK (instrument_id, conn, frame). */
export interface BookBreakRow {
  instrument_id: number
  conn: string
  frame: number
  time_us: number
  cause: 'checksum' | 'sequence' | 'crossed' | 'unreadable' | 'no_snapshot'
  detail: string
}

/** PK (log_id, pos, item). */
export interface QuarantineRow {
  log_id: number
  pos: number
  item: number
  reason: string
  detail: string
  /** Up to 512 bytes of the payload, as text. */
  sample: string
  dialect: string
  /** `held`, or `released` once a re-drive accepted it. */
  state: 'held' | 'released'
  received_time_us: number
}

/** PK (instrument_id, interval_us, open_time_us). */
export interface GoldCandleRow
  extends Omit<CandleColumns, 'notional' | 'taker_buy_volume' | 'trade_count'> {
  interval_us: number
  /** Null where a venue's candle, standing in for a minute, lacks it; so the next two. */
  notional: string | null
  taker_buy_volume: string | null
  trade_count: number | null
  status: MinuteRow['status']
  complete: number
  repaired: number
  /** Minutes of the bucket that hold trades, and that are known at all. */
  minutes_traded: number
  minutes_known: number
  revision: number
  change_seq: number
}

/** Logs read, and the newest receive time read from each: silver's clock. */
export interface LogRow {
  log_id: number
  name: string
  time_us: number
}

/** PK (reader, log_id); `log_id` 0 with `pos` = change_seq for readers of changes. */
export interface CheckpointRow {
  reader: string
  log_id: number
  pos: number
}

/** Who may write what until when; `token` grows with each new holder. PK name. */
export interface LeaseRow {
  name: string
  token: number
  holder: string
  expires_us: number
}

/** Holes asked of REST, told by self records; PK (instrument_id, tape_id, first_id, last_id). */
export interface GapWorkRow {
  instrument_id: number
  tape_id: number
  /** -1 where the hole is known by time only. */
  first_id: number
  last_id: number
  from_us: number
  to_us: number
  attempts: number
  last_attempt_us: number
  verdict: 'never_existed' | 'unrecoverable' | null
  evidence: string
}

/** Incidents, told by self records; PK (venue, from_us, cause, channel, symbol). */
export interface IncidentRow {
  venue: string
  from_us: number
  cause: string
  /** Empty where it concerns the connection or the host; so is `symbol`. */
  channel: string
  symbol: string
  /** Null while it lasts. */
  to_us: number | null
  detail: string
}

/** An order book as it stood at a position of a log, to go on from; PK (log_id, conn, symbol). */
export interface BookStateRow {
  log_id: number
  conn: string
  venue: string
  symbol: string
  pos: number
  /** JSON, written and read by the fold of books alone. */
  state: string
}

/** Running totals for people (accepted, duplicates, rejected, late …); not facts. */
export interface CounterRow {
  name: string
  value: number
}

/** Up to which event time a dataset's facts were deleted on purpose; PK dataset. */
export interface CutoffRow {
  dataset: string
  /** Start of a UTC day: what lies before it is archived and gone. */
  before_us: number
  /** When it was last applied, by the clock of whoever did. */
  applied_us: number
}

/** The greatest ids whose trades were deleted on purpose; PK (instrument_id, tape_id). */
export interface ExpiredRow {
  instrument_id: number
  tape_id: number
  /** The last id the trade stood for, and the trade's time. */
  last_id: number
  last_time_us: number
}

/** What the warehouse knows of itself; PK key. */
export interface MetaRow {
  key: string
  value: string
}
