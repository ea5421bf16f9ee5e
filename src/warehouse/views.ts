import type { MinuteRow } from './schema.ts'

/**
 * The views, as Kysely sees them: `db.withTables<Views>()`.
 *
 * Only `candles_1m_exact` is for programs. The others are for people with an SQL prompt:
 * times as text, prices as floats.
 */
export type Views = {
  candles_1m_exact: ExactMinuteRow
}

/** The candle of one minute by the precedence of D7, whichever source it stands on. */
export interface ExactMinuteRow {
  instrument_id: number
  open_time_us: number
  open: string | null
  high: string | null
  low: string | null
  close: string | null
  volume: string
  /** Null where a venue's candle lacks it; so the next two. */
  notional: string | null
  taker_buy_volume: string | null
  trade_count: number | null
  source: 'trades' | 'ws' | 'rest' | 'import'
  status: MinuteRow['status']
  complete: number
  repaired: number
  revision: number
  /** The greater of the minute's and the venue candle's that stands in for it. */
  change_seq: number
}
