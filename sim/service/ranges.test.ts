import { expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { createRanges } from './ranges.ts'

test('ranges join where they touch, in whatever order they come', () => {
  const random = createRandom(4)
  const ranges = createRanges()
  const held = new Set<number>()
  for (let i = 0; i < 500; i += 1) {
    const first = random.int(0, 2000)
    const last = first + random.int(0, 6)
    ranges.add(first, last)
    for (let id = first; id <= last; id += 1) held.add(id)
  }
  for (let id = 0; id <= 2010; id += 1) expect(ranges.has(id)).toBe(held.has(id))
  for (const [index, [first]] of ranges.list.entries()) {
    const before = ranges.list[index - 1]
    if (before !== undefined) expect(first).toBeGreaterThan(before[1] + 1)
  }
  const [lowest] = ranges.list[0]!
  const missing = ranges.missing(2010)
  const count = missing.reduce((sum, [first, last]) => sum + last - first + 1, 0)
  expect(count).toBe(2011 - lowest - [...held].filter((id) => id <= 2010).length)
})
