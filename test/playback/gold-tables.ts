import { foldSpan } from '../../src/gold/candle-spans.ts'
import { foldCoinDaily } from '../../src/gold/coin-daily.ts'
import { foldDailyKpis } from '../../src/gold/daily-kpis.ts'
import type { GoldInterval } from '../../src/gold/fold-buckets.ts'
import { foldMarketDaily } from '../../src/gold/market-daily.ts'
import type { GoldOutcome, GoldSpan } from '../../src/gold/run.ts'
import { foldTopMovers } from '../../src/gold/top-movers.ts'
import type { Warehouse } from '../../src/warehouse/index.ts'

/** One hour and one day in microseconds. */
export const HOUR_US = 3_600_000_000
export const DAY_US = 24 * HOUR_US

/** Tables of gold that measures fill. */
export const GOLD_TABLES = [
  'gold_candles',
  'gold_daily_kpis',
  'gold_top_movers',
  'gold_coin_daily',
  'gold_market_daily',
] as const

/** One of {@link GOLD_TABLES}. */
export type GoldTable = (typeof GOLD_TABLES)[number]

/** A part of gold, as the flow makes it: what, and when. */
export interface Part extends GoldSpan {
  readonly name: string
  readonly table: GoldTable
  readonly make: (warehouse: Warehouse) => Promise<GoldOutcome>
}

const HOURLY: readonly GoldInterval[] = ['5m', '15m', '30m', '1h']
const DAILY: readonly GoldInterval[] = ['4h', '1d']

/** Returns the parts of a span of whole days, each after those it is made from. */
export function partsOf(span: GoldSpan): Part[] {
  const parts: Part[] = []
  const put = (name: string, table: GoldTable, at: GoldSpan, make: Part['make']) => {
    parts.push({ name: `${name} ${at.fromUs}`, table, ...at, make })
  }
  for (const interval of [...HOURLY, ...DAILY]) {
    for (const at of cut(span, HOURLY.includes(interval) ? HOUR_US : DAY_US)) {
      put(interval, 'gold_candles', at, (run) => foldSpan(run, { interval, ...at }))
    }
  }
  for (const at of cut(span, DAY_US)) {
    put('kpis', 'gold_daily_kpis', at, (run) => foldDailyKpis(run, at))
    put('coins', 'gold_coin_daily', at, (run) => foldCoinDaily(run, at))
    put('market', 'gold_market_daily', at, (run) => foldMarketDaily(run, at))
  }
  // Every few hours: boards look back two days each.
  for (const at of cut(span, 6 * HOUR_US)) {
    put('movers', 'gold_top_movers', at, (run) => foldTopMovers(run, at))
  }
  return parts
}

function cut({ fromUs, toUs }: GoldSpan, widthUs: number): GoldSpan[] {
  const spans: GoldSpan[] = []
  for (let at = fromUs; at < toUs; at += widthUs) spans.push({ fromUs: at, toUs: at + widthUs })
  return spans
}

/** Makes parts one after the other, and returns their versions by name. */
export async function makeParts(
  warehouse: Warehouse,
  parts: readonly Part[],
): Promise<Map<string, GoldOutcome>> {
  const made = new Map<string, GoldOutcome>()
  for (const { name, make } of parts) made.set(name, await make(warehouse))
  return made
}

/** A row without what says when it was written. */
export type Facts = Readonly<Record<string, unknown>>

/** Returns every row of a table, by its key, without stamps. */
export async function rowsOf(warehouse: Warehouse, table: GoldTable): Promise<Facts[]> {
  const rows = await warehouse.read((db) => db.selectFrom(table).selectAll().execute())
  return (rows as object[])
    .map((row): Facts => {
      const { change_seq: _, revision: __, ...facts } = row as Record<string, unknown>
      return facts
    })
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** Returns the rows of every table. */
export async function goldOf(warehouse: Warehouse): Promise<Record<string, Facts[]>> {
  const tables: Record<string, Facts[]> = {}
  for (const table of GOLD_TABLES) tables[table] = await rowsOf(warehouse, table)
  return tables
}
