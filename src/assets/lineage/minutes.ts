import { formatTimeUs } from '../../market/bucket.ts'
import { ORIGINS } from '../../market/record.ts'
import type { ExactMinuteRow, MinuteRow, VenueCandleRow, Views } from '../../warehouse/index.ts'
import { rowsNode, type TraceContext, type TraceSpan } from './context.ts'
import type { TracedEvent } from './traced.ts'
import { traceTrades } from './trades.ts'
import type { LineageNode } from './tree.ts'

/** Candles of the venue's that are looked for in the raw log, where only their receipt is known. */
const CANDLES_SOUGHT_MAX = 6

/** Returns the minutes of a span as they are read by precedence, and what they stand on. */
export async function traceMinutes(context: TraceContext, span: TraceSpan): Promise<LineageNode> {
  const exact = await exactMinutes(context, span)
  const folds = new Map((await foldedMinutes(context, span)).map((row) => [row.open_time_us, row]))
  const isFold = ({ source }: ExactMinuteRow) => source === 'trades'
  const used = exact.filter(isFold).flatMap(({ open_time_us: at }) => folds.get(at) ?? [])
  const stoodIn = exact.filter((row) => !isFold(row))
  const children = [
    ...(await traceTrades(context, span.instrument, used)),
    ...(await traceVenueCandles(context, span, stoodIn)),
  ]
  return rowsNode(
    {
      dataset: 'silver.candles_1m',
      what: 'minutes, by precedence',
      rows: exact,
      timeOf: (row) => row.open_time_us,
      list: ({ open_time_us, open, high, low, close, volume, ...row }) => ({
        open_time: formatTimeUs(open_time_us),
        ...{ open, high, low, close, volume },
        trade_count: row.trade_count,
        source: row.source,
        status: row.status,
        complete: row.complete,
        repaired: row.repaired,
      }),
      notes: notesOn(exact, folds),
      madeFrom: children,
    },
    context.traced.rowsMax,
  )
}

function exactMinutes({ db }: TraceContext, { instrument, fromUs, toUs }: TraceSpan) {
  return db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .selectAll()
    .where('instrument_id', '=', instrument.instrumentId)
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
    .orderBy('open_time_us')
    .execute()
}

function foldedMinutes({ db }: TraceContext, { instrument, fromUs, toUs }: TraceSpan) {
  return db
    .selectFrom('silver_candles_1m')
    .selectAll()
    .where('instrument_id', '=', instrument.instrumentId)
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
    .orderBy('open_time_us')
    .execute()
}

function notesOn(exact: readonly ExactMinuteRow[], folds: ReadonlyMap<number, MinuteRow>) {
  const notes: string[] = []
  const say = (rows: readonly ExactMinuteRow[], what: string) => {
    if (rows.length > 0) notes.push(`${rows.length} ${what}`)
  }
  const count = (of: (row: ExactMinuteRow) => boolean) => exact.filter(of)
  say(
    count((row) => row.status === 'no_trades'),
    "without trades, by ids that follow each other or by the venue's word",
  )
  say(
    count((row) => row.status === 'venue_down'),
    'while the venue was down',
  )
  say(
    count((row) => row.status === 'unknown'),
    'of which nothing is known',
  )
  say(
    count((row) => row.complete === 0),
    'not proven complete',
  )
  say(
    count((row) => row.repaired === 1),
    'repaired: a trade of theirs came over REST or from a file',
  )
  const beaten = exact
    .filter((row) => row.source !== 'trades')
    .map((row) => folds.get(row.open_time_us)?.trade_count ?? 0)
    .filter((trades) => trades > 0)
  if (beaten.length > 0) {
    const trades = beaten.reduce((a, b) => a + b)
    notes.push(
      `${trades} trades of ${beaten.length} minutes are held and not used: ` +
        "the venue's own candle stands before incomplete trades",
    )
  }
  return notes
}

/** Returns the venue's candles that stand for minutes, by their source. */
async function traceVenueCandles(
  context: TraceContext,
  span: TraceSpan,
  minutes: readonly ExactMinuteRow[],
): Promise<LineageNode[]> {
  if (minutes.length === 0) return []
  const sourceAt = new Map(minutes.map((row) => [row.open_time_us, row.source]))
  const stored = await context.db
    .selectFrom('silver_venue_candles')
    .selectAll()
    .where('instrument_id', '=', span.instrument.instrumentId)
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .orderBy('open_time_us')
    .execute()
  const used = stored.filter((row) => sourceAt.get(row.open_time_us) === ORIGINS[row.source])
  const groups = Map.groupBy(used, ({ source }) => source)
  const nodes: LineageNode[] = []
  for (const source of [...groups.keys()].sort((a, b) => a - b)) {
    const rows = groups.get(source) ?? []
    nodes.push(await venueCandlesNode(context, span, rows))
  }
  return nodes
}

async function venueCandlesNode(
  context: TraceContext,
  { instrument }: TraceSpan,
  rows: readonly VenueCandleRow[],
): Promise<LineageNode> {
  const events = await findRecords(context, instrument.symbol, rows)
  context.traced.count('candle', rows.length)
  const notes = ["the venue's own candles, closed: they stand where trades are not complete"]
  if (events.length < rows.length) {
    notes.push(
      `where ${rows.length - events.length} of them stand in the raw log was not looked for or ` +
        'not found: a candle keeps the time of its receipt, not its position',
    )
  }
  return rowsNode(
    {
      dataset: 'silver.venue_candles',
      what: `candles of the venue, ${ORIGINS[rows[0]?.source ?? 0]}`,
      rows,
      timeOf: (row) => row.open_time_us,
      list: ({ open_time_us, open, high, low, close, volume, received_time_us }) => ({
        open_time: formatTimeUs(open_time_us),
        ...{ open, high, low, close, volume },
        received_time: formatTimeUs(received_time_us),
      }),
      notes,
      madeFrom: context.traced.recordsOf(events),
    },
    context.traced.rowsMax,
  )
}

/** Looks for the records of the first few candles and of the last. */
async function findRecords(
  { db, look }: TraceContext,
  symbol: string,
  rows: readonly VenueCandleRow[],
): Promise<TracedEvent[]> {
  const logs = await db.selectFrom('ops_logs').select('name').orderBy('log_id').execute()
  const few = rows.length <= CANDLES_SOUGHT_MAX
  const sought = few ? rows : [...rows.slice(0, CANDLES_SOUGHT_MAX - 1), ...rows.slice(-1)]
  return sought.flatMap((row) => {
    const { source, received_time_us: receivedTimeUs, open_time_us: openTimeUs } = row
    for (const { name } of logs) {
      const place = look.findCandle(name, { symbol, openTimeUs, source, receivedTimeUs })
      if (place === null) continue
      const kind = 'candle' as const
      const event = { kind, log: name, ...place, origin: source, timeUs: openTimeUs }
      return [{ ...event, receivedTimeUs }]
    }
    return []
  })
}

/** Returns the start of the last minute of a span in which an instrument traded; or null. */
export async function lastTradedMinute(
  { db }: TraceContext,
  { instrument, fromUs, toUs }: TraceSpan,
): Promise<number | null> {
  const row = await db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .select('open_time_us')
    .where('instrument_id', '=', instrument.instrumentId)
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
    .where('status', '=', 'traded')
    .orderBy('open_time_us', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.open_time_us ?? null
}
