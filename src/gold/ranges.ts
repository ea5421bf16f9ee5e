import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { INTERVALS, type IntervalName } from '../market/bucket.ts'
import type { Schema, Table } from '../warehouse/index.ts'
import type { GoldSpan } from './run.ts'

/**
 * Rows whose key begins with their instrument (and interval) and goes on with a time: of one
 * instrument and a span they are one range of the key.
 */
export interface KeyedByTime {
  readonly table: Table
  readonly time: 'open_time_us' | 'time_us' | 'day_us'
  readonly intervalUs?: number
}

/** The rows that minutes by precedence are read from. */
export const MINUTES: readonly KeyedByTime[] = [
  { table: 'silver_candles_1m', time: 'open_time_us' },
  { table: 'silver_venue_candles', time: 'open_time_us' },
]

/** The rows that coins are told of in. */
export const SNAPSHOTS: KeyedByTime = { table: 'silver_snapshots', time: 'time_us' }

/** Returns the rows that candles of an interval are read from. */
export function candleRows(interval: IntervalName): readonly KeyedByTime[] {
  if (interval === '1m') return MINUTES
  return [{ table: 'gold_candles', time: 'open_time_us', intervalUs: INTERVALS[interval] }]
}

/** Returns the instruments that have a row of any of these within the span. */
export async function instrumentsWith(
  db: Kysely<Schema>,
  ranges: readonly KeyedByTime[],
  span: GoldSpan,
): Promise<number[]> {
  const one = ranges.map(
    (range) => sql`exists (select 1 from ${sql.table(range.table)} r
      where r.instrument_id = i.instrument_id and ${within(range, span)})`,
  )
  const { rows } = await sql<{ instrument_id: number }>`
    select i.instrument_id from instruments i where ${sql.join(one, sql` or `)}`.execute(db)
  return rows.map((row) => row.instrument_id)
}

/**
 * Returns a short text that changes with the rows of a span: how many there are, the number of
 * the last commit that changed one, and the sum of all such numbers.
 *
 * A row that comes or changes raises the second. One that is deleted lowers the first, whatever
 * becomes of the others.
 */
export async function fingerprintOf(
  db: Kysely<Schema>,
  ranges: readonly KeyedByTime[],
  span: GoldSpan,
): Promise<string> {
  const texts: string[] = []
  for (const range of ranges) {
    const { rows } = await sql<{ count: number; last: number | null; sum: number | null }>`
      select count(*) as count, max(r.change_seq) as last, sum(r.change_seq) as sum
      from ${sql.table(range.table)} r
      where r.instrument_id in (select instrument_id from instruments)
        and ${within(range, span)}`.execute(db)
    texts.push(`${rows[0]?.count ?? 0}.${rows[0]?.last ?? 0}.${rows[0]?.sum ?? 0}`)
  }
  return texts.join(' ')
}

function within({ time, intervalUs }: KeyedByTime, { fromUs, toUs }: GoldSpan) {
  const column = sql.ref(`r.${time}`)
  const inTime = sql`${column} >= ${fromUs} and ${column} < ${toUs}`
  return intervalUs === undefined ? inTime : sql`r.interval_us = ${intervalUs} and ${inTime}`
}
