import { INTERVAL_NAMES, INTERVALS } from '../../market/bucket.ts'
import type { SqlDialect } from '../dialect.ts'

const VALUES = [
  ...['close', 'sma_7', 'sma_30', 'sma_90', 'ema_12', 'ema_26', 'rsi_14'],
  ...['macd', 'macd_signal', 'macd_histogram', 'bb_middle', 'bb_upper', 'bb_lower'],
  ...['atr_14', 'volatility_30', 'trend', 'support', 'resistance'],
  ...['change_1h_pct', 'change_24h_pct', 'change_7d_pct', 'market_cap_rank'],
  ...['hour_sin', 'hour_cos', 'weekday_sin', 'weekday_cos', 'complete'],
]

/** Indicators as people read them: names of instruments and intervals, times as text. */
export function readableIndicators({ isoTime }: SqlDialect): string {
  const names = INTERVAL_NAMES.map((name) => `when ${INTERVALS[name]} then '${name}'`)
  return `
    select i.venue, i.symbol, case g.interval_us ${names.join(' ')} end as interval_name,
      ${isoTime('g.open_time_us')} as open_time, ${VALUES.map((name) => `g.${name}`).join(', ')},
      i.base, i.quote, g.instrument_id, g.interval_us, g.open_time_us
    from gold_indicators g join instruments i on i.instrument_id = g.instrument_id`
}
