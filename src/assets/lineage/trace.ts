import type { Kysely } from 'kysely'
import { AssayError } from '../../core/errors.ts'
import {
  bucketStart,
  formatTimeUs,
  INTERVALS,
  type IntervalName,
  MINUTE_US,
} from '../../market/bucket.ts'
import type { Instrument } from '../../market/instrument.ts'
import type {
  CoinDailyRow,
  DailyKpiRow,
  ExactMinuteRow,
  GoldCandleRow,
  IndicatorRow,
  MarketDailyRow,
  Schema,
  SnapshotRow,
  TopMoverRow,
} from '../../warehouse/index.ts'
import { instrumentName } from '../../warehouse/index.ts'
import { traceCandles } from './candles.ts'
import type { ReachedTrade, TraceContext } from './context.ts'
import { findRows } from './find.ts'
import { traceIndicators, windowStartUs } from './indicators.ts'
import { traceMinutes } from './minutes.ts'
import { traceDay, traceMover } from './movers.ts'
import { LogLook } from './records.ts'
import { runsBehind } from './runs.ts'
import { traceCoinDay, traceMarketDay, traceSnapshots } from './snapshots.ts'
import { Traced, type TraceLimits } from './traced.ts'
import { findTrades, tradesNode } from './trades.ts'
import type { Lineage, LineageCell, LineageNode } from './tree.ts'

const DAY_US = INTERVALS['1d']

/** Which value is asked about. */
export interface ValueQuery {
  /** One of {@link TRACEABLE}. */
  readonly dataset: string
  /** The instrument or coin; null of `gold.market_daily`, which has none. */
  readonly instrument: Instrument | null
  /** Of `gold.market_daily`: the currency. */
  readonly quote?: string
  /** Of candles and indicators. */
  readonly interval?: IntervalName | null
  /** A time within the value's bucket; of trades, snapshots and movers the very time. */
  readonly timeUs: number
  /** Of `silver.trades`: the id on the venue's own tape, in place of the time. */
  readonly tradeId?: number
}

/** How values are traced. */
export interface TraceOptions extends TraceLimits {
  /** Where the raw log is, so that records can be looked at; null to do without. */
  readonly dataDir: string | null
  /** Told of every trade that is reached, minute by minute. */
  readonly onTrade?: (trade: ReachedTrade) => void
}

/** What was found of a value. */
interface Found {
  readonly name: string
  readonly row: object
  readonly timeUs: number
  readonly tree: LineageNode
  /** What its inputs span. */
  readonly fromUs: number
  readonly toUs: number
}

type Tracer = (context: TraceContext, query: ValueQuery) => Promise<Found>

const TRACERS: Readonly<Record<string, Tracer>> = {
  'gold.candles': findCandle,
  'gold.daily_kpis': findDay,
  'gold.top_movers': findPlaces,
  'gold.coin_daily': findCoinDay,
  'gold.market_daily': findMarketDay,
  'gold.indicators': findIndicators,
  'silver.candles_1m': findMinute,
  'silver.trades': findTrade,
  'silver.snapshots': findSnapshot,
}

/** Datasets whose values can be traced. */
export const TRACEABLE: readonly string[] = Object.keys(TRACERS)

/**
 * Returns where a value comes from: the rows it was made from, down to records of the raw log,
 * and the runs that made them. Reads one state of the tables, and of the log only the records at
 * the ends of ranges; memory grows with the trades behind the value.
 *
 * @throws ASSAY_NO_SUCH_ROW, with the nearest; ASSAY_USAGE for a dataset that has no lineage.
 *
 * @example
 * const query = { dataset: 'gold.candles', instrument, interval: '1h', timeUs } as const
 * const lineage = await warehouse.read((db) => traceValue(db, query, { dataDir }))
 */
export async function traceValue(
  db: Kysely<Schema>,
  query: ValueQuery,
  options: TraceOptions,
): Promise<Lineage> {
  const { dataset, interval = null } = query
  const tracer = Object.hasOwn(TRACERS, dataset) ? TRACERS[dataset] : undefined
  if (tracer === undefined) {
    const known = TRACEABLE.join(', ')
    throw new AssayError('ASSAY_USAGE', `${dataset} cannot be traced; one of ${known}`)
  }
  using look = new LogLook(options.dataDir)
  const traced = new Traced(options, look)
  const found = await tracer({ db, traced, look, onTrade: options.onTrade }, query)
  const isCoin = query.instrument === null || query.instrument.kind === 'coin'
  const { fromUs, toUs, timeUs } = found
  // The hour of a board is the one that ends with it.
  const atUs = dataset === 'gold.top_movers' ? timeUs - 1 : timeUs
  const of = { dataset, interval, isCoin, atUs, fromUs, toUs }
  const { runs, leftOut } = await runsBehind(db, of, traced.rangesMax)
  return {
    dataset,
    name: found.name,
    interval,
    time: formatTimeUs(timeUs),
    row: { ...found.row } as Readonly<Record<string, LineageCell>>,
    tree: found.tree,
    totals: { ...traced.totals },
    sources: traced.sources,
    runs,
    runs_left_out: leftOut,
  }
}

/** Returns the query's instrument and its name; its absence is the caller's mistake. */
function subject({ dataset, instrument }: ValueQuery) {
  if (instrument !== null) return { instrument, name: instrumentName(instrument) }
  throw new AssayError('ASSAY_USAGE', `${dataset} is asked of one instrument: name it`)
}

function intervalOf({ dataset, interval = null }: ValueQuery): IntervalName {
  if (interval !== null) return interval
  throw new AssayError('ASSAY_USAGE', `${dataset} has several intervals: name one`)
}

async function findCandle(context: TraceContext, query: ValueQuery): Promise<Found> {
  const interval = intervalOf(query)
  if (interval === '1m') return findMinute(context, query)
  const { instrument, name } = subject(query)
  const widthUs = INTERVALS[interval]
  const timeUs = bucketStart(query.timeUs, widthUs)
  const span = { fromUs: timeUs, toUs: timeUs + widthUs }
  const [row] = await findRows<GoldCandleRow>(context.db, {
    from: 'gold_candles',
    where: { instrument_id: instrument.instrumentId, interval_us: widthUs },
    ...{ time: 'open_time_us', timeUs, what: `${interval} candle of ${name}` },
  })
  const tree = await traceCandles(context, interval, { instrument, ...span })
  return { name, row, timeUs, tree, ...span }
}

async function findMinute(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { instrument, name } = subject(query)
  const timeUs = bucketStart(query.timeUs, MINUTE_US)
  const span = { fromUs: timeUs, toUs: timeUs + MINUTE_US }
  const [row] = await findRows<ExactMinuteRow>(context.db, {
    from: 'candles_1m_exact',
    where: { instrument_id: instrument.instrumentId },
    ...{ time: 'open_time_us', timeUs, what: `minute of ${name}` },
  })
  const tree = await traceMinutes(context, { instrument, ...span })
  return { name, row, timeUs, tree, ...span }
}

async function findDay(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { instrument, name } = subject(query)
  const timeUs = bucketStart(query.timeUs, DAY_US)
  const [row] = await findRows<DailyKpiRow>(context.db, {
    from: 'gold_daily_kpis',
    where: { instrument_id: instrument.instrumentId },
    ...{ time: 'day_us', timeUs, what: `day of ${name}` },
  })
  const tree = await traceDay(context, instrument, row)
  return { name, row, timeUs, tree, fromUs: timeUs, toUs: timeUs + DAY_US }
}

async function findPlaces(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { instrument, name } = subject(query)
  const { timeUs } = query
  const rows = await findRows<TopMoverRow>(context.db, {
    from: 'gold_top_movers',
    where: { instrument_id: instrument.instrumentId },
    ...{ time: 'at_us', timeUs, what: `place of ${name} on a board` },
  })
  const tree = await traceMover(context, instrument, rows)
  return { name, row: rows[0], timeUs, tree, fromUs: timeUs - DAY_US, toUs: timeUs }
}

async function findCoinDay(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { instrument, name } = subject(query)
  const timeUs = bucketStart(query.timeUs, DAY_US)
  const [row] = await findRows<CoinDailyRow>(context.db, {
    from: 'gold_coin_daily',
    where: { instrument_id: instrument.instrumentId },
    ...{ time: 'day_us', timeUs, what: `day of ${name}` },
  })
  const tree = await traceCoinDay(context, row)
  return { name, row, timeUs, tree, fromUs: timeUs, toUs: timeUs + DAY_US }
}

async function findMarketDay(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { quote = 'usd' } = query
  const timeUs = bucketStart(query.timeUs, DAY_US)
  const [row] = await findRows<MarketDailyRow>(context.db, {
    from: 'gold_market_daily',
    where: { quote },
    ...{ time: 'day_us', timeUs, what: `day of all coins in ${quote}` },
  })
  const tree = await traceMarketDay(context, row)
  return { name: quote, row, timeUs, tree, fromUs: timeUs, toUs: timeUs + DAY_US }
}

async function findIndicators(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { instrument, name } = subject(query)
  const interval = intervalOf(query)
  const widthUs = INTERVALS[interval]
  const timeUs = bucketStart(query.timeUs, widthUs)
  const [row] = await findRows<IndicatorRow>(context.db, {
    from: 'gold_indicators',
    where: { instrument_id: instrument.instrumentId, interval_us: widthUs },
    ...{ time: 'open_time_us', timeUs, what: `${interval} indicators of ${name}` },
  })
  const tree = await traceIndicators(context, instrument, { ...row, interval })
  const fromUs = windowStartUs(timeUs, interval)
  return { name, row, timeUs, tree, fromUs, toUs: timeUs + widthUs }
}

async function findTrade(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { instrument, name } = subject(query)
  const rows = await findTrades(context, { ...query, instrument, name })
  const [row] = rows
  const nodes: LineageNode[] = []
  for (const [tapeId, some] of Map.groupBy(rows, ({ tape_id }) => tape_id)) {
    nodes.push(await tradesNode(context, tapeId, some))
  }
  const timeUs = row.event_time_us
  // Trades of one time on two tapes are two answers; the first tape's is the venue's own.
  const [tree, ...others] = nodes as [LineageNode, ...LineageNode[]]
  const made_from = [...tree.made_from, ...others]
  return { name, row, timeUs, tree: { ...tree, made_from }, fromUs: timeUs, toUs: timeUs + 1 }
}

async function findSnapshot(context: TraceContext, query: ValueQuery): Promise<Found> {
  const { instrument, name } = subject(query)
  const { timeUs } = query
  const [row] = await findRows<SnapshotRow>(context.db, {
    from: 'silver_snapshots',
    where: { instrument_id: instrument.instrumentId },
    ...{ time: 'time_us', timeUs, what: `snapshot of ${name}` },
  })
  const span = { fromUs: timeUs, toUs: timeUs + 1 }
  const instrumentIds = [instrument.instrumentId]
  const tree = await traceSnapshots(context, { instrumentIds, source: null, ...span })
  return { name, row, timeUs, tree, ...span }
}
