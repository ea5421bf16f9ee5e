import { assert } from '../../core/assert.ts'
import { bucketStart, INTERVALS, type IntervalName } from '../../market/bucket.ts'
import type { GoldSpan } from '../run.ts'
import { CARRY_MAX } from './price-memory.ts'

/**
 * Buckets between two anchors. The values of a candle in block k, `[512 k, 512 (k + 1))` counted
 * in buckets from the epoch, rest on the candles since the start of block k - 1: on 512 buckets
 * before its own at the least, on 1,023 at the most.
 *
 * That is as good as all of history where every bucket traded. A recursion forgets what it began
 * with by the factor `1 - weight` a candle; the first candle of a block is the 513th since its
 * anchor, so the least that is left of a seed is
 *
 * - EMA 26, seeded by 26 closes: `(25/27)^487 = 5.3e-17`, and EMA 12 far less;
 * - Wilder's means of 14, seeded by 14 changes of 15 closes: `(13/14)^498 = 9.4e-17`;
 * - the signal of the MACD, a mean of what fades like EMA 26: 1.5 times that, `7.7e-17`,
 *
 * of the distance between two seeds, and each is below half the rounding of a float, `2^-53 =
 * 1.1e-16`. A thin instrument has fewer candles in as many buckets, and forgets less.
 */
export const BLOCK_BUCKETS = 512

const HOUR_US = 3_600_000_000

/** How far back changes of the price look. */
export const CHANGE_SPANS = {
  change_1h_pct: HOUR_US,
  change_24h_pct: 24 * HOUR_US,
  change_7d_pct: 168 * HOUR_US,
} as const

/** Name of a change of the price. */
export type ChangeName = keyof typeof CHANGE_SPANS

/** Returns how many buckets a change looks back, or `null` where the interval does not divide. */
export function changeBuckets(name: ChangeName, widthUs: number): number | null {
  const spanUs = CHANGE_SPANS[name]
  return spanUs % widthUs === 0 ? spanUs / widthUs : null
}

/** Returns the number of the block that a bucket, counted from the epoch, belongs to. */
export function blockOf(bucket: number): number {
  return Math.floor(bucket / BLOCK_BUCKETS)
}

/**
 * Returns the spans of time whose candles decide the values of the candles that open in
 * `[fromUs, toUs)`: in order, without overlap. No other candle can change them.
 */
export function lookBack(interval: IntervalName, fromUs: number, toUs: number): GoldSpan[] {
  assert(fromUs >= 0 && fromUs < toUs, 'a look-back is taken of a span of time')
  const widthUs = INTERVALS[interval]
  const blockUs = BLOCK_BUCKETS * widthUs
  const firstUs = bucketStart(fromUs, widthUs)
  const spans: GoldSpan[] = [{ fromUs: Math.max(0, bucketStart(firstUs, blockUs) - blockUs), toUs }]
  for (const name of Object.keys(CHANGE_SPANS) as ChangeName[]) {
    if (changeBuckets(name, widthUs) === null) continue
    const spanUs = CHANGE_SPANS[name]
    const carriedUs = spanUs + CARRY_MAX * widthUs
    if (toUs > spanUs) {
      spans.push({ fromUs: Math.max(0, firstUs - carriedUs), toUs: toUs - spanUs })
    }
  }
  return merged(spans)
}

function merged(spans: readonly GoldSpan[]): GoldSpan[] {
  const whole: GoldSpan[] = []
  for (const span of spans.toSorted((a, b) => a.fromUs - b.fromUs)) {
    const last = whole.at(-1)
    if (last === undefined || span.fromUs > last.toUs) whole.push(span)
    else whole[whole.length - 1] = { ...last, toUs: Math.max(last.toUs, span.toUs) }
  }
  return whole
}
