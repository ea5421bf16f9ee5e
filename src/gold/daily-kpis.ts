import type { Kysely } from 'kysely'
import { INTERVALS } from '../market/bucket.ts'
import { vwapText } from '../market/candle.ts'
import type { DailyKpiRow, GoldCandleRow, Schema } from '../warehouse/index.ts'
import { instrumentTurns, type NamedInstrument, namedInstruments } from './instruments.ts'
import { candleRows, fingerprintOf, instrumentsWith, type KeyedByTime } from './ranges.ts'
import { changePctText, differenceText, shareText } from './ratios.ts'
import type { GoldOptions, GoldOutcome, GoldRun, GoldSpan } from './run.ts'
import { replaceRows } from './store.ts'
import { Version } from './version.ts'

const DAY_US = INTERVALS['1d']

const KPIS: KeyedByTime = { table: 'gold_daily_kpis', time: 'day_us' }

/**
 * Makes the figures of each instrument's days from its candles of a day.
 *
 * A day without a candle has no row; what is stored of it is removed.
 */
export async function foldDailyKpis(
  run: GoldRun,
  span: GoldSpan,
  options: GoldOptions = {},
): Promise<GoldOutcome> {
  const instruments = await run.read(async (db) =>
    namedInstruments(db, await instrumentsWith(db, [...candleRows('1d'), KPIS], span), options),
  )
  const version = new Version()
  for (const some of instrumentTurns(instruments, (span.toUs - span.fromUs) / DAY_US)) {
    run.signal?.throwIfAborted()
    await run.write(async (tx) => {
      const candles = await dayCandles(tx.db, some, span)
      const wanted = candles.map((candle) => ({ ...kpisOf(candle), change_seq: tx.changeSeq }))
      const stored = await storedKpis(tx.db, some, span)
      const keyOf = (row: DailyKpiRow) => `${row.instrument_id} ${row.day_us}`
      await replaceRows(tx, { table: 'gold_daily_kpis', stored, wanted, keyOf })
      const rows = Map.groupBy(wanted, (row) => row.instrument_id)
      for (const instrument of some) {
        const own = rows.get(instrument.id) ?? []
        for (const row of own) version.add(lineOf(instrument, row))
        options.onItem?.(instrument.name, own.length)
      }
    })
  }
  return version.outcome()
}

/** Changes with the candles that the figures of a span are made from. */
export function dailyKpisFingerprint(db: Kysely<Schema>, span: GoldSpan): Promise<string> {
  return fingerprintOf(db, candleRows('1d'), span)
}

function kpisOf(candle: GoldCandleRow): Omit<DailyKpiRow, 'change_seq'> {
  const { open, high, low, close, volume, notional, taker_buy_volume: bought } = candle
  const isPriced = open !== null && close !== null
  return {
    instrument_id: candle.instrument_id,
    day_us: candle.open_time_us,
    open,
    high,
    low,
    close,
    change: isPriced ? differenceText(open, close) : null,
    change_pct: isPriced ? changePctText(open, close) : null,
    volume,
    notional,
    vwap: vwapText(notional, volume),
    trade_count: candle.trade_count,
    taker_buy_volume: bought,
    buy_share: shareText(bought, volume),
    status: candle.status,
    complete: candle.complete,
  }
}

function dayCandles(
  db: Kysely<Schema>,
  some: readonly NamedInstrument[],
  { fromUs, toUs }: GoldSpan,
): Promise<GoldCandleRow[]> {
  return db
    .selectFrom('gold_candles')
    .selectAll()
    .where('instrument_id', 'in', [...some.map(({ id }) => id)])
    .where('interval_us', '=', DAY_US)
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
    .orderBy('open_time_us')
    .execute()
}

function storedKpis(
  db: Kysely<Schema>,
  some: readonly NamedInstrument[],
  { fromUs, toUs }: GoldSpan,
): Promise<DailyKpiRow[]> {
  return db
    .selectFrom('gold_daily_kpis')
    .selectAll()
    .where('instrument_id', 'in', [...some.map(({ id }) => id)])
    .where('day_us', '>=', fromUs)
    .where('day_us', '<', toUs)
    .execute()
}

function lineOf({ name }: NamedInstrument, row: DailyKpiRow): (string | number | null)[] {
  return [
    ...[name, row.day_us, row.open, row.high, row.low, row.close, row.change, row.change_pct],
    ...[row.volume, row.notional, row.vwap, row.trade_count, row.taker_buy_volume],
    ...[row.buy_share, row.status, row.complete],
  ]
}
