import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createRandom } from '../../core/random.ts'
import { MINUTE_US } from '../../market/bucket.ts'
import { BLOCK_BUCKETS } from './look-back.ts'
import { advance, smoothed, startRecursion, strengthOf } from './recursion.ts'
import { createIndicatorStream, type IndicatorValues } from './stream.ts'

interface Golden {
  readonly candles: Readonly<Record<'high' | 'low' | 'close', readonly number[]>>
  readonly golden: Readonly<Record<string, readonly (number | string | null)[]>>
}

const { candles, golden } = JSON.parse(
  readFileSync(new URL('./fixtures/golden.json', import.meta.url), 'utf8'),
) as Golden

/** Where a block begins, so that all of the series has one anchor. */
const START_US = 54_688 * BLOCK_BUCKETS * MINUTE_US

const stream = createIndicatorStream('1m')
const rows = candles.close.map((close, at) =>
  stream.push({
    openTimeUs: START_US + at * MINUTE_US,
    high: candles.high[at] as number,
    low: candles.low[at] as number,
    close,
    complete: true,
  }),
)

test.each(Object.keys(golden))('%s is what others make of the same prices', (name) => {
  const column = golden[name] as readonly (number | string | null)[]
  expect(column).toHaveLength(rows.length)
  for (const [at, wanted] of column.entries()) {
    const found = rows[at]?.[name as keyof IndicatorValues]
    if (typeof wanted !== 'number') expect(found, `candle ${at}`).toBe(wanted)
    // Both are floats, summed in another order; a price of ten thousand has eleven digits right.
    else expect(Math.abs((found as number) - wanted), `candle ${at}`).toBeLessThan(2e-7)
  }
})

test('of a seed, less is left at the first candle of a block than a float can tell', () => {
  // That candle is one more than a block after the anchor; a seed is full at its last candle.
  const left = (factor: number, seedCandles: number) => factor ** (BLOCK_BUCKETS + 1 - seedCandles)
  expect(left(1 - 2 / 27, 26)).toBeLessThan(2 ** -53)
  expect(left(1 - 1 / 14, 15)).toBeLessThan(2 ** -53)
  // The signal is a mean of such remainders, each older one greater by 27/25: a geometric sum.
  expect((left(1 - 2 / 27, 26) * 0.2) / (1 - (0.8 * 27) / 25)).toBeLessThan(2 ** -53)
})

test('an anchored recursion is as good as an endless one', () => {
  const random = createRandom('endless')
  const endless = startRecursion()
  const anchored = startRecursion()
  let close = 60_000
  for (let at = 0; at < 20_000; at += 1) {
    close *= Math.exp(random.gaussian() / 1000)
    const [high, low] = [close * 1.001, close * 0.999]
    advance(endless, high, low, close)
    if (at >= 20_000 - BLOCK_BUCKETS - 1) advance(anchored, high, low, close)
  }
  for (const name of ['ema12', 'ema26', 'gain', 'loss', 'range', 'signal'] as const) {
    const wanted = smoothed(endless[name]) as number
    const far = Math.abs((smoothed(anchored[name]) as number) - wanted)
    // The signal is a difference of prices, and as exact as those.
    expect(far, name).toBeLessThan(4 * 2 ** -52 * (name === 'signal' ? close : wanted))
  }
  expect(strengthOf(anchored)).toBeCloseTo(strengthOf(endless) as number, 12)
})
