import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../core/random.ts'
import { INTERVALS, type IntervalName, MINUTE_US, parseTimeUs } from '../../market/bucket.ts'
import { valuesOf } from './fold.ts'
import { INDICATORS } from './indicators.ts'
import { BLOCK_BUCKETS, lookBack } from './look-back.ts'
import {
  createIndicatorStream,
  type IndicatorCandle,
  type IndicatorValues,
  type StreamOptions,
} from './stream.ts'

/** Late enough that every look-back begins after the epoch. */
const FIRST_BLOCK = 40

function candleAt(openTimeUs: number, close: number | null, complete = true): IndicatorCandle {
  const spread = close === null ? null : close * 0.001
  const high = close === null ? null : close + (spread as number)
  const low = close === null ? null : close - (spread as number)
  return { openTimeUs, high, low, close, complete }
}

/** Closes from the start of a block on, minute after minute; null where nothing traded. */
function minutesOf(closes: readonly (number | null)[]): IndicatorCandle[] {
  const startUs = FIRST_BLOCK * BLOCK_BUCKETS * MINUTE_US
  return closes.map((close, at) => candleAt(startUs + at * MINUTE_US, close))
}

function pushAll(candles: readonly IndicatorCandle[], options?: StreamOptions) {
  const stream = createIndicatorStream('1m', options)
  return candles.map((candle) => stream.push(candle))
}

const lastOf = (candles: readonly IndicatorCandle[]) => pushAll(candles).at(-1) as IndicatorValues

/** A walk with what markets have: quiet buckets, unknown ones, and some that are not there. */
function marketOf(seed: number, interval: IntervalName, buckets: number): IndicatorCandle[] {
  const random = createRandom(seed)
  const startUs =
    (FIRST_BLOCK * BLOCK_BUCKETS + random.int(0, 2 * BLOCK_BUCKETS)) * INTERVALS[interval]
  const quiet = random.pick([0, 0.05, 0.7, 0.95])
  const broken = random.pick([0, 0.002])
  let close = 100
  const candles: IndicatorCandle[] = []
  for (let at = 0; at < buckets; at += 1) {
    const openTimeUs = startUs + at * INTERVALS[interval]
    close = Math.round(close * Math.exp(random.gaussian() / 200) * 1e4) / 1e4
    const fate = random.next()
    if (fate < broken) {
      at += random.pick([1, 1, 30, 700])
      continue
    }
    if (fate < 2 * broken) candles.push(candleAt(openTimeUs, random.pick([null, close]), false))
    else candles.push(candleAt(openTimeUs, random.next() < quiet ? null : close))
  }
  return candles
}

/** Returns what a fold makes of a span: of the candles of its look-back, and no others. */
function foldSpan(
  candles: readonly IndicatorCandle[],
  interval: IntervalName,
  [fromUs, toUs]: readonly [number, number],
): IndicatorValues[] {
  const spans = lookBack(interval, fromUs, toUs)
  const seen = candles.filter(({ openTimeUs: at }) =>
    spans.some((span) => at >= span.fromUs && at < span.toUs),
  )
  return valuesOf(seen, { interval, fromUs })
}

describe('a stream of indicators', () => {
  /** As many buckets as make a candle look back on all that it ever does, and some blocks. */
  const LENGTHS = { '1m': 12_500, '15m': 3000, '1h': 2600, '1d': 2600 } as const
  const NAMES = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[]

  test('is the same to the last bit as a fold of any part by itself, in any order', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...NAMES),
        fc.array(fc.integer({ min: 1, max: 1600 }), { maxLength: 6 }),
        (seed, interval, cuts) => {
          const candles = marketOf(seed, interval, LENGTHS[interval])
          const widthUs = INTERVALS[interval]
          const endUs = (candles.at(-1) as IndicatorCandle).openTimeUs + widthUs
          const stream = createIndicatorStream(interval)
          const streamed = candles.flatMap((candle) => stream.push(candle) ?? [])
          const blockUs = BLOCK_BUCKETS * widthUs
          const border = endUs - (endUs % blockUs)
          const places = [endUs - 1700 * widthUs, border, border - 1, border + widthUs, endUs]
          const at = [...places, ...cuts.map((cut) => endUs - cut * widthUs)]
            .filter((place) => place <= endUs)
            .sort((a, b) => a - b)
          const parts = at.slice(1).map((to, index) => [at[index] as number, to] as const)
          const folded = parts
            .filter(([from, to]) => from < to)
            .toReversed()
            .flatMap((part) => foldSpan(candles, interval, part))
            .sort((a, b) => a.open_time_us - b.open_time_us)
          const wanted = streamed.filter((row) => row.open_time_us >= (at[0] as number))
          expect(folded).toEqual(wanted)
        },
      ),
      { numRuns: 15 },
    )
  })

  test('tells the same of a candle alone where its look-back just reaches', () => {
    // A price of 1,500 minutes ago that was carried for 60; a return from before the anchor.
    const closes: (number | null)[] = new Array(3 * BLOCK_BUCKETS).fill(null)
    const at = 2 * BLOCK_BUCKETS + 480
    closes[at - 1500] = 100
    for (let trade = 1; trade <= 29; trade += 1) closes[at - 16 * trade] = 100 + (trade % 3)
    closes[at] = 120
    const candles = minutesOf(closes).slice(0, at + 1)
    const { openTimeUs } = candles[at] as IndicatorCandle
    const alone = foldSpan(candles, '1m', [openTimeUs, openTimeUs + MINUTE_US])
    expect(alone).toEqual([lastOf(candles)])
    expect(alone[0]).toMatchObject({ change_24h_pct: 20, volatility_30: null })
    expect(alone[0]?.sma_30).not.toBeNull()
  })

  test('never looks ahead: what comes later changes nothing before', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 299 }), (seed, at) => {
        const candles = marketOf(seed, '1m', 1400).slice(0, 300 + BLOCK_BUCKETS)
        const later = candles.slice(at).map((candle) => ({ ...candle, close: 1, low: 1, high: 2 }))
        const changed = [...candles.slice(0, at), ...later]
        expect(pushAll(changed).slice(0, at)).toEqual(pushAll(candles).slice(0, at))
        expect(pushAll(candles.slice(0, at))).toEqual(pushAll(candles).slice(0, at))
      }),
      { numRuns: 10 },
    )
  })

  test('keeps nothing of what was skipped from being counted', () => {
    const candles = marketOf(7, '1m', 1400)
    const stream = createIndicatorStream('1m')
    for (const candle of candles.slice(0, -1)) stream.skip(candle)
    expect(stream.push(candles.at(-1) as IndicatorCandle)).toEqual(pushAll(candles).at(-1))
  })

  test('tells nothing of an indicator until its candles have come, and always after', () => {
    const closes = Array.from({ length: 400 }, (_, at) => 100 + Math.sin(at) * 5 + Math.cos(at / 9))
    const rows = pushAll(minutesOf(closes))
    for (const { column, candles } of INDICATORS.filter((one) => one.candles > 0)) {
      const values = rows.map((row) => row?.[column])
      expect(
        values.slice(0, candles - 1).filter((value) => value !== null),
        column,
      ).toEqual([])
      expect(values.slice(candles - 1).includes(null), column).toBe(false)
    }
  })

  test('of a single candle knows its price and the calendar', () => {
    const row = lastOf([candleAt(parseTimeUs('2026-01-05T06:30:00Z') as number, 7)])
    const { open_time_us: _, close, complete, ...rest } = row
    expect({ close, complete }).toEqual({ close: 7, complete: 1 })
    const told = Object.entries(rest).filter(([, value]) => value !== null)
    expect(Object.fromEntries(told)).toEqual({
      // A Monday, a quarter of the day gone.
      ...{ hour_sin: 1, hour_cos: 0, weekday_sin: 0, weekday_cos: 1 },
    })
  })

  test('finds nothing in a price that never moves: RSI 50, no MACD, no band', () => {
    const rows = pushAll(minutesOf(new Array(700).fill(0.1)))
    for (const row of [rows[120], rows.at(-1)]) {
      expect(row).toMatchObject({
        ...{ sma_7: 0.1, sma_90: 0.1, ema_12: 0.1, ema_26: 0.1, rsi_14: 50 },
        ...{ macd: 0, macd_signal: 0, macd_histogram: 0 },
        ...{ bb_lower: 0.1, bb_middle: 0.1, bb_upper: 0.1, volatility_30: 0 },
        ...{ trend: 'sideways', support: null, resistance: null, change_1h_pct: 0 },
      })
    }
  })

  test('has an RSI of 100 where prices only rise, and of 0 where they only fall', () => {
    const rising = Array.from({ length: 40 }, (_, at) => 10 + at)
    expect(lastOf(minutesOf(rising))).toMatchObject({ rsi_14: 100, trend: 'up' })
    expect(lastOf(minutesOf(rising.toReversed()))).toMatchObject({ rsi_14: 0, trend: 'down' })
  })

  test('has no true range where candles have none', () => {
    const candles = minutesOf(Array.from({ length: 40 }, (_, at) => 10 + at))
    expect(pushAll(candles, { hasRange: false }).at(-1)?.atr_14).toBeNull()
    expect(pushAll(candles).at(-1)?.atr_14).toBeGreaterThan(1)
  })

  test('refuses candles out of order, and off their buckets', () => {
    const stream = createIndicatorStream('1m')
    stream.push(candleAt(MINUTE_US, 1))
    expect(() => stream.push(candleAt(MINUTE_US, 1))).toThrow('order of time')
    expect(() => stream.push(candleAt(3 * MINUTE_US + 1, 1))).toThrow('where a bucket begins')
  })
})

describe('buckets without trades', () => {
  const walk = Array.from({ length: 200 }, (_, at) => 100 + Math.sin(at) * 5)

  test('are passed by: averages go from trade to trade', () => {
    const spread = walk.flatMap((close) => [close, null])
    const { open_time_us: _, ...dense } = lastOf(minutesOf(walk))
    const found = pushAll(minutesOf(spread)).at(-2)
    for (const { column, candles } of INDICATORS.filter((one) => one.candles > 0)) {
      expect(found?.[column], column).toBe(dense[column])
      expect(candles).toBeLessThanOrEqual(90)
    }
    expect(found?.complete).toBe(1)
    expect(pushAll(minutesOf(spread)).at(-1)).toBeNull()
  })

  test.each([
    ['is missing', (candles: IndicatorCandle[]) => candles.toSpliced(100, 1)],
    [
      'may lack trades',
      (candles: IndicatorCandle[]) =>
        candles.map((candle, at) => (at === 100 ? { ...candle, complete: false } : candle)),
    ],
  ])('make rows incomplete while a bucket of the look-back %s', (_, spoil) => {
    const closes = Array.from({ length: 3 * BLOCK_BUCKETS }, (_, at) => 100 + (at % 7))
    const candles = minutesOf(closes)
    const whole = pushAll(candles).map((row) => row?.complete)
    expect(whole).not.toContain(0)
    const rows = pushAll(spoil(candles)).filter((row) => row !== null)
    const isWhole = (at: number) =>
      rows.find((row) => row.open_time_us === candles[at]?.openTimeUs)?.complete
    expect([isWhole(99), isWhole(101), isWhole(2 * BLOCK_BUCKETS - 1)]).toEqual([1, 0, 0])
    // The anchor is now the end of the block that has the hole.
    expect(isWhole(2 * BLOCK_BUCKETS)).toBe(1)
  })

  test('longer than two blocks leave nothing to go on from', () => {
    const silent = [...walk, ...new Array(2 * BLOCK_BUCKETS).fill(null), 100]
    expect(lastOf(minutesOf(silent))).toMatchObject({ close: 100, sma_7: null, rsi_14: null })
  })
})

describe('changes of the price', () => {
  test('are by time, from the last price up to then', () => {
    const closes: (number | null)[] = new Array(121).fill(null)
    closes[0] = 100
    closes[10] = 80
    closes[69] = 90
    closes[70] = 100
    closes[71] = 120
    const rows = pushAll(minutesOf(closes))
    expect(rows[69]?.change_1h_pct).toBe(-10)
    expect(rows[70]?.change_1h_pct).toBe(25)
    expect(rows[71]).toMatchObject({ change_1h_pct: 50, change_24h_pct: null, complete: 1 })
  })

  test('are unknown where the price then is: too long ago, or perhaps changed unseen', () => {
    const closes: (number | null)[] = new Array(140).fill(null)
    closes[0] = 100
    closes[120] = 100
    closes[121] = 100
    const rows = pushAll(minutesOf(closes))
    expect([rows[120]?.change_1h_pct, rows[121]?.change_1h_pct]).toEqual([0, null])
    const unsure = minutesOf(closes).with(
      30,
      candleAt(minutesOf(closes)[30]!.openTimeUs, null, false),
    )
    expect(pushAll(unsure)[120]?.change_1h_pct).toBeNull()
    const missing = minutesOf(closes).toSpliced(30, 1)
    expect(pushAll(missing)[119]?.change_1h_pct).toBeNull()
  })

  test('are left out where an interval does not divide their span', () => {
    const dayUs = INTERVALS['1d']
    const stream = createIndicatorStream('1d')
    const rows = [1, 2, 3, 4, 5, 6, 7, 8].map((close, at) =>
      stream.push(candleAt((20_000 + at) * dayUs, close)),
    )
    expect(rows.at(-1)).toMatchObject({
      change_1h_pct: null,
      change_24h_pct: 100 / 7,
      change_7d_pct: 700,
    })
  })

  test('make a row incomplete that is counted from an incomplete candle', () => {
    const closes = Array.from({ length: 4 * BLOCK_BUCKETS }, () => 100)
    const at = 3 * BLOCK_BUCKETS + 100
    const candles = minutesOf(closes)
    const before = candles[at - 1440] as IndicatorCandle
    const rows = pushAll(candles.with(at - 1440, { ...before, complete: false }))
    expect(rows.slice(at - 1, at + 2).map((row) => row?.complete)).toEqual([1, 0, 1])
  })
})
