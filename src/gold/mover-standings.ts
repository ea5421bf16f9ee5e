import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { INTERVALS, MINUTE_US } from '../market/bucket.ts'
import { createSum } from '../market/decimal.ts'
import { addTextToSum, sumText } from '../market/decimal-text.ts'
import type { Schema, SnapshotRow, TopMoverRow, Views } from '../warehouse/index.ts'
import { fingerprintOf, MINUTES } from './ranges.ts'
import type { GoldSpan } from './run.ts'

const DAY_US = INTERVALS['1d']

/** Facts so far before a board's time, and none older, decide about it. */
export const MOVERS_REACH_US = 2 * DAY_US

/** How far back a last price is looked for at first: most instruments trade within an hour. */
const NEAR_US = INTERVALS['1h']

/** An instrument's prices and trading at a time. */
export type Standing = Pick<TopMoverRow, 'price' | 'price_before' | 'notional' | 'complete'>

/** How a coin stands, and what its prices are in. */
export type CoinStanding = Standing & { readonly quote: string }

/**
 * Returns how an instrument that is traded stands at a time, by its minutes; `null` where it
 * has no price in the 24 hours before, or none in the 24 before those.
 *
 * It is complete where all 1,440 minutes are known: each held whole, or the venue down.
 */
export async function tradingStanding(
  db: Kysely<Schema>,
  instrumentId: number,
  atUs: number,
): Promise<Standing | null> {
  const minutes = await minutesOf(db, instrumentId, { fromUs: atUs - DAY_US, toUs: atUs }).execute()
  const notional = createSum()
  let price: string | null = null
  let lastUs = 0
  let isTold = true
  let known = 0
  for (const minute of minutes) {
    if (minute.complete === 1 || minute.status === 'venue_down') known += 1
    if (minute.status !== 'traded') continue
    if (minute.open_time_us > lastUs) {
      lastUs = minute.open_time_us
      price = minute.close
    }
    if (minute.notional === null) isTold = false
    else addTextToSum(notional, minute.notional)
  }
  if (price === null) return null
  const before = await lastTraded(db, instrumentId, atUs - DAY_US)
  if (before === null) return null
  return {
    price,
    price_before: before.close as string,
    notional: isTold ? sumText(notional) : null,
    complete: known === DAY_US / MINUTE_US ? 1 : 0,
  }
}

/**
 * Returns how coins stand at a time, by what was last said of each before it and a day before;
 * nothing in them is a sum that could lack a part, so all are complete.
 */
export async function coinStandings(
  db: Kysely<Schema>,
  atUs: number,
): Promise<ReadonlyMap<number, CoinStanding>> {
  const now = await lastSnapshots(db, atUs)
  const standings = new Map<number, CoinStanding>()
  for (const [id, before] of await lastSnapshots(db, atUs - DAY_US)) {
    const last = now.get(id)
    // Prices in different currencies have no difference.
    if (last === undefined || last.quote !== before.quote) continue
    const prices = { price: last.price, price_before: before.price }
    standings.set(id, { ...prices, notional: last.volume_24h, complete: 1, quote: last.quote })
  }
  return standings
}

/** Changes with what the boards at the end of a span are made from. */
export async function topMoversFingerprint(
  db: Kysely<Schema>,
  { toUs: atUs }: GoldSpan,
): Promise<string> {
  const parts = [await fingerprintOf(db, MINUTES, { fromUs: atUs - MOVERS_REACH_US, toUs: atUs })]
  const { told } = await db
    .selectFrom('instruments')
    .select((eb) => eb.fn.count<number>('quote').as('told'))
    .executeTakeFirstOrThrow()
  parts.push(String(told))
  for (const timeUs of [atUs, atUs - DAY_US]) {
    let count = 0
    let sum = 0
    let times = 0
    for (const row of (await lastSnapshots(db, timeUs)).values()) {
      count += 1
      sum += row.change_seq
      times += (timeUs - row.time_us) / 1000
    }
    parts.push(`${count}.${sum}.${Math.round(times)}`)
  }
  return parts.join(' ')
}

/** Returns the last minute before a time, and within a day of it, that holds trades. */
async function lastTraded(db: Kysely<Schema>, instrumentId: number, beforeUs: number) {
  for (const backUs of [NEAR_US, DAY_US]) {
    const found = await minutesOf(db, instrumentId, { fromUs: beforeUs - backUs, toUs: beforeUs })
      .where('status', '=', 'traded')
      .orderBy('open_time_us', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (found !== undefined) return found
  }
  return null
}

/** Minutes in any order: the view would be half as quick in order of time. */
function minutesOf(db: Kysely<Schema>, instrumentId: number, { fromUs, toUs }: GoldSpan) {
  return db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .select(['open_time_us', 'close', 'notional', 'status', 'complete'])
    .where('instrument_id', '=', instrumentId)
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
}

/** What was last said of a coin. */
type LastSnapshot = Pick<SnapshotRow, 'time_us' | 'quote' | 'volume_24h' | 'change_seq'> & {
  readonly price: string
}

/**
 * Returns the last snapshot with a price before a time, and within a day of it, of every coin.
 * Of a poll and a sample of history at the same time, the poll counts.
 */
async function lastSnapshots(
  db: Kysely<Schema>,
  beforeUs: number,
): Promise<ReadonlyMap<number, LastSnapshot>> {
  const { rows } = await sql<LastSnapshot & { instrument_id: number }>`
    select s.instrument_id, s.time_us, s.quote, s.price, s.volume_24h, s.change_seq
    from instruments i
    join silver_snapshots s on s.instrument_id = i.instrument_id and s.time_us = (
      select max(x.time_us) from silver_snapshots x
      where x.instrument_id = i.instrument_id and x.time_us >= ${beforeUs - DAY_US}
        and x.time_us < ${beforeUs} and x.price is not null)
    where i.kind = 'coin' and s.price is not null
    order by s.source`.execute(db)
  // `poll` comes after `chart`, and so is the one a map keeps.
  return new Map(rows.map((row) => [row.instrument_id, row]))
}
