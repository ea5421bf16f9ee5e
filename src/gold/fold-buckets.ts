import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { INTERVALS, type IntervalName } from '../market/bucket.ts'
import type { GoldCandleRow, Schema, Views, WriteTransaction } from '../warehouse/index.ts'
import { type CandlePart, foldCandles } from './fold-candles.ts'
import { isSameRow } from './store.ts'

/** The intervals that gold folds. */
export type GoldInterval = Exclude<IntervalName, '1m'>

/** Each interval is folded from the one before it, so a changed minute costs 22 rows, not 1,440. */
export const LADDER: readonly IntervalName[] = ['1m', '5m', '15m', '30m', '1h', '4h', '1d']

/** Returns the interval that one is folded from. */
export function intervalBelow(interval: GoldInterval): IntervalName {
  return LADDER[LADDER.indexOf(interval) - 1] as IntervalName
}

/** Buckets of one instrument that are to be folded. */
export interface BucketsWanted {
  readonly instrumentId: number
  readonly interval: GoldInterval
  /** Whole buckets, `[fromUs, toUs)`. */
  readonly fromUs: number
  readonly toUs: number
  /** The start of each bucket wanted; null for all between. */
  readonly only: ReadonlySet<number> | null
}

/** How the buckets stand once they are folded. */
export interface BucketsFolded {
  /** Their rows, in order of time, as they are stored now. */
  readonly rows: readonly GoldCandleRow[]
  /** How many rows had to be written or removed for that. */
  readonly changed: number
}

/**
 * Folds buckets from the interval below, and stores those that differ from what is stored.
 *
 * The one fold of candles, whoever asks for it. A bucket without any part has no row; what is
 * stored of it is removed.
 */
export async function foldBuckets(
  tx: WriteTransaction,
  wanted: BucketsWanted,
): Promise<BucketsFolded> {
  const { instrumentId, interval, only } = wanted
  const widthUs = INTERVALS[interval]
  const expected = widthUs / INTERVALS[intervalBelow(interval)]
  const parts = await loadParts(tx.db, wanted)
  const stored = await loadCandles(tx.db, interval, wanted)
  const before = new Map(stored.map((row) => [row.open_time_us, row]))
  const rows: GoldCandleRow[] = []
  const changed: GoldCandleRow[] = []
  for (let at = 0, end = 0; at < parts.length; at = end) {
    const bucket = startOf(parts[at] as CandlePart, widthUs)
    while (end < parts.length && startOf(parts[end] as CandlePart, widthUs) === bucket) end += 1
    if (only !== null && !only.has(bucket)) continue
    const held = before.get(bucket)
    const row: GoldCandleRow = {
      instrument_id: instrumentId,
      interval_us: widthUs,
      open_time_us: bucket,
      ...foldCandles(parts.slice(at, end), expected),
      // What was complete and changes all the same has been revised.
      revision: (held?.revision ?? 0) + (held?.complete ?? 0),
      change_seq: tx.changeSeq,
    }
    before.delete(bucket)
    if (held !== undefined && isSameRow(held, row)) rows.push(held)
    else {
      rows.push(row)
      changed.push(row)
    }
  }
  const gone = [...before.values()].filter((row) => only === null || only.has(row.open_time_us))
  await tx.upsert('gold_candles', changed)
  await tx.remove('gold_candles', gone)
  return { rows, changed: changed.length + gone.length }
}

function startOf({ open_time_us: openUs }: CandlePart, widthUs: number): number {
  return openUs - (openUs % widthUs)
}

type Place = Pick<BucketsWanted, 'instrumentId' | 'fromUs' | 'toUs'>

async function loadParts(
  db: Kysely<Schema>,
  { interval, ...place }: BucketsWanted,
): Promise<readonly CandlePart[]> {
  const below = intervalBelow(interval)
  if (below !== '1m') return loadCandles(db, below, place)
  return db
    .withTables<Views>()
    .selectFrom('candles_1m_exact')
    .select(['open_time_us', 'open', 'high', 'low', 'close', 'volume', 'notional'])
    .select(['taker_buy_volume', 'trade_count', 'status', 'complete', 'repaired'])
    .select(sql<number>`case when status = 'traded' then 1 else 0 end`.as('minutes_traded'))
    .select(sql<number>`case when status = 'unknown' then 0 else 1 end`.as('minutes_known'))
    .where('instrument_id', '=', place.instrumentId)
    .where('open_time_us', '>=', place.fromUs)
    .where('open_time_us', '<', place.toUs)
    .orderBy('open_time_us')
    .execute()
}

function loadCandles(
  db: Kysely<Schema>,
  interval: IntervalName,
  { instrumentId, fromUs, toUs }: Place,
): Promise<GoldCandleRow[]> {
  return db
    .selectFrom('gold_candles')
    .selectAll()
    .where('instrument_id', '=', instrumentId)
    .where('interval_us', '=', INTERVALS[interval])
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
    .orderBy('open_time_us')
    .execute()
}
