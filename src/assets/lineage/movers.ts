import { formatTimeUs, MINUTE_US } from '../../market/bucket.ts'
import type { Instrument } from '../../market/instrument.ts'
import type { DailyKpiRow, TopMoverRow } from '../../warehouse/index.ts'
import { traceCandles } from './candles.ts'
import { rowNode, rowsNode, type TraceContext } from './context.ts'
import { lastTradedMinute, traceMinutes } from './minutes.ts'
import { traceSnapshots } from './snapshots.ts'
import type { LineageNode } from './tree.ts'

const DAY_US = 86_400_000_000

/** Returns a day's figures, of the day's candle. */
export async function traceDay(
  context: TraceContext,
  instrument: Instrument,
  row: DailyKpiRow,
): Promise<LineageNode> {
  const span = { instrument, fromUs: row.day_us, toUs: row.day_us + DAY_US }
  const { open, high, low, close, volume, trade_count, vwap, change_pct, complete } = row
  const day = formatTimeUs(row.day_us)
  return rowNode({
    dataset: 'gold.daily_kpis',
    what: 'figures of the day',
    timeUs: row.day_us,
    listed: { day, open, high, low, close, volume, trade_count, vwap, change_pct, complete },
    made_from: [await traceCandles(context, '1d', span)],
  })
}

/** Returns an instrument's or a coin's places on the boards of a time, and what they rest on. */
export async function traceMover(
  context: TraceContext,
  instrument: Instrument,
  rows: readonly TopMoverRow[],
): Promise<LineageNode> {
  const atUs = rows[0]?.at_us ?? 0
  const isCoin = instrument.kind === 'coin'
  return rowsNode(
    {
      dataset: 'gold.top_movers',
      what: 'places on the boards',
      rows,
      timeOf: (row) => row.at_us,
      list: ({ venue, currency, board, rank, price, price_before, change_pct, notional }) => {
        return { venue, currency, board, rank, price, price_before, change_pct, notional }
      },
      notes: [
        'its places also rest on the same figures of all others of the venue in its currency',
      ],
      madeFrom: isCoin
        ? await coinNodes(context, instrument, atUs)
        : await tradingNodes(context, instrument, atUs),
    },
    context.traced.rowsMax,
  )
}

/** The minutes of the 24 hours, and the one before them whose close is the price before. */
async function tradingNodes(
  context: TraceContext,
  instrument: Instrument,
  atUs: number,
): Promise<LineageNode[]> {
  const fromUs = atUs - DAY_US
  const within = await traceMinutes(context, { instrument, fromUs, toUs: atUs })
  const nodes = [{ ...within, what: 'minutes of the 24 hours, by precedence' }]
  const dayBefore = { instrument, fromUs: fromUs - DAY_US, toUs: fromUs }
  const before = await lastTradedMinute(context, dayBefore)
  if (before === null) return nodes
  const minute = { instrument, fromUs: before, toUs: before + MINUTE_US }
  const node = await traceMinutes(context, minute)
  return [...nodes, { ...node, what: 'the minute whose close is the price before' }]
}

/** What was last said of a coin before the time, and before a day earlier. */
async function coinNodes(
  context: TraceContext,
  { instrumentId }: Instrument,
  atUs: number,
): Promise<LineageNode[]> {
  const nodes: LineageNode[] = []
  for (const [beforeUs, what] of [
    [atUs, 'the snapshot of the price'],
    [atUs - DAY_US, 'the snapshot of the price before'],
  ] as const) {
    const last = await context.db
      .selectFrom('silver_snapshots')
      .select(['time_us', 'source'])
      .where('instrument_id', '=', instrumentId)
      .where('price', 'is not', null)
      .where('time_us', '>=', beforeUs - DAY_US)
      .where('time_us', '<', beforeUs)
      .orderBy('time_us', 'desc')
      .orderBy('source', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (last === undefined) continue
    const span = { fromUs: last.time_us, toUs: last.time_us + 1, source: last.source }
    const node = await traceSnapshots(context, { instrumentIds: [instrumentId], ...span })
    nodes.push({ ...node, what })
  }
  return nodes
}
