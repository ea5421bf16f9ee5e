import type { Kysely } from 'kysely'
import type { CoinDailyRow, Schema } from '../../warehouse/index.ts'
import { type NamedInstrument, namedInstruments } from '../instruments.ts'
import { fingerprintOf, instrumentsWith, type KeyedByTime } from '../ranges.ts'
import type { GoldOptions, GoldOutcome, GoldRun, GoldSpan } from '../run.ts'
import { valuesOf } from './fold.ts'
import { indicatorRows } from './inputs.ts'
import { lookBack } from './look-back.ts'
import { createSeriesWriter, type Series } from './store.ts'
import type { IndicatorCandle } from './stream.ts'

const DAY = '1d'

const COIN_DAYS: KeyedByTime = { table: 'gold_coin_daily', time: 'day_us' }

/**
 * Folds the indicators of coins for the days that begin in `[fromUs, toUs)`, as
 * {@link foldIndicators} does for candles.
 *
 * What a coin's day is, `gold_coin_daily` says: its close is the price of the last poll of the
 * UTC day or, on a day without polls, of the last sample of history. A day's samples are too few
 * and too uneven for a range: there is no ATR, and support and resistance are those of closes.
 * Changes of the price are between daily closes, as for candles of a day, so that all values of
 * a row rest on the same prices; what the aggregator says of them stays in silver.
 */
export async function foldCoinIndicators(
  run: GoldRun,
  span: GoldSpan,
  options: GoldOptions = {},
): Promise<GoldOutcome> {
  const writer = createSeriesWriter(run, options)
  for (const coin of await run.read((db) => listCoins(db, span, options))) {
    await writer.add([await run.read((db) => foldCoin(db, coin, span))])
  }
  return writer.finish()
}

/**
 * Returns a text that changes whenever a day that {@link foldCoinIndicators} looks at does, also
 * when one is gone.
 */
export async function fingerprintCoinIndicators(
  db: Kysely<Schema>,
  { fromUs, toUs }: GoldSpan,
): Promise<string> {
  const parts: string[] = []
  for (const span of lookBack(DAY, fromUs, toUs)) {
    parts.push(await fingerprintOf(db, [COIN_DAYS], span))
  }
  return parts.join(' ')
}

async function listCoins(
  db: Kysely<Schema>,
  span: GoldSpan,
  options: GoldOptions,
): Promise<NamedInstrument[]> {
  const ids = await instrumentsWith(db, [COIN_DAYS, indicatorRows(DAY)], span)
  return (await namedInstruments(db, ids, options)).filter(({ kind }) => kind === 'coin')
}

async function foldCoin(
  db: Kysely<Schema>,
  instrument: NamedInstrument,
  { fromUs, toUs }: GoldSpan,
): Promise<Series> {
  const candles: IndicatorCandle[] = []
  const ranks = new Map<number, number | null>()
  for (const span of lookBack(DAY, fromUs, toUs)) {
    const days = await db
      .selectFrom('gold_coin_daily')
      .select(['day_us', 'close_price', 'market_cap_rank'])
      .where('instrument_id', '=', instrument.id)
      .where('day_us', '>=', span.fromUs)
      .where('day_us', '<', span.toUs)
      .orderBy('day_us')
      .execute()
    for (const day of days) {
      candles.push(coinCandle(day))
      ranks.set(day.day_us, day.market_cap_rank)
    }
  }
  const rows = valuesOf(candles, { interval: DAY, fromUs, hasRange: false }).map((values) => ({
    ...values,
    market_cap_rank: ranks.get(values.open_time_us) ?? null,
  }))
  return { instrument, interval: DAY, fromUs, toUs, rows }
}

/** A coin's day, as a candle without a range; held at all, it is all that could be had of it. */
function coinCandle(day: Pick<CoinDailyRow, 'day_us' | 'close_price'>): IndicatorCandle {
  const close = Number(day.close_price)
  return { openTimeUs: day.day_us, high: close, low: close, close, complete: true }
}
