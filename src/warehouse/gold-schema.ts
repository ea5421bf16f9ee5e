/** Trading of an instrument over one UTC day; PK (instrument_id, day_us). */
export interface DailyKpiRow {
  instrument_id: number
  /** Start of the day. */
  day_us: number
  /** Prices are null unless traded; so is what is made of them. */
  open: string | null
  high: string | null
  low: string | null
  close: string | null
  /** `close - open`. */
  change: string | null
  /** `100 * (close - open) / open`, 18 decimals, half-even. */
  change_pct: string | null
  volume: string
  /** Null where a venue's candle, standing in for minutes, lacks it; so the next four. */
  notional: string | null
  /** `notional / volume`, 18 decimals, half-even. */
  vwap: string | null
  trade_count: number | null
  taker_buy_volume: string | null
  /** `taker_buy_volume / volume`, from 0 to 1, 18 decimals, half-even. */
  buy_share: string | null
  status: 'traded' | 'no_trades' | 'venue_down' | 'unknown'
  complete: number
  change_seq: number
}

/** A place on a board of a venue at a time; PK (at_us, venue, board, rank). */
export interface TopMoverRow {
  /** The end of the 24 hours looked at. */
  at_us: number
  venue: string
  /** What its pairs are quoted in; `USD` also for USDT and USDC, `''` where nobody told. */
  currency: string
  board: 'gainers' | 'losers' | 'traded'
  /** From 1. */
  rank: number
  instrument_id: number
  /** The last price before `at_us`, and the last one before 24 hours earlier. */
  price: string
  price_before: string
  /** `100 * (price - price_before) / price_before`, 18 decimals, half-even. */
  change_pct: string
  /** Traded in the 24 hours, in the quote; null where it is not told of every minute. */
  notional: string | null
  complete: number
  change_seq: number
}

/** A coin's price over one UTC day, of all polls; PK (instrument_id, day_us). */
export interface CoinDailyRow {
  instrument_id: number
  day_us: number
  quote: string
  /** Mean of the polled prices, 18 decimals, half-even. */
  avg_price: string
  min_price: string
  max_price: string
  /** The first and the last polled. */
  open_price: string
  close_price: string
  /** Polls with a price; or samples of history on a day without polls. */
  data_points: number
  source: 'poll' | 'chart'
  /** As the day's last of them says. */
  market_cap: string | null
  volume_24h: string | null
  market_cap_rank: number | null
  change_seq: number
}

/** All coins together over one UTC day; PK (day_us, quote). */
export interface MarketDailyRow {
  day_us: number
  quote: string
  /** Coins with a price that day, and those whose close is above, below or at their open. */
  coins: number
  rising: number
  falling: number
  unchanged: number
  /** Sums of each coin's last word of the day; null where none told. */
  market_cap: string | null
  volume_24h: string | null
  /** Shares in the summed capitalisation, in percent, 18 decimals, half-even. */
  bitcoin_share_pct: string | null
  ethereum_share_pct: string | null
  /** Mean over coins of `100 * (close - open) / open`, 18 decimals, half-even. */
  avg_change_pct: string | null
  data_points: number
  change_seq: number
}

/**
 * Indicators at the close of one candle, as floats; PK (instrument_id, interval_us,
 * open_time_us). Null until enough candles have come.
 */
export interface IndicatorRow {
  instrument_id: number
  interval_us: number
  open_time_us: number
  close: number
  sma_7: number | null
  sma_30: number | null
  sma_90: number | null
  ema_12: number | null
  ema_26: number | null
  rsi_14: number | null
  macd: number | null
  macd_signal: number | null
  macd_histogram: number | null
  bb_middle: number | null
  bb_upper: number | null
  bb_lower: number | null
  atr_14: number | null
  /** Standard deviation of 30 logarithmic returns, a year's worth: 0.5 is 50 %. */
  volatility_30: number | null
  trend: 'up' | 'down' | 'sideways' | null
  support: number | null
  resistance: number | null
  change_1h_pct: number | null
  change_24h_pct: number | null
  change_7d_pct: number | null
  /** Coins only. */
  market_cap_rank: number | null
  /** The candle's opening on the circles of the day and the week. */
  hour_sin: number
  hour_cos: number
  weekday_sin: number
  weekday_cos: number
  /** Whether every candle that was looked back on is complete. */
  complete: number
  change_seq: number
}
