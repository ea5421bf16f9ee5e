import type { IntervalName } from '../../market/bucket.ts'
import { formatTimeUs, INTERVALS } from '../../market/bucket.ts'
import type { Candle } from '../../market/candle.ts'
import { vwapText } from '../../market/candle.ts'
import type { GoldCandleRow } from '../schema.ts'
import type { ExactMinuteRow, Views } from '../views.ts'
import type { Warehouse } from '../warehouse.ts'

/** Which candles are wanted. */
export interface CandleQuery {
  readonly instrumentId: number
  readonly interval: IntervalName
  /** Candles that open in `[fromUs, toUs)`. */
  readonly fromUs: number
  readonly toUs: number
  readonly limit: number
  /**
   * Which end of a longer span `limit` keeps.
   *
   * @default 'first'
   */
  readonly keep?: 'first' | 'last'
}

/**
 * Returns candles in order of time: minutes by their precedence over all sources, longer ones
 * as gold folded them from those.
 */
export async function listCandles(warehouse: Warehouse, query: CandleQuery): Promise<Candle[]> {
  const { instrumentId, interval, fromUs, toUs, limit, keep = 'first' } = query
  const direction = keep === 'first' ? 'asc' : 'desc'
  const rows = await warehouse.read((db): Promise<(ExactMinuteRow | GoldCandleRow)[]> => {
    if (interval === '1m') {
      return db
        .withTables<Views>()
        .selectFrom('candles_1m_exact')
        .selectAll()
        .where('instrument_id', '=', instrumentId)
        .where('open_time_us', '>=', fromUs)
        .where('open_time_us', '<', toUs)
        .orderBy('open_time_us', direction)
        .limit(limit)
        .execute()
    }
    return db
      .selectFrom('gold_candles')
      .selectAll()
      .where('instrument_id', '=', instrumentId)
      .where('interval_us', '=', INTERVALS[interval])
      .where('open_time_us', '>=', fromUs)
      .where('open_time_us', '<', toUs)
      .orderBy('open_time_us', direction)
      .limit(limit)
      .execute()
  })
  if (keep === 'last') rows.reverse()
  return rows.map(candleOfRow)
}

function candleOfRow(row: ExactMinuteRow | GoldCandleRow): Candle {
  return {
    open_time: formatTimeUs(row.open_time_us),
    open: row.open,
    high: row.high,
    low: row.low,
    close: row.close,
    volume: row.volume,
    notional: row.notional,
    vwap: row.status === 'traded' ? vwapText(row.notional, row.volume) : null,
    trade_count: row.trade_count,
    taker_buy_volume: row.taker_buy_volume,
    status: row.status,
    complete: row.complete === 1,
    revision: row.revision,
  }
}
