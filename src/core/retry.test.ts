import { expect, test } from 'vitest'
import { createRandom } from './random.ts'
import { backoffMs } from './retry.ts'

const random = createRandom('retry')
const longest = (attempt: number) =>
  Math.max(
    ...Array.from({ length: 500 }, () => backoffMs(attempt, { baseMs: 100, capMs: 1000, random })),
  )

test('the range of the pause doubles with each attempt up to the cap', () => {
  expect(longest(0)).toBeLessThan(100)
  expect(longest(1)).toBeGreaterThan(100)
  expect(longest(1)).toBeLessThan(200)
  expect(longest(4)).toBeGreaterThan(800)
  expect(longest(4)).toBeLessThan(1000)
  expect(longest(5000)).toBeLessThan(1000)
})

test('pauses are drawn from the whole range, short ones too', () => {
  const draws = Array.from({ length: 500 }, () =>
    backoffMs(3, { baseMs: 100, capMs: 1000, random }),
  )
  expect(Math.min(...draws)).toBeLessThan(50)
  expect(draws.every((pause) => pause >= 0)).toBe(true)
})
