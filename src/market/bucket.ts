import { assert } from '../core/assert.ts'

export { type EpochUnit, formatTimeUs, parseEpochUs, parseTimeUs, readTimeUs } from './time.ts'

/** Names of the candle intervals that are kept. */
export type IntervalName = '1m' | '5m' | '15m' | '30m' | '1h' | '4h' | '1d'

/** One minute in microseconds: the interval that silver folds. */
export const MINUTE_US = 60_000_000

/** Widths of the intervals in microseconds, shortest first; each divides a day. */
export const INTERVALS: Readonly<Record<IntervalName, number>> = {
  '1m': MINUTE_US,
  '5m': 5 * MINUTE_US,
  '15m': 15 * MINUTE_US,
  '30m': 30 * MINUTE_US,
  '1h': 60 * MINUTE_US,
  '4h': 240 * MINUTE_US,
  '1d': 1440 * MINUTE_US,
}

/** Names of the intervals, shortest first. */
export const INTERVAL_NAMES: readonly IntervalName[] = ['1m', '5m', '15m', '30m', '1h', '4h', '1d']

/** Returns the width in microseconds of an interval named `1m` to `1d`, or `null`. */
export function parseInterval(text: string): number | null {
  return Object.hasOwn(INTERVALS, text) ? INTERVALS[text as IntervalName] : null
}

/** Returns the name of the interval of this width, or `null` where none is kept. */
export function intervalName(widthUs: number): IntervalName | null {
  return INTERVAL_NAMES.find((name) => INTERVALS[name] === widthUs) ?? null
}

/**
 * Returns the start of the bucket that holds `timeUs`.
 *
 * Buckets are half-open, `[start, start + widthUs)`, and aligned to the epoch, so two
 * machines that never spoke agree on every boundary. A trade exactly on a boundary
 * opens the next bucket.
 *
 * @example
 * bucketStart(59_999_999, 60_000_000) // 0
 * bucketStart(60_000_000, 60_000_000) // 60_000_000
 */
export function bucketStart(timeUs: number, widthUs: number): number {
  assert(Number.isSafeInteger(timeUs) && timeUs >= 0, 'time is whole epoch microseconds')
  assert(Number.isSafeInteger(widthUs) && widthUs > 0, 'bucket width is positive')
  // Remainder, not division: integers below 2^53 stay exact under `%`.
  return timeUs - (timeUs % widthUs)
}

/** Returns the end, which is no longer inside, of the bucket that holds `timeUs`. */
export function bucketEnd(timeUs: number, widthUs: number): number {
  return bucketStart(timeUs, widthUs) + widthUs
}
