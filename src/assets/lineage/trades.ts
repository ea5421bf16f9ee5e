import { AssayError } from '../../core/errors.ts'
import { bucketStart, formatTimeUs, MINUTE_US } from '../../market/bucket.ts'
import type { Instrument } from '../../market/instrument.ts'
import { ORIGINS } from '../../market/record.ts'
import { SIDES } from '../../market/trade.ts'
import type { MinuteRow } from '../../warehouse/index.ts'
import { type ReachedTrade, rowsNode, type TraceContext } from './context.ts'
import { idRanges } from './ranges.ts'
import type { LineageNode } from './tree.ts'

/** Returns the trades that minutes were folded from, by tape, and where they stand in the logs. */
export async function traceTrades(
  context: TraceContext,
  instrument: Instrument,
  minutes: readonly MinuteRow[],
): Promise<LineageNode[]> {
  const tapes = new Map<number, ReachedTrade[]>()
  for (const minute of minutes) {
    if (minute.min_id === null || minute.max_id === null) continue
    const rows = await tradesOfMinute(context, instrument, minute)
    const kept = tapes.get(minute.tape_id)
    if (kept === undefined) tapes.set(minute.tape_id, rows)
    else for (const row of rows) kept.push(row)
  }
  const nodes: LineageNode[] = []
  for (const tapeId of [...tapes.keys()].sort((a, b) => a - b)) {
    nodes.push(await tradesNode(context, tapeId, tapes.get(tapeId) ?? []))
  }
  return nodes
}

/** Returns one minute's trades by (time, id). */
async function tradesOfMinute(
  { db }: TraceContext,
  { instrumentId }: Instrument,
  { open_time_us, tape_id, min_id, max_id }: MinuteRow,
): Promise<ReachedTrade[]> {
  const rows = await selectTrades({ db })
    .where('x.instrument_id', '=', instrumentId)
    .where('x.tape_id', '=', tape_id)
    .where('x.trade_id', '>=', min_id ?? 0)
    .where('x.trade_id', '<=', max_id ?? -1)
    .where('x.event_time_us', '>=', open_time_us)
    .where('x.event_time_us', '<', open_time_us + MINUTE_US)
    .execute()
  return rows.sort((a, b) => a.event_time_us - b.event_time_us || a.trade_id - b.trade_id)
}

/** Returns the query for trades with the names of their logs. */
export function selectTrades({ db }: Pick<TraceContext, 'db'>) {
  return db
    .selectFrom('silver_trades as x')
    .innerJoin('ops_logs as l', 'l.log_id', 'x.log_id')
    .selectAll('x')
    .select('l.name as log')
}

/** Returns the node of trades of one tape, in order of time. */
export async function tradesNode(
  { db, traced, onTrade }: TraceContext,
  tapeId: number,
  rows: readonly ReachedTrade[],
): Promise<LineageNode> {
  const tape = await db
    .selectFrom('silver_tapes')
    .select('file_hash')
    .where('tape_id', '=', tapeId)
    .executeTakeFirst()
  const name = tape?.file_hash || '0'
  if (onTrade !== undefined) for (const row of rows) onTrade(row)
  traced.count('trade', rows.length)
  const ranges = idRanges(
    rows.map((row) => {
      return { firstId: row.first_id ?? row.trade_id, lastId: row.last_id ?? row.trade_id }
    }),
  )
  const { rangesMax } = traced
  const events = rows.map((row) => ({
    kind: 'trade' as const,
    ...{ log: row.log, pos: row.pos, item: row.item, origin: row.origin },
    timeUs: row.event_time_us,
    receivedTimeUs: row.received_time_us,
  }))
  return rowsNode(
    {
      dataset: 'silver.trades',
      what: name === '0' ? 'trades' : `trades of the file ${name.slice(0, 12)}`,
      rows,
      timeOf: (row) => row.event_time_us,
      list: (row) => ({
        trade_id: String(row.trade_id),
        time: formatTimeUs(row.event_time_us),
        price: row.price,
        size: row.size,
        side: SIDES[row.side] ?? 'unknown',
        origin: ORIGINS[row.origin] ?? 'import',
        ...{ log: row.log, pos: row.pos, item: row.item },
      }),
      notes: notesOn(rows),
      ids: [
        {
          tape: name,
          trades: rows.length,
          ranges: ranges.slice(0, rangesMax),
          left_out: Math.max(0, ranges.length - rangesMax),
        },
      ],
      madeFrom: traced.recordsOf(events),
    },
    traced.rowsMax,
  )
}

function notesOn(rows: readonly ReachedTrade[]): string[] {
  const byOrigin = Map.groupBy(rows, ({ origin }) => ORIGINS[origin] ?? 'import')
  const repaired = byOrigin.get('rest')?.length ?? 0
  const socket = byOrigin.get('ws')?.length ?? 0
  if (repaired === 0) return []
  const what = socket === 0 ? 'fetched over REST' : 'that the socket never told came over REST'
  return [`${repaired} ${what}`]
}

/**
 * Returns the trades of a time, or the one of an id on the venue's own tape, by tape and id.
 * Trades have no index of time: they are found through the minutes around it.
 *
 * @throws ASSAY_NO_SUCH_ROW, with the nearest.
 */
export async function findTrades(
  context: TraceContext,
  of: {
    readonly instrument: Instrument
    readonly name: string
    readonly timeUs: number
    readonly tradeId?: number
  },
): Promise<[ReachedTrade, ...ReachedTrade[]]> {
  const { instrument, name, timeUs, tradeId } = of
  const rows =
    tradeId === undefined
      ? (await tradesAround(context, instrument, timeUs)).filter(
          (row) => row.event_time_us === timeUs,
        )
      : await selectTrades(context)
          .where('x.instrument_id', '=', instrument.instrumentId)
          .where('x.tape_id', '=', 0)
          .where('x.trade_id', '=', tradeId)
          .execute()
  const [first, ...others] = rows
  if (first !== undefined) return [first, ...others]
  if (tradeId !== undefined) {
    const message = `no trade ${tradeId} of ${name} is held`
    throw new AssayError('ASSAY_NO_SUCH_ROW', message, { context: { tradeId } })
  }
  const near = await tradesAround(context, instrument, timeUs)
  const before = near.findLast((row) => row.event_time_us < timeUs)
  const after = near.find((row) => row.event_time_us > timeUs)
  const times = [before, after].flatMap((row) => row && formatTimeUs(row.event_time_us))
  const nearest = times.filter((time) => time !== undefined)
  const hint = nearest.length === 0 ? 'none is near' : `the nearest: ${nearest.join(', ')}`
  const message = `no trade of ${name} at ${formatTimeUs(timeUs)}; ${hint}`
  throw new AssayError('ASSAY_NO_SUCH_ROW', message, { context: { nearest } })
}

/** Returns the trades of the minute of a time, and of the next that traded on either side. */
async function tradesAround(
  context: TraceContext,
  instrument: Instrument,
  timeUs: number,
): Promise<ReachedTrade[]> {
  const minuteUs = bucketStart(timeUs, MINUTE_US)
  const traded = () =>
    context.db
      .selectFrom('silver_candles_1m')
      .selectAll()
      .where('instrument_id', '=', instrument.instrumentId)
      .where('min_id', 'is not', null)
      .limit(1)
  const queries = [
    traded().where('open_time_us', '<', minuteUs).orderBy('open_time_us', 'desc'),
    traded().where('open_time_us', '=', minuteUs),
    traded().where('open_time_us', '>', minuteUs).orderBy('open_time_us'),
  ]
  const rows: ReachedTrade[] = []
  for (const query of queries) {
    const minute = await query.executeTakeFirst()
    if (minute !== undefined) rows.push(...(await tradesOfMinute(context, instrument, minute)))
  }
  return rows
}
