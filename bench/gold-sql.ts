import { type RawBuilder, sql } from 'kysely'
import { MINUTE_US } from '../src/market/bucket.ts'

/** One step of the ladder of intervals, over a span. */
export interface SqlStep {
  readonly fromUs: number
  readonly toUs: number
  readonly widthUs: number
  /** Width of what is folded. */
  readonly partUs: number
}

/**
 * The reference: one statement that folds an interval from the one below it, to the same digits
 * as gold does, with the warehouse's own exact aggregates.
 *
 * Opening and closing prices are found in the same pass: times have sixteen digits each, so the
 * least text of time and price begins with the least time.
 */
export function goldStep(step: SqlStep): RawBuilder<unknown> {
  const { widthUs, partUs } = step
  return sql`
    insert into gold_candles (instrument_id, interval_us, open_time_us, open, high, low, close,
      volume, notional, taker_buy_volume, trade_count, status, complete, repaired,
      minutes_traded, minutes_known, revision, change_seq)
    select instrument_id, ${widthUs}, open_time_us - open_time_us % ${sql.lit(widthUs)} as bucket,
      substr(min(open_time_us || open), 17), dec_max(high), dec_min(low),
      substr(max(open_time_us || close), 17), dec_sum(volume), dec_sum(notional),
      dec_sum(taker_buy_volume), sum(trade_count),
      ${STATUS}, count(*) = ${sql.lit(widthUs / partUs)} and min(complete) = 1, max(repaired),
      ${minutes(partUs)}, 0, 1
    from ${parts(step)}
    group by instrument_id, bucket`
}

/** The floor: the same over floats, which is quicker and wrong in the last digits. */
export function floatStep(step: SqlStep): RawBuilder<unknown> {
  const { widthUs, partUs } = step
  const from = partUs === MINUTE_US ? parts(step) : sql`temp.float_candles where ${within(step)}`
  return sql`
    insert into temp.float_candles
    select instrument_id, ${widthUs}, open_time_us - open_time_us % ${sql.lit(widthUs)} as bucket,
      substr(min(open_time_us || open), 17), max(cast(high as real)), min(cast(low as real)),
      substr(max(open_time_us || close), 17), sum(cast(volume as real)),
      sum(cast(notional as real)), sum(cast(taker_buy_volume as real)), sum(trade_count),
      ${STATUS}, count(*) = ${sql.lit(widthUs / partUs)} and min(complete) = 1, max(repaired),
      ${minutes(partUs)}
    from ${from}
    group by instrument_id, bucket`
}

const STATUS = sql`case when max(status = 'traded') then 'traded' else 'no_trades' end`

function minutes(partUs: number): RawBuilder<unknown> {
  return partUs === MINUTE_US
    ? sql`sum(status = 'traded'), sum(status <> 'unknown')`
    : sql`sum(minutes_traded), sum(minutes_known)`
}

function parts(step: SqlStep): RawBuilder<unknown> {
  return step.partUs === MINUTE_US
    ? sql`candles_1m_exact where open_time_us >= ${step.fromUs} and open_time_us < ${step.toUs}`
    : sql`gold_candles where ${within(step)}`
}

function within({ partUs, fromUs, toUs }: SqlStep): RawBuilder<unknown> {
  return sql`instrument_id in (select instrument_id from instruments)
    and interval_us = ${partUs} and open_time_us >= ${fromUs} and open_time_us < ${toUs}`
}
