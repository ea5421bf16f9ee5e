import { formatTimeUs, INTERVALS, type IntervalName } from '../../market/bucket.ts'
import type { GoldCandleRow } from '../../warehouse/index.ts'
import { rowsNode, type TraceContext, type TraceSpan } from './context.ts'
import { traceMinutes } from './minutes.ts'
import type { LineageNode } from './tree.ts'

/** Each interval is folded from the one before it. */
const LADDER: readonly IntervalName[] = ['1m', '5m', '15m', '30m', '1h', '4h', '1d']

/**
 * Returns the candles of an interval that open in a span, down to the minutes and their trades.
 * The span begins and ends on boundaries of the interval.
 */
export async function traceCandles(
  context: TraceContext,
  interval: IntervalName,
  span: TraceSpan,
): Promise<LineageNode> {
  const below = LADDER[LADDER.indexOf(interval) - 1]
  if (below === undefined) return traceMinutes(context, span)
  const rows = await context.db
    .selectFrom('gold_candles')
    .selectAll()
    .where('instrument_id', '=', span.instrument.instrumentId)
    .where('interval_us', '=', INTERVALS[interval])
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .orderBy('open_time_us')
    .execute()
  return rowsNode(
    {
      dataset: 'gold.candles',
      what: `candles of ${interval}`,
      rows,
      timeOf: (row) => row.open_time_us,
      list: listCandle,
      madeFrom: [await traceCandles(context, below, span)],
    },
    context.traced.rowsMax,
  )
}

/** Returns what is listed of a candle. */
export function listCandle({ open_time_us, open, high, low, close, ...row }: GoldCandleRow) {
  return {
    open_time: formatTimeUs(open_time_us),
    ...{ open, high, low, close },
    volume: row.volume,
    trade_count: row.trade_count,
    status: row.status,
    complete: row.complete,
    repaired: row.repaired,
  }
}
