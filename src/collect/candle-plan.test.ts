import { describe, expect, test } from 'vitest'
import { MINUTE_US } from '../market/bucket.ts'
import type { CandleGap } from './candle-plan.ts'
import { createCandleMemory, planCandles } from './candle-plan.ts'

const gap = (symbol: string, from: number, to: number): CandleGap => ({
  symbol,
  fromUs: from * MINUTE_US,
  toUs: to * MINUTE_US,
})
const REACH = { nowUs: 10_000 * MINUTE_US, minutesMax: null }

describe('gaps of candles', () => {
  test('of one symbol within 300 minutes share a request, newest first', () => {
    const gaps = [gap('A', 1, 2), gap('A', 1000, 1001), gap('B', 1100, 1101), gap('A', 900, 950)]
    const spans = planCandles(gaps, REACH).map(({ span }) => span)
    expect(spans).toEqual([gap('B', 1100, 1101), gap('A', 900, 1001), gap('A', 1, 2)])
  })

  test('beyond the reach of the venue’s history are not asked for', () => {
    const gaps = [gap('A', 9270, 9290), gap('A', 1, 2)]
    const spans = planCandles(gaps, { ...REACH, minutesMax: 720 })
    expect(spans.map(({ span }) => span)).toEqual([gap('A', 9280, 9290)])
  })

  test('that stay are asked for ever more rarely, in the end once an hour', () => {
    const memory = createCandleMemory()
    const one = gap('A', 5, 6)
    const asked: number[] = []
    for (let second = 0; second < 10_000; second += 1) {
      if (!memory.isDue(one, second * 1e6)) continue
      memory.add(one, second * 1e6)
      asked.push(second)
    }
    expect(asked).toEqual([0, 2, 6, 14, 30, 62, 3662, 7262])
  })

  test('are remembered in a bounded number, those asked for last', () => {
    const memory = createCandleMemory()
    for (let minute = 0; minute <= 10_000; minute += 1) memory.add(gap('A', minute, minute + 1), 0)
    expect(memory.isDue(gap('A', 0, 1), 0)).toBe(true)
    expect(memory.isDue(gap('A', 1, 2), 0)).toBe(false)
  })
})
