import { expect, test } from 'vitest'
import {
  addCandle,
  createCandles,
  deviationOf,
  greatestPivot,
  leastPivot,
  meanOf,
} from './windows.ts'

const SEARCH = { count: 9, radius: 2 }

function candlesOf(closes: readonly number[]) {
  const candles = createCandles()
  for (const close of closes) addCandle(candles, close, close, close)
  return candles
}

test('of the confirmed pivots the least low and the greatest high count', () => {
  const candles = candlesOf([5, 6, 3, 6, 9, 6, 2, 6, 7])
  expect(leastPivot(candles, SEARCH)).toBe(2)
  expect(greatestPivot(candles, SEARCH)).toBe(9)
})

test('a low that enough candles have not confirmed yet is no pivot', () => {
  expect(leastPivot(candlesOf([5, 6, 3, 6, 9, 8, 7, 1, 7]), SEARCH)).toBe(3)
  expect(leastPivot(candlesOf([9, 8, 7, 6, 5, 4, 3, 2, 1]), SEARCH)).toBeNull()
})

test('of equal lows side by side the first is the pivot, and prices at rest have none', () => {
  expect(leastPivot(candlesOf([9, 8, 3, 3, 8, 9, 9, 9, 9]), SEARCH)).toBe(3)
  expect(leastPivot(candlesOf(new Array(9).fill(4)), SEARCH)).toBeNull()
})

test('windows reach back the same however many candles have come', () => {
  for (const before of [0, 1, 269, 270, 271, 1000]) {
    const closes = [...new Array(before).fill(1e9), ...Array.from({ length: 90 }, (_, at) => at)]
    const candles = candlesOf(closes)
    expect(meanOf(candles, 90)).toBe(44.5)
    expect(deviationOf(candles, 4, 87.5)).toBe(Math.sqrt(1.25))
  }
})
