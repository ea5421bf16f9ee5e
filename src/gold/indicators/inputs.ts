import type { Kysely } from 'kysely'
import { INTERVALS, type IntervalName } from '../../market/bucket.ts'
import type { Schema, Views } from '../../warehouse/index.ts'
import type { KeyedByTime } from '../ranges.ts'
import type { GoldSpan } from '../run.ts'
import { lookBack } from './look-back.ts'
import type { IndicatorCandle } from './stream.ts'

/** What indicators are asked of. */
export interface IndicatorSpan extends GoldSpan {
  readonly intervals: readonly IntervalName[]
}

/** Returns the rows of indicators of one interval. */
export function indicatorRows(interval: IntervalName): KeyedByTime {
  return { table: 'gold_indicators', time: 'open_time_us', intervalUs: INTERVALS[interval] }
}

/** Returns a candle as floats, the nearest to its decimals. */
export function indicatorCandle(row: {
  readonly open_time_us: number
  readonly high: string | null
  readonly low: string | null
  readonly close: string | null
  readonly complete: number
}): IndicatorCandle {
  const float = (text: string | null) => (text === null ? null : Number(text))
  return {
    openTimeUs: row.open_time_us,
    high: float(row.high),
    low: float(row.low),
    close: float(row.close),
    complete: row.complete === 1,
  }
}

/** Returns every candle that decides the values of a span, in order of time. */
export async function readCandles(
  db: Kysely<Schema>,
  instrumentId: number,
  { interval, fromUs, toUs }: GoldSpan & { readonly interval: IntervalName },
): Promise<IndicatorCandle[]> {
  const candles: IndicatorCandle[] = []
  for (const span of lookBack(interval, fromUs, toUs)) {
    const minutes = db.withTables<Views>().selectFrom('candles_1m_exact')
    const larger = db.selectFrom('gold_candles').where('interval_us', '=', INTERVALS[interval])
    const rows = await ((interval === '1m' ? minutes : larger) as typeof larger)
      .select(['open_time_us', 'high', 'low', 'close', 'complete'])
      .where('instrument_id', '=', instrumentId)
      .where('open_time_us', '>=', span.fromUs)
      .where('open_time_us', '<', span.toUs)
      .orderBy('open_time_us')
      .execute()
    for (const row of rows) candles.push(indicatorCandle(row))
  }
  return candles
}
