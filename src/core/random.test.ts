import { expect, test } from 'vitest'
import { createRandom } from './random.ts'

const take = (seed: number | string, count: number) => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => random.next())
}

test('one seed gives one sequence, and this one for ever', () => {
  expect(take('demo', 50)).toEqual(take('demo', 50))
  expect(take(7, 50)).toEqual(take('7', 50))
  expect(take(1, 3).map((value) => value.toFixed(12))).toMatchInlineSnapshot(`
    [
      "0.362482711089",
      "0.989080310081",
      "0.673699389305",
    ]
  `)
})

test('neighbouring seeds share nothing', () => {
  expect(new Set([...take(1, 100), ...take(2, 100), ...take('1a', 100)]).size).toBe(300)
})

test('draws lie in [0, 1) and are spread evenly', () => {
  const draws = take('even', 20_000)
  const counts = new Array<number>(10).fill(0)
  for (const draw of draws) {
    expect(draw >= 0 && draw < 1).toBe(true)
    const slot = Math.floor(draw * 10)
    counts[slot] = counts[slot]! + 1
  }
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200)
})

test('int includes both ends, and a range of one number gives that number', () => {
  const random = createRandom('int')
  const seen = new Set(Array.from({ length: 200 }, () => random.int(-1, 2)))
  expect([...seen].sort()).toEqual([-1, 0, 1, 2])
  expect(random.int(5, 5)).toBe(5)
  expect(() => random.int(2, 1)).toThrow('lo <= hi')
})

test('pick gives every element its turn and refuses an empty list', () => {
  const random = createRandom('pick')
  const seen = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])))
  expect(seen.size).toBe(3)
  expect(() => random.pick([])).toThrow('something to pick from')
})

test('exponential waits and gaussian draws have the moments they promise', () => {
  const random = createRandom('moments')
  const waits = Array.from({ length: 20_000 }, () => random.exponential(4))
  const draws = Array.from({ length: 20_000 }, () => random.gaussian())
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  expect(mean(waits)).toBeCloseTo(4, 0)
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0)
  expect(mean(draws)).toBeCloseTo(0, 1)
  expect(mean(draws.map((value) => value * value))).toBeCloseTo(1, 1)
})
