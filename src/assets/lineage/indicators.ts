import { lookBack } from '../../gold/indicators/index.ts'
import { formatTimeUs, INTERVALS, type IntervalName } from '../../market/bucket.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { IndicatorRow, Views } from '../../warehouse/index.ts'
import { traceCandles } from './candles.ts'
import { rowNode, rowsNode, type TraceContext, type TraceSpan } from './context.ts'
import { traceCoinDay } from './snapshots.ts'
import type { LineageNode } from './tree.ts'

const REACH =
  'the window looked back on: means, bands and ranges reach up to 90 candles, what is smoothed ' +
  'from the start of the last block of 512, changes as far as 7 days; each can be asked for'

/** Returns indicators: their candle down to its records, and the window that they look back on. */
export async function traceIndicators(
  context: TraceContext,
  instrument: Instrument,
  row: IndicatorRow & { readonly interval: IntervalName },
): Promise<LineageNode> {
  const widthUs = INTERVALS[row.interval]
  const span = { instrument, fromUs: row.open_time_us, toUs: row.open_time_us + widthUs }
  const made =
    instrument.kind === 'coin'
      ? await coinNodes(context, span)
      : [
          await traceCandles(context, row.interval, span),
          await candlesBefore(context, row.interval, span),
        ]
  const { close, sma_7, ema_12, rsi_14, macd, complete } = row
  const time = formatTimeUs(row.open_time_us)
  return rowNode({
    dataset: 'gold.indicators',
    what: `indicators of ${row.interval}`,
    timeUs: row.open_time_us,
    listed: { open_time: time, close, sma_7, ema_12, rsi_14, macd, complete },
    made_from: made,
  })
}

/**
 * Returns when the window that a value looks back on begins; single candles that its changes are
 * counted from may lie before.
 */
export function windowStartUs(openTimeUs: number, interval: IntervalName): number {
  const spans = lookBack(interval, openTimeUs, openTimeUs + INTERVALS[interval])
  return spans.at(-1)?.fromUs ?? 0
}

async function candlesBefore(
  { db, traced }: TraceContext,
  interval: IntervalName,
  { instrument, fromUs }: TraceSpan,
): Promise<LineageNode> {
  const startUs = windowStartUs(fromUs, interval)
  const ofMinutes = db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .select(['open_time_us', 'close', 'complete'])
    .where('instrument_id', '=', instrument.instrumentId)
    .where('open_time_us', '>=', startUs)
    .where('open_time_us', '<', fromUs)
    .orderBy('open_time_us', 'desc')
  const ofCandles = db
    .selectFrom('gold_candles')
    .select(['open_time_us', 'close', 'complete'])
    .where('instrument_id', '=', instrument.instrumentId)
    .where('interval_us', '=', INTERVALS[interval])
    .where('open_time_us', '>=', startUs)
    .where('open_time_us', '<', fromUs)
    .orderBy('open_time_us', 'desc')
  const rows = interval === '1m' ? await ofMinutes.execute() : await ofCandles.execute()
  const node = rowsNode(
    {
      dataset: interval === '1m' ? 'silver.candles_1m' : 'gold.candles',
      what: `candles of ${interval} before it`,
      rows,
      timeOf: (row) => row.open_time_us,
      list: ({ open_time_us, close, complete }) => {
        return { open_time: formatTimeUs(open_time_us), close, complete }
      },
      notes: [REACH],
    },
    traced.rowsMax,
  )
  return { ...node, from: formatTimeUs(startUs), to: formatTimeUs(fromUs) }
}

/** A coin's indicators are made of its days. */
async function coinNodes(
  context: TraceContext,
  { instrument, fromUs }: TraceSpan,
): Promise<LineageNode[]> {
  const { db, traced } = context
  const startUs = windowStartUs(fromUs, '1d')
  const days = await db
    .selectFrom('gold_coin_daily')
    .selectAll()
    .where('instrument_id', '=', instrument.instrumentId)
    .where('day_us', '>=', startUs)
    .where('day_us', '<=', fromUs)
    .orderBy('day_us', 'desc')
    .execute()
  const own = days.find((day) => day.day_us === fromUs)
  const node = rowsNode(
    {
      dataset: 'gold.coin_daily',
      what: 'days before it',
      rows: days.filter((day) => day !== own),
      timeOf: (day) => day.day_us,
      list: ({ day_us, close_price }) => ({ day: formatTimeUs(day_us), close_price }),
      notes: [REACH],
    },
    traced.rowsMax,
  )
  const window = { ...node, from: formatTimeUs(startUs), to: formatTimeUs(fromUs) }
  return own === undefined ? [window] : [await traceCoinDay(context, own), window]
}
