import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { SqlDialect } from '../dialect.ts'

const CANDLE = ['open', 'high', 'low', 'close', 'change', 'change_pct', 'volume', 'notional']
const COIN = ['avg_price', 'min_price', 'max_price', 'open_price', 'close_price']
const SHARES = ['bitcoin_share_pct', 'ethereum_share_pct', 'avg_change_pct']

/** Columns of `table` as floats, under their names. */
function floats({ approximate }: SqlDialect, table: string, columns: readonly string[]): string {
  return columns.map((column) => `${approximate(`${table}.${column}`)} as ${column}`).join(', ')
}

function dailyKpis(dialect: SqlDialect): string {
  return `
    select i.venue, i.symbol, ${dialect.isoTime('k.day_us')} as day,
      ${floats(dialect, 'k', [...CANDLE, 'vwap'])}, k.trade_count,
      ${floats(dialect, 'k', ['taker_buy_volume', 'buy_share'])}, k.status, k.complete,
      i.base, i.quote, k.instrument_id, k.day_us
    from gold_daily_kpis k join instruments i on i.instrument_id = k.instrument_id`
}

function topMovers(dialect: SqlDialect): string {
  const figures = ['price', 'price_before', 'change_pct', 'notional']
  return `
    select ${dialect.isoTime('m.at_us')} as at_time, m.venue, m.currency, m.board, m.rank, i.symbol,
      ${floats(dialect, 'm', figures)}, m.complete, i.base, i.quote, m.instrument_id, m.at_us
    from gold_top_movers m join instruments i on i.instrument_id = m.instrument_id`
}

function coinDaily(dialect: SqlDialect): string {
  return `
    select i.venue, i.symbol, i.base, ${dialect.isoTime('c.day_us')} as day, c.quote,
      ${floats(dialect, 'c', COIN)}, c.data_points, c.source,
      ${floats(dialect, 'c', ['market_cap', 'volume_24h'])}, c.market_cap_rank,
      c.instrument_id, c.day_us
    from gold_coin_daily c join instruments i on i.instrument_id = c.instrument_id`
}

function marketDaily(dialect: SqlDialect): string {
  return `
    select ${dialect.isoTime('d.day_us')} as day, d.quote, d.coins, d.rising, d.falling,
      d.unchanged, ${floats(dialect, 'd', ['market_cap', 'volume_24h', ...SHARES])},
      d.data_points, d.day_us
    from gold_market_daily d`
}

/** Creates the views that show the measures of gold to people: times as text, floats. */
export async function createGoldViews(db: Kysely<unknown>, dialect: SqlDialect): Promise<void> {
  const views: Readonly<Record<string, string>> = {
    daily_kpis: dailyKpis(dialect),
    top_movers: topMovers(dialect),
    coin_daily: coinDaily(dialect),
    market_daily: marketDaily(dialect),
  }
  for (const [name, select] of Object.entries(views)) {
    await sql.raw(`create view ${name} as ${select}`).execute(db)
  }
}
