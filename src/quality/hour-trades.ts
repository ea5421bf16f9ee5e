import type { Kysely } from 'kysely'
import type { Range } from '../silver/ranges.ts'
import type { Schema, TradeRow } from '../warehouse/index.ts'

/** A stored trade with the name of the log its standing report is in. */
export type CitedTrade = TradeRow & { readonly log: string }

/** Trades of an instrument's own numbering in a span of time. */
export interface HourSpan {
  readonly instrumentId: number
  readonly fromUs: number
  readonly toUs: number
}

const CHUNK = 5000
/** Ids an aggregate may stand for, at most: what overlaps an id begins no further before it. */
const AGGREGATE_MAX = 100_000

/**
 * Visits, in order of id, the trades from the least to the greatest id of a span: those of the
 * span, and those between them whose time lies outside of it, for time need not ascend with id.
 * A few thousand are in memory at a time.
 */
export async function readHourTrades(
  db: Kysely<Schema>,
  span: HourSpan,
  visit: (row: CitedTrade) => void,
): Promise<void> {
  const bounds = await minutesWithTrades(db, span.instrumentId)
    .select((eb) => [eb.fn.min('min_id').as('least'), eb.fn.max('max_id').as('greatest')])
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .executeTakeFirst()
  const greatest = bounds?.greatest ?? null
  for (let next = bounds?.least ?? null; next !== null && greatest !== null; ) {
    const rows = await tradesOf(db, span.instrumentId)
      .where('x.trade_id', '>=', next)
      .where('x.trade_id', '<=', greatest)
      .orderBy('x.trade_id')
      .limit(CHUNK)
      .execute()
    for (const row of rows) visit(row)
    const last = rows.at(-1)
    next = last === undefined || rows.length < CHUNK ? null : last.trade_id + 1
  }
}

/** The trades beside an hour, where they are held: with them nothing can be missing there. */
export interface Neighbours {
  readonly before: CitedTrade | null
  readonly after: CitedTrade | null
}

/**
 * Finds the trades just before and just after the hour's own by id, where they lie outside of
 * the hour by time. An hour without trades has them where they are next to each other.
 */
export async function findNeighbours(
  db: Kysely<Schema>,
  at: HourSpan & { readonly first: number | null; readonly last: number | null },
): Promise<Neighbours> {
  const { instrumentId, first, last } = at
  if (first === null || last === null) return neighboursOfNothing(db, at)
  const below = await tradesOf(db, instrumentId)
    .where('x.trade_id', '<', first)
    .orderBy('x.trade_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const above = await tradesOf(db, instrumentId)
    .where('x.trade_id', '=', last + 1)
    .executeTakeFirst()
  const isBefore =
    below !== undefined && lastIdOf(below) === first - 1 && below.event_time_us < at.fromUs
  const isAfter = above !== undefined && above.event_time_us >= at.toUs
  return { before: isBefore ? below : null, after: isAfter ? above : null }
}

async function neighboursOfNothing(db: Kysely<Schema>, at: HourSpan): Promise<Neighbours> {
  const nobody = { before: null, after: null }
  const later = await minutesWithTrades(db, at.instrumentId)
    .select('min_id')
    .where('open_time_us', '>=', at.toUs)
    .orderBy('open_time_us')
    .limit(1)
    .executeTakeFirst()
  if (later === undefined || later.min_id === null) return nobody
  const [before, after] = await tradesOf(db, at.instrumentId)
    .where('x.trade_id', '<=', later.min_id)
    .orderBy('x.trade_id', 'desc')
    .limit(2)
    .execute()
    .then((rows) => rows.reverse())
  if (before === undefined || after === undefined) return nobody
  const isNext = lastIdOf(before) + 1 === after.trade_id
  const isAround = before.event_time_us < at.fromUs && after.event_time_us >= at.toUs
  return isNext && isAround ? { before, after } : nobody
}

/** Returns the trades, and the ranges kept as rivals, that share ids with a range. */
export async function findSharing(
  db: Kysely<Schema>,
  instrumentId: number,
  { firstId, lastId }: Range,
): Promise<{ readonly trades: readonly CitedTrade[]; readonly rivals: readonly Range[] }> {
  const near = await tradesOf(db, instrumentId)
    .where('x.trade_id', '>', firstId - AGGREGATE_MAX)
    .where('x.trade_id', '<=', lastId)
    .where(({ eb, or }) => or([eb('x.trade_id', '>=', firstId), eb('x.last_id', '>=', firstId)]))
    .execute()
  const rivals = await db
    .selectFrom('silver_rivals')
    .select(['first_id', 'last_id'])
    .where('instrument_id', '=', instrumentId)
    .where('tape_id', '=', 0)
    .where('first_id', '<=', lastId)
    .where('last_id', '>=', firstId)
    .execute()
  return {
    trades: near,
    rivals: rivals.map((row) => ({ firstId: row.first_id, lastId: row.last_id })),
  }
}

/** Returns the newest time any log was refined up to: the facts' own now. */
export async function logTimeUs(db: Kysely<Schema>): Promise<number> {
  const row = await db
    .selectFrom('ops_logs')
    .select((eb) => eb.fn.max('time_us').as('time'))
    .executeTakeFirst()
  return row?.time ?? 0
}

function lastIdOf(row: TradeRow): number {
  return row.last_id ?? row.trade_id
}

function minutesWithTrades(db: Kysely<Schema>, instrumentId: number) {
  return db
    .selectFrom('silver_candles_1m')
    .where('instrument_id', '=', instrumentId)
    .where('tape_id', '=', 0)
    .where('trade_count', '>', 0)
}

function tradesOf(db: Kysely<Schema>, instrumentId: number) {
  return db
    .selectFrom('silver_trades as x')
    .innerJoin('ops_logs as l', 'l.log_id', 'x.log_id')
    .selectAll('x')
    .select('l.name as log')
    .where('x.instrument_id', '=', instrumentId)
    .where('x.tape_id', '=', 0)
}
