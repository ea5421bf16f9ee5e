// Breaks nothing: the first views.
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { BaseKind, SqlDialect } from '../dialect.ts'

const SIDES = ['buy', 'sell', 'unknown']
const ORIGINS = ['ws', 'rest', 'import']

/**
 * Which venue candle may stand for a minute: a closed one, and of several the first of
 * socket, REST, import, which is the order of their codes.
 */
const BEST_SOURCE = (minute: string) => `(
    select min(w.source) from silver_venue_candles w
    where w.instrument_id = ${minute}.instrument_id
      and w.open_time_us = ${minute}.open_time_us and w.closed = 1)`

const PRICES = ['open', 'high', 'low', 'close']
const SUMS = ['volume', 'notional', 'taker_buy_volume']
const PRICED = [...PRICES, ...SUMS]

/** Zero is written in one way only, so this needs no comparison of decimals. */
const IS_EMPTY = `v.volume = '0'`
const VENUE_STATUS = `case when ${IS_EMPTY} then 'no_trades' else 'traded' end`

/** A venue candle's column, as ours says it: no price where nothing was traded. */
function venueColumn(column: string): string {
  return PRICES.includes(column)
    ? `case when ${IS_EMPTY} then null else v.${column} end`
    : `v.${column}`
}

/** A column of `candles_1m_exact`: its type, and what a minute and a venue candle say. */
type ExactColumn = readonly [name: string, kind: BaseKind, ours: string, theirs: string]

/**
 * The candles of a minute by precedence (D7): complete trades, then a closed venue candle,
 * then incomplete trades. The second half adds minutes that only a venue candle knows.
 *
 * Each column has one type in both halves, which lets SQLite read both in the order of time
 * and merge them, instead of sorting all of an instrument's minutes for the last few.
 */
function exactMinutes({ nameOf, cast }: SqlDialect): string {
  const columns: readonly ExactColumn[] = [
    ...PRICED.map((name): ExactColumn => [name, kindOf(name), `m.${name}`, venueColumn(name)]),
    ['trade_count', 'integer', 'm.trade_count', 'v.trade_count'],
    ['source', 'name', `'trades'`, nameOf('v.source', ORIGINS)],
    ['status', 'name', 'm.status', VENUE_STATUS],
    ['complete', 'flag', 'm.complete', '1'],
  ]
  const either = columns.map(([name, kind, ours, theirs]) => {
    return `${cast(`case when v.source is null then ${ours} else ${theirs} end`, kind)} as ${name}`
  })
  const theirs = columns.map(([, kind, , value]) => cast(value, kind))
  const changed = 'case when v.change_seq > m.change_seq then v.change_seq else m.change_seq end'
  return `
    select m.instrument_id, m.open_time_us, ${either.join(', ')}, m.repaired, m.revision,
      ${cast(changed, 'integer')} as change_seq
    from silver_candles_1m m
    left join silver_venue_candles v on m.complete = 0
      and v.instrument_id = m.instrument_id and v.open_time_us = m.open_time_us
      and v.source = ${BEST_SOURCE('m')}
    where m.source = 'trades'
    union all
    select v.instrument_id, v.open_time_us, ${theirs.join(', ')},
      ${cast('0', 'flag')}, ${cast('0', 'integer')}, v.change_seq
    from silver_venue_candles v
    where v.source = ${BEST_SOURCE('v')}
      and not exists (
        select 1 from silver_candles_1m m
        where m.instrument_id = v.instrument_id and m.open_time_us = v.open_time_us
          and m.source = 'trades')`
}

function kindOf(column: string): BaseKind {
  return column === 'notional' ? 'notional' : 'decimal'
}

/** Candles as people read them: names, times as text, prices as floats, from `table`. */
function readableCandles(
  { isoTime, approximate }: SqlDialect,
  table: string,
  extra: string,
): string {
  const prices = PRICED.map((column) => `${approximate(`c.${column}`)} as ${column}`).join(', ')
  return `
    select i.venue, i.symbol, ${isoTime('c.open_time_us')} as open_time, ${prices},
      ${approximate('c.notional')} / nullif(${approximate('c.volume')}, 0) as vwap,
      c.trade_count, ${extra} c.status, c.complete, c.repaired, c.revision,
      c.instrument_id, c.open_time_us
    from ${table} c join instruments i on i.instrument_id = c.instrument_id`
}

function readableTrades({ isoTime, approximate, nameOf }: SqlDialect): string {
  return `
    select i.venue, i.symbol, t.file_hash as tape, x.trade_id,
      ${isoTime('x.event_time_us')} as event_time,
      ${approximate('x.price')} as price, ${approximate('x.size')} as size,
      ${nameOf('x.side', SIDES)} as side, x.trade_count, ${nameOf('x.origin', ORIGINS)} as origin,
      ${isoTime('x.received_time_us')} as received_time,
      x.instrument_id, x.tape_id, x.event_time_us
    from silver_trades x
    join instruments i on i.instrument_id = x.instrument_id
    join silver_tapes t on t.tape_id = x.tape_id`
}

function gapsWork({ isoTime }: SqlDialect): string {
  return `
    select i.venue, i.symbol, t.file_hash as tape, g.first_id, g.last_id,
      ${isoTime('g.from_us')} as from_time, ${isoTime('g.to_us')} as to_time,
      g.attempts, ${isoTime('g.last_attempt_us')} as last_attempt,
      coalesce(g.verdict, 'open') as verdict, g.evidence
    from ops_gap_work g
    join instruments i on i.instrument_id = g.instrument_id
    join silver_tapes t on t.tape_id = g.tape_id`
}

function quarantine({ isoTime }: SqlDialect): string {
  return `
    select l.name as log, q.pos, q.item, q.reason, q.detail, q.sample, q.dialect, q.state,
      ${isoTime('q.received_time_us')} as received_time
    from silver_quarantine q join ops_logs l on l.log_id = q.log_id`
}

function instrumentsNamed({ isoTime }: SqlDialect): string {
  return `
    select instrument_id, venue || ':' || symbol as name, base || '-' || quote as product,
      venue, symbol, kind, base, quote, multiplier, price_step, size_step,
      ${isoTime('listed_from_us')} as listed_from, ${isoTime('delisted_us')} as delisted
    from instruments`
}

const INTERVAL_SECONDS = 'c.interval_us / 1000000 as interval_seconds,'

/** Returns the migration that creates every view. */
export function createViews(dialect: SqlDialect): Migration {
  const views: Readonly<Record<string, string>> = {
    candles_1m_exact: exactMinutes(dialect),
    candles_1m: readableCandles(dialect, 'candles_1m_exact', 'c.source,'),
    candles: readableCandles(dialect, 'gold_candles', INTERVAL_SECONDS),
    trades: readableTrades(dialect),
    gaps_work: gapsWork(dialect),
    quarantine: quarantine(dialect),
    instruments_named: instrumentsNamed(dialect),
  }
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, select] of Object.entries(views)) {
        await sql.raw(`create view ${name} as ${select}`).execute(db)
      }
    },
  }
}
