import { assert } from '../../core/assert.ts'
import { INTERVALS, type IntervalName } from '../../market/bucket.ts'
import type { IndicatorRow } from '../../warehouse/index.ts'
import { calendarOf } from './calendar.ts'
import { blockOf, CHANGE_SPANS, type ChangeName, changeBuckets } from './look-back.ts'
import { createPriceMemory, type PriceMemory, recallPrice, rememberPrice } from './price-memory.ts'
import {
  advance,
  holdBucket,
  type Recursion,
  smoothed,
  startRecursion,
  strengthOf,
} from './recursion.ts'
import {
  addCandle,
  type Candles,
  createCandles,
  deviationOf,
  greatestPivot,
  leastPivot,
  meanOf,
  returnDeviationOf,
} from './windows.ts'

const YEAR_US = 365 * INTERVALS['1d']
const PIVOTS = { count: 90, radius: 5 } as const
const BAND = { count: 20, deviations: 2 } as const
const RETURNS = 30

/** What the averages of a trend must differ by, as a part of the deviation of 20 closes. */
const DEAD_BAND = 0.25
const TREND = { short: 7, long: 30 } as const

/** One bucket of an instrument, as floats. */
export interface IndicatorCandle {
  readonly openTimeUs: number
  /** All three are null unless it traded. */
  readonly high: number | null
  readonly low: number | null
  readonly close: number | null
  /** Whether the bucket is known to hold all of its trades, if any. */
  readonly complete: boolean
}

/** The indicators at the close of one candle. */
export type IndicatorValues = Omit<IndicatorRow, 'instrument_id' | 'interval_us' | 'change_seq'>

/** What the candles of a stream are like. */
export interface StreamOptions {
  /**
   * Whether highs and lows are those of all trades. If not, there is no true range.
   *
   * @default true
   */
  readonly hasRange?: boolean
}

/** Indicators of one instrument and interval, candle by candle, each later than the one before. */
export interface IndicatorStream {
  /** Takes a candle, and returns the values at its close; `null` where it has no price. */
  push(candle: IndicatorCandle): IndicatorValues | null
  /** Takes a candle whose values nobody asks for. */
  skip(candle: IndicatorCandle): void
}

/** All that a stream carries: of bounded size. */
interface State {
  readonly widthUs: number
  readonly hasRange: boolean
  readonly candles: Candles
  readonly memory: PriceMemory
  readonly changes: readonly (readonly [name: ChangeName, buckets: number | null])[]
  bucket: number
  /** Since the start of the block before the candle's; and since that of its own block. */
  current: Recursion
  next: Recursion
}

/**
 * Returns a stream of indicators.
 *
 * Every value is a function of the candles of {@link lookBack} alone. So a stream that has run
 * for years, one that was begun with that much, and one that was also given some of the candles
 * before, agree to the last bit. Small code of our own, after measuring: the library at hand
 * seeds its averages with one price, calls a price that never moved strong, and takes several
 * times as long, most of it on values of candles that only warm it up.
 *
 * @example
 * const stream = createIndicatorStream('1m')
 * for (const candle of candles) stream.push(candle)?.rsi_14
 */
export function createIndicatorStream(
  interval: IntervalName,
  { hasRange = true }: StreamOptions = {},
): IndicatorStream {
  const widthUs = INTERVALS[interval]
  const names = Object.keys(CHANGE_SPANS) as ChangeName[]
  const changes = names.map((name) => [name, changeBuckets(name, widthUs)] as const)
  const reach = Math.max(...changes.map(([, buckets]) => buckets ?? 0))
  const state: State = {
    widthUs,
    hasRange,
    candles: createCandles(),
    memory: createPriceMemory(reach),
    changes,
    bucket: -1,
    current: startRecursion(),
    next: startRecursion(),
  }
  return {
    push: (candle) => (take(state, candle) ? valuesAt(state, candle.openTimeUs) : null),
    skip: (candle) => void take(state, candle),
  }
}

/** Returns whether the candle has a price. */
function take(state: State, candle: IndicatorCandle): boolean {
  const { openTimeUs, high, low, close, complete } = candle
  const bucket = openTimeUs / state.widthUs
  assert(Number.isSafeInteger(bucket) && bucket >= 0, 'a candle opens where a bucket begins')
  assert(bucket > state.bucket, 'candles come in order of time')
  turnBlock(state, blockOf(bucket))
  state.bucket = bucket
  const isPriced = high !== null && low !== null && close !== null
  for (const recursion of [state.current, state.next]) {
    holdBucket(recursion, bucket, complete)
    if (isPriced) advance(recursion, high, low, close)
  }
  if (isPriced) addCandle(state.candles, high, low, close)
  rememberPrice(state.memory, bucket, { close: isPriced ? close : null, isComplete: complete })
  return isPriced
}

/** Moves the anchor where a block is left behind. */
function turnBlock(state: State, block: number): void {
  const before = state.bucket < 0 ? block : blockOf(state.bucket)
  if (block === before) return
  state.current = block === before + 1 ? state.next : startRecursion()
  state.next = startRecursion()
}

function valuesAt(state: State, openTimeUs: number): IndicatorValues {
  const { current, candles, hasRange } = state
  const { traded, ema12, ema26, signal } = current
  const mean = (count: number) => (traded < count ? null : meanOf(candles, count))
  const middle = mean(BAND.count)
  const deviation = middle === null ? null : deviationOf(candles, BAND.count, middle)
  const reach = deviation === null ? null : BAND.deviations * deviation
  const short = mean(TREND.short)
  const long = mean(TREND.long)
  const macd = ema26.count < ema26.length ? null : ema12.value - ema26.value
  const macdSignal = smoothed(signal)
  const hasPivots = traded >= PIVOTS.count
  const changes = changesAt(state)
  return {
    open_time_us: openTimeUs,
    close: current.close,
    sma_7: short,
    sma_30: long,
    sma_90: mean(90),
    ema_12: smoothed(ema12),
    ema_26: smoothed(ema26),
    rsi_14: strengthOf(current),
    macd,
    macd_signal: macdSignal,
    macd_histogram: macd === null || macdSignal === null ? null : macd - macdSignal,
    bb_middle: middle,
    bb_upper: middle === null || reach === null ? null : middle + reach,
    bb_lower: middle === null || reach === null ? null : middle - reach,
    atr_14: hasRange ? smoothed(current.range) : null,
    volatility_30: volatilityAt(state),
    trend: long === null ? null : trendAt(candles, (short ?? long) - long, deviation ?? 0),
    support: hasPivots ? leastPivot(candles, PIVOTS) : null,
    resistance: hasPivots ? greatestPivot(candles, PIVOTS) : null,
    ...changes.percents,
    market_cap_rank: null,
    ...calendarOf(openTimeUs),
    complete: isWhole(state) && changes.areComplete ? 1 : 0,
  }
}

/** Whether every bucket from the first one held since the anchor is held and complete. */
function isWhole({ current, bucket }: State): boolean {
  return current.isComplete && current.held === bucket - current.firstBucket + 1
}

function volatilityAt({ current, candles, widthUs }: State): number | null {
  if (current.traded <= RETURNS) return null
  const yearly = returnDeviationOf(candles, RETURNS) * Math.sqrt(YEAR_US / widthUs)
  return Number.isFinite(yearly) ? yearly : null
}

/**
 * The short average moves as the newest close does against the one that leaves its window: no
 * sum, and so no rounding, decides about the slope.
 */
function trendAt(
  { closes, length }: Candles,
  apart: number,
  deviation: number,
): 'up' | 'down' | 'sideways' {
  const slope = (closes[length - 1] as number) - (closes[length - 1 - TREND.short] as number)
  if (apart > DEAD_BAND * deviation && slope > 0) return 'up'
  if (-apart > DEAD_BAND * deviation && slope < 0) return 'down'
  return 'sideways'
}

function changesAt({ memory, changes, bucket, current }: State): {
  readonly percents: Record<ChangeName, number | null>
  readonly areComplete: boolean
} {
  const percents = { change_1h_pct: null, change_24h_pct: null, change_7d_pct: null } as Record<
    ChangeName,
    number | null
  >
  let areComplete = true
  for (const [name, buckets] of changes) {
    const before = buckets === null ? null : recallPrice(memory, bucket - buckets)
    if (before === null || before.price <= 0) continue
    percents[name] = (100 * (current.close - before.price)) / before.price
    areComplete &&= before.isComplete
  }
  return { percents, areComplete }
}
