import { describe, expect, test } from 'vitest'
import { createRandom } from '../../core/random.ts'
import {
  type BookSide,
  createSide,
  cutForGood,
  cutToWindow,
  fillSide,
  type HeldSize,
  setLevel,
} from './side.ts'

const levelsOf = ({ keys, sizes }: BookSide) => keys.map((key, at) => [key, sizes[at]])

const sorted = (model: ReadonlyMap<number, HeldSize>) =>
  [...model].toSorted(([a], [b]) => a - b).map(([key, size]) => [key, size])

describe('a side of a book', () => {
  test('holds what a map sorted by price would, whatever is set and removed', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = createRandom(seed)
      const side = createSide()
      const model = new Map<number, HeldSize>()
      for (let step = 0; step < 200; step += 1) {
        const key = random.int(1, 40) / 100
        const size = random.next() < 0.3 ? 0 : random.int(1, 9)
        setLevel(side, key, size)
        if (size === 0) model.delete(key)
        else model.set(key, size)
      }
      expect(levelsOf(side), `seed ${seed}`).toEqual(sorted(model))
    }
  })

  test('is filled in any order, of a price told twice with the last size', () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const random = createRandom(seed)
      const count = random.int(0, 60)
      const keys = Array.from({ length: count }, () => random.int(1, 30))
      const sizes = keys.map(() => random.int(0, 5))
      const model = new Map<number, HeldSize>()
      keys.forEach((key, at) => {
        model.set(key, sizes[at] as number)
      })
      for (const [key, size] of model) if (size === 0) model.delete(key)
      const side = createSide()
      fillSide(side, keys, sizes)
      expect(levelsOf(side), `seed ${seed}`).toEqual(sorted(model))
    }
  })

  test('cut to a window takes levels that come back', () => {
    const side = createSide()
    fillSide(side, [1, 2, 3, 4], [1, 1, 1, 1])
    cutToWindow(side, 3)
    expect(side.keys).toEqual([2, 3, 4])
    setLevel(side, 1, 5)
    expect(side.keys).toEqual([1, 2, 3, 4])
  })

  test('cut for good takes no level worse than the worst that was left', () => {
    const side = createSide()
    const keys = Array.from({ length: 18 }, (_, at) => at + 1)
    fillSide(side, keys, keys)
    cutForGood(side, 16)
    expect(side.horizon).toBeNull()
    setLevel(side, 19, 1)
    cutForGood(side, 16)
    expect([side.keys.length, side.horizon]).toEqual([16, 4])
    setLevel(side, 3, 1)
    setLevel(side, 3.5, 1)
    setLevel(side, 4, 7)
    expect([side.keys[0], side.sizes[0], side.keys.length]).toEqual([4, 7, 16])
  })
})
