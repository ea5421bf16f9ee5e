import type { CandleFold } from '../market/candles.ts'

/** One bar of any length in whole units, as `MinuteFold` has them. */
export interface Bar {
  readonly openTimeUs: number
  readonly openTicks: number
  highTicks: number
  lowTicks: number
  closeTicks: number
  volumeUnits: bigint
  notional: bigint
  tradeCount: number
}

const MINUTE_US = 60_000_000

/** Lengths of a bar the venue knows, in minutes. */
export const INTERVALS: readonly number[] = [1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600]

/** Returns the start of the bar that holds a time, epoch microseconds. */
export function barStart(timeUs: number, interval: number): number {
  return timeUs - (timeUs % (interval * MINUTE_US))
}

/**
 * Returns the bars with trades that open in `[fromUs, toUs)`, oldest first, folded from whole
 * minutes; `interval` is in minutes and both bounds are multiples of it.
 */
export function barsOf(
  candles: CandleFold,
  interval: number,
  span: { readonly fromUs: number; readonly toUs: number },
): readonly Bar[] {
  const minutes = candles.minutes(span.fromUs, span.toUs)
  if (interval === 1) return minutes
  const bars: Bar[] = []
  for (const minute of minutes) {
    const openTimeUs = barStart(minute.openTimeUs, interval)
    const bar = bars.at(-1)
    if (bar?.openTimeUs !== openTimeUs) {
      bars.push({ ...minute, openTimeUs })
      continue
    }
    bar.highTicks = Math.max(bar.highTicks, minute.highTicks)
    bar.lowTicks = Math.min(bar.lowTicks, minute.lowTicks)
    bar.closeTicks = minute.closeTicks
    bar.volumeUnits += minute.volumeUnits
    bar.notional += minute.notional
    bar.tradeCount += minute.tradeCount
  }
  return bars
}
