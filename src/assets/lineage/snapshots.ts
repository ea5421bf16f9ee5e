import { formatTimeUs } from '../../market/bucket.ts'
import type { CoinDailyRow, MarketDailyRow, SnapshotRow } from '../../warehouse/index.ts'
import { rowNode, rowsNode, type TraceContext } from './context.ts'
import type { LineageNode } from './tree.ts'

const DAY_US = 86_400_000_000
const REST = 1

type Snapshot = SnapshotRow & { readonly log: string; readonly symbol: string }

/** Which snapshots were used. */
export interface SnapshotSpan {
  readonly instrumentIds: readonly number[]
  readonly source: SnapshotRow['source'] | null
  readonly fromUs: number
  readonly toUs: number
}

/** Returns the snapshots of coins over a span, and the answers they stand in. */
export async function traceSnapshots(
  context: TraceContext,
  span: SnapshotSpan,
): Promise<LineageNode> {
  const { traced, db } = context
  let query = db
    .selectFrom('silver_snapshots as s')
    .innerJoin('ops_logs as l', 'l.log_id', 's.log_id')
    .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
    .selectAll('s')
    .select(['l.name as log', 'i.symbol'])
    .where('s.instrument_id', 'in', [...span.instrumentIds, -1])
    .where('s.time_us', '>=', span.fromUs)
    .where('s.time_us', '<', span.toUs)
  if (span.source !== null) query = query.where('s.source', '=', span.source)
  const rows: Snapshot[] = await query.orderBy('s.time_us').orderBy('i.symbol').execute()
  traced.count('snapshot', rows.length)
  const events = rows.map((row) => ({
    kind: 'snapshot' as const,
    ...{ log: row.log, pos: row.pos, item: row.item },
    // Snapshots are polled: there is no socket, and no file, that tells of them.
    origin: REST,
    timeUs: row.time_us,
    receivedTimeUs: row.received_time_us,
  }))
  const lacking = rows.filter(({ price }) => price === null).length
  return rowsNode(
    {
      dataset: 'silver.snapshots',
      what: span.source === 'chart' ? 'samples of history' : 'snapshots',
      rows,
      timeOf: (row) => row.time_us,
      list: (row) => ({
        time: formatTimeUs(row.time_us),
        coin: row.symbol,
        source: row.source,
        price: row.price,
        market_cap: row.market_cap,
        volume_24h: row.volume_24h,
        ...{ log: row.log, pos: row.pos, item: row.item },
      }),
      notes: lacking === 0 ? [] : [`${lacking} without a price, which count for nothing`],
      madeFrom: traced.recordsOf(events),
    },
    traced.rowsMax,
  )
}

/** Returns a coin's day, of the snapshots that it averages. */
export async function traceCoinDay(context: TraceContext, row: CoinDailyRow): Promise<LineageNode> {
  const made = await traceSnapshots(context, {
    instrumentIds: [row.instrument_id],
    source: row.source,
    ...dayOf(row.day_us),
  })
  const { avg_price, min_price, max_price, data_points, source } = row
  return rowNode({
    dataset: 'gold.coin_daily',
    what: "a coin's day",
    timeUs: row.day_us,
    listed: { day: formatTimeUs(row.day_us), avg_price, min_price, max_price, data_points, source },
    made_from: [made],
  })
}

/** Returns the day of all coins, of each coin's day, of their snapshots. */
export async function traceMarketDay(
  context: TraceContext,
  row: MarketDailyRow,
): Promise<LineageNode> {
  const { db, traced } = context
  const coins = await db
    .selectFrom('gold_coin_daily as c')
    .innerJoin('instruments as i', 'i.instrument_id', 'c.instrument_id')
    .selectAll('c')
    .select('i.symbol')
    .where('c.day_us', '=', row.day_us)
    .where('c.quote', '=', row.quote)
    .orderBy('i.symbol')
    .execute()
  const bySource = Map.groupBy(coins, ({ source }) => source)
  const made: LineageNode[] = []
  for (const [source, some] of bySource) {
    const instrumentIds = some.map((coin) => coin.instrument_id)
    made.push(await traceSnapshots(context, { instrumentIds, source, ...dayOf(row.day_us) }))
  }
  const days = rowsNode(
    {
      dataset: 'gold.coin_daily',
      what: "coins' days",
      rows: coins,
      timeOf: (coin) => coin.day_us,
      list: ({ symbol, avg_price, market_cap, data_points, source }) => {
        return { coin: symbol, avg_price, market_cap, data_points, source }
      },
      madeFrom: made,
    },
    traced.rowsMax,
  )
  const { quote, market_cap, volume_24h, data_points } = row
  return rowNode({
    dataset: 'gold.market_daily',
    what: 'the day of all coins',
    timeUs: row.day_us,
    listed: { quote, coins: row.coins, market_cap, volume_24h, data_points },
    made_from: [days],
  })
}

function dayOf(dayUs: number): { readonly fromUs: number; readonly toUs: number } {
  return { fromUs: dayUs, toUs: dayUs + DAY_US }
}
