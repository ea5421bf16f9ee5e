/**
 * A mean in which old values fade: each step goes a `weight` of the way to the new value. It
 * begins with the plain mean of its first `length` values, and tells nothing before.
 */
interface Smoothing {
  readonly length: number
  readonly weight: number
  count: number
  first: number
  /** The mean; until the seed is full, the sum of the values' distances from the first. */
  value: number
}

/** What is carried from candle to candle since one anchor. */
export interface Recursion {
  readonly ema12: Smoothing
  readonly ema26: Smoothing
  /** EMA 9 of `ema12 - ema26`, which begins with the first of them: at the 26th candle. */
  readonly signal: Smoothing
  /** Wilder's means of the rises, the falls and the true ranges, of 14 each. */
  readonly gain: Smoothing
  readonly loss: Smoothing
  readonly range: Smoothing
  /** Candles that traded. */
  traded: number
  close: number
  /** Buckets that are held, traded or not, and the first of them. */
  held: number
  firstBucket: number
  /** Whether all that are held are complete. */
  isComplete: boolean
}

/** Returns a recursion that has seen nothing. */
export function startRecursion(): Recursion {
  const ema = (length: number) => smoothing(length, 2 / (length + 1))
  const wilder = (length: number) => smoothing(length, 1 / length)
  return {
    ema12: ema(12),
    ema26: ema(26),
    signal: ema(9),
    gain: wilder(14),
    loss: wilder(14),
    range: wilder(14),
    traded: 0,
    close: 0,
    held: 0,
    firstBucket: 0,
    isComplete: true,
  }
}

/** Takes note that a bucket is held. */
export function holdBucket(recursion: Recursion, bucket: number, isComplete: boolean): void {
  if (recursion.held === 0) recursion.firstBucket = bucket
  recursion.held += 1
  recursion.isComplete &&= isComplete
}

/** Takes the next candle that traded. */
export function advance(recursion: Recursion, high: number, low: number, close: number): void {
  const { ema12, ema26, signal, gain, loss, range } = recursion
  smooth(ema12, close)
  smooth(ema26, close)
  if (ema26.count >= ema26.length) smooth(signal, ema12.value - ema26.value)
  if (recursion.traded > 0) {
    const before = recursion.close
    smooth(gain, Math.max(0, close - before))
    smooth(loss, Math.max(0, before - close))
    smooth(range, Math.max(high, before) - Math.min(low, before))
  }
  recursion.traded += 1
  recursion.close = close
}

/** Returns a fading mean, or `null` while its seed is not full. */
export function smoothed({ count, length, value }: Smoothing): number | null {
  return count < length ? null : value
}

/** Returns `100 * G / (G + L)` of the mean rise and fall; 50 where nothing moved. */
export function strengthOf({ gain, loss }: Recursion): number | null {
  if (gain.count < gain.length) return null
  const moved = gain.value + loss.value
  return moved === 0 ? 50 : (100 * gain.value) / moved
}

function smoothing(length: number, weight: number): Smoothing {
  return { length, weight, count: 0, first: 0, value: 0 }
}

/** Adds distances from the first value, so that equal values have exactly themselves as mean. */
function smooth(mean: Smoothing, value: number): void {
  mean.count += 1
  if (mean.count === 1) mean.first = value
  if (mean.count <= mean.length) {
    mean.value += value - mean.first
    if (mean.count === mean.length) mean.value = mean.first + mean.value / mean.length
  } else {
    mean.value += mean.weight * (value - mean.value)
  }
}
