/** Candles that the longest window looks back on. */
const KEPT = 90
const CAPACITY = 4 * KEPT

/** The last candles that traded, side by side in order of time: `[length - n, length)` are n. */
export interface Candles {
  readonly highs: Float64Array
  readonly lows: Float64Array
  readonly closes: Float64Array
  /** Logarithmic return from the close before; of the very first, from nothing, no number. */
  readonly returns: Float64Array
  length: number
}

/** Returns room for candles, with none in it. */
export function createCandles(): Candles {
  return {
    highs: new Float64Array(CAPACITY),
    lows: new Float64Array(CAPACITY),
    closes: new Float64Array(CAPACITY),
    returns: new Float64Array(CAPACITY),
    length: 0,
  }
}

/** Adds a candle; what no window reaches any more is let go from time to time. */
export function addCandle(candles: Candles, high: number, low: number, close: number): void {
  const { highs, lows, closes, returns } = candles
  if (candles.length === CAPACITY) {
    for (const column of [highs, lows, closes, returns]) column.copyWithin(0, CAPACITY - KEPT)
    candles.length = KEPT
  }
  const at = candles.length
  highs[at] = high
  lows[at] = low
  closes[at] = close
  returns[at] = at === 0 ? Number.NaN : Math.log(close / (closes[at - 1] as number))
  candles.length = at + 1
}

/**
 * Returns the plain mean of the last `count` closes.
 *
 * Distances from the newest are added, oldest first: equal prices have exactly their own price
 * as mean, and none of the digits that all share are lost to rounding.
 */
export function meanOf({ closes, length }: Candles, count: number): number {
  const newest = closes[length - 1] as number
  let sum = 0
  for (let at = length - count; at < length; at += 1) sum += (closes[at] as number) - newest
  return newest + sum / count
}

/** Returns the population's standard deviation of the last `count` closes from their mean. */
export function deviationOf({ closes, length }: Candles, count: number, mean: number): number {
  let sum = 0
  for (let at = length - count; at < length; at += 1) sum += ((closes[at] as number) - mean) ** 2
  return Math.sqrt(sum / count)
}

/** Returns the sample's standard deviation of the last `count` logarithmic returns. */
export function returnDeviationOf({ returns, length }: Candles, count: number): number {
  let sum = 0
  for (let at = length - count; at < length; at += 1) sum += returns[at] as number
  const mean = sum / count
  let squares = 0
  for (let at = length - count; at < length; at += 1)
    squares += ((returns[at] as number) - mean) ** 2
  return Math.sqrt(squares / (count - 1))
}

/** Where to look for turning points. */
export interface PivotSearch {
  /** Candles looked at, of which the last `radius` can only confirm. */
  readonly count: number
  /** Candles on either side that a pivot stands out from. */
  readonly radius: number
}

/**
 * Returns the least low among the confirmed pivots of the last candles, or `null` if none is.
 *
 * A pivot's low is below the lows of the `radius` candles before it, and not above those of the
 * `radius` candles after it: of equal ones the first. All of them lie within the window.
 */
export function leastPivot({ lows, length }: Candles, search: PivotSearch): number | null {
  return extremePivot(lows.subarray(length - search.count, length), search.radius, 1)
}

/** Returns the greatest high among the confirmed pivots of the last candles, or `null`. */
export function greatestPivot({ highs, length }: Candles, search: PivotSearch): number | null {
  return extremePivot(highs.subarray(length - search.count, length), search.radius, -1)
}

function extremePivot(values: Float64Array, radius: number, sign: 1 | -1): number | null {
  let best: number | null = null
  for (let at = radius; at < values.length - radius; at += 1) {
    const value = values[at] as number
    if (best !== null && (value - best) * sign >= 0) continue
    if (isPivot(values, at, { radius, sign })) best = value
  }
  return best
}

function isPivot(
  values: Float64Array,
  at: number,
  { radius, sign }: { readonly radius: number; readonly sign: 1 | -1 },
): boolean {
  const value = values[at] as number
  for (let step = 1; step <= radius; step += 1) {
    if (((values[at - step] as number) - value) * sign <= 0) return false
    if (((values[at + step] as number) - value) * sign < 0) return false
  }
  return true
}
