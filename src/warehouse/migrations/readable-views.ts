import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { SqlDialect } from '../dialect.ts'

const SIDES = ['buy', 'sell', 'unknown']
const ORIGINS = ['ws', 'rest', 'import']
const PRICED = ['open', 'high', 'low', 'close', 'volume', 'notional', 'taker_buy_volume']
const INTERVAL_SECONDS = 'c.interval_us / 1000000 as interval_seconds,'

/**
 * What an instrument truly quotes, and the one name that people know it by where it quotes
 * dollars or what is kept at a dollar. The name is a view: nothing stored is converted (D5).
 */
const QUOTED = `i.base, i.quote, i.multiplier,
      case when i.quote in ('USD', 'USDT', 'USDC') then i.base || '-USD' end as usd_name`

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
      ${QUOTED}, c.instrument_id, c.open_time_us
    from ${table} c join instruments i on i.instrument_id = c.instrument_id`
}

function readableTrades({ isoTime, approximate, nameOf }: SqlDialect): string {
  return `
    select i.venue, i.symbol, t.file_hash as tape, x.trade_id,
      coalesce(x.last_id, x.trade_id) as last_id,
      ${isoTime('x.event_time_us')} as event_time,
      ${approximate('x.price')} as price, ${approximate('x.size')} as size,
      ${nameOf('x.side', SIDES)} as side, x.trade_count, ${nameOf('x.origin', ORIGINS)} as origin,
      ${isoTime('x.received_time_us')} as received_time,
      ${QUOTED}, x.instrument_id, x.tape_id, x.event_time_us
    from silver_trades x
    join instruments i on i.instrument_id = x.instrument_id
    join silver_tapes t on t.tape_id = x.tape_id`
}

function instrumentsNamed({ isoTime }: SqlDialect): string {
  return `
    select i.instrument_id, i.venue || ':' || i.symbol as name, i.base || '-' || i.quote as product,
      i.venue, i.symbol, i.kind, ${QUOTED}, i.price_step, i.size_step,
      ${isoTime('i.listed_from_us')} as listed_from, ${isoTime('i.delisted_us')} as delisted
    from instruments i`
}

/** Puts the views that name an instrument in place of those of the first release. */
export async function recreateViews(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  const views = {
    candles_1m: readableCandles(dialect, 'candles_1m_exact', 'c.source,'),
    candles: readableCandles(dialect, 'gold_candles', INTERVAL_SECONDS),
    trades: readableTrades(dialect),
    instruments_named: instrumentsNamed(dialect),
  }
  for (const [name, select] of Object.entries(views)) {
    await db.schema.dropView(name).execute()
    await sql.raw(`create view ${name} as ${select}`).execute(db)
  }
}
