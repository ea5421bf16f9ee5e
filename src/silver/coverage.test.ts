import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Coverage } from './coverage.ts'

/** A trade's time follows its id, as on a venue. */
const timeOf = (id: number) => id * 1000

const claims = fc.array(
  fc.record({ first: fc.integer({ min: 1, max: 60 }), length: fc.integer({ min: 1, max: 4 }) }),
  { maxLength: 60 },
)

function claimAll(list: readonly { first: number; length: number }[]): Coverage {
  const coverage = new Coverage()
  for (const { first, length } of list) {
    for (let id = first; id < first + length; id += 1) coverage.claim(id, id, timeOf(id))
  }
  return coverage
}

describe('coverage', () => {
  test('holds exactly the ids claimed, as maximal runs in order', () => {
    fc.assert(
      fc.property(claims, (list) => {
        const ids = new Set(
          list.flatMap(({ first, length }) => Array.from({ length }, (_, at) => first + at)),
        )
        const { intervals } = claimAll(list)
        const held = intervals.flatMap(({ firstId, lastId }) =>
          Array.from({ length: lastId - firstId + 1 }, (_, at) => firstId + at),
        )
        expect(held).toEqual([...ids].sort((a, b) => a - b))
        for (const [at, run] of intervals.entries()) {
          expect(run.firstTimeUs).toBe(timeOf(run.firstId))
          expect(run.lastTimeUs).toBe(timeOf(run.lastId))
          const next = intervals[at + 1]
          if (next !== undefined) expect(next.firstId).toBeGreaterThan(run.lastId + 1)
        }
      }),
    )
  })

  test('ends in the same runs whatever the order of claims', () => {
    const shuffled = claims.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(claimAll(other).intervals).toEqual(claimAll(list).intervals)
      }),
    )
  })

  test('says once of each id that it was free', () => {
    fc.assert(
      fc.property(claims, (list) => {
        const coverage = new Coverage()
        const free = new Set<number>()
        for (const { first } of list) {
          expect(coverage.claim(first, first, timeOf(first))).toBe(!free.has(first))
          free.add(first)
        }
      }),
    )
  })

  test('claims a free run as it would claim its ids one by one', () => {
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 60 }), (list, first) => {
        const byRun = claimAll(list)
        const byOne = claimAll(list)
        const free = byRun.freeRun(first, 10)
        if (free === 0) return
        const last = first + free - 1
        byRun.claimRun(first, last, { first: timeOf(first), last: timeOf(last) })
        for (let id = first; id <= last; id += 1) byOne.claim(id, id, timeOf(id))
        expect(byRun.intervals).toEqual(byOne.intervals)
      }),
    )
  })

  test('takes the times of an id that never existed from its neighbours', () => {
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 1, 3],
      [2, 3, 1],
      [1, 3, 2],
    ]) {
      const coverage = new Coverage()
      for (const id of order) coverage.claim(id, id, id === 2 ? Number.NaN : timeOf(id))
      const run = { firstId: 1, lastId: 3, firstTimeUs: 1000, lastTimeUs: 3000 }
      expect(coverage.intervals).toEqual([run])
    }
  })

  test('marks what runs whose times go back had proven, once they are joined', () => {
    const begun = new Coverage([
      { firstId: 5, lastId: 6, firstTimeUs: 9000, lastTimeUs: 4000 },
      { firstId: 8, lastId: 9, firstTimeUs: 3000, lastTimeUs: 20_000 },
    ])
    begun.claim(7, 7, 5000)
    expect([begun.touchedFromUs, begun.touchedToUs]).toEqual([3000, 9000])
    const ended = new Coverage([
      { firstId: 5, lastId: 6, firstTimeUs: 1000, lastTimeUs: 9000 },
      { firstId: 8, lastId: 9, firstTimeUs: 8000, lastTimeUs: 2000 },
    ])
    ended.claim(7, 7, 8500)
    expect([ended.touchedFromUs, ended.touchedToUs]).toEqual([2000, 9000])
  })

  test('does not mark the far end of a run that grows at its beginning', () => {
    const coverage = new Coverage([
      { firstId: 8, lastId: 9, firstTimeUs: 8000, lastTimeUs: 900_000 },
    ])
    coverage.claim(7, 7, 7000)
    expect([coverage.touchedFromUs, coverage.touchedToUs]).toEqual([7000, 8000])
    expect(coverage.extended.size).toBe(0)
  })

  test('claims as void only what is free, and forgets no trade’s time', () => {
    const coverage = new Coverage()
    coverage.claim(5, 5, timeOf(5))
    coverage.claimVoid(3, 8)
    const run = { firstId: 3, lastId: 8, firstTimeUs: timeOf(5), lastTimeUs: timeOf(5) }
    expect(coverage.intervals).toEqual([run])
  })

  test('tells what rows to remove and to store again', () => {
    const coverage = new Coverage()
    coverage.claim(1, 1, timeOf(1))
    coverage.claim(3, 3, timeOf(3))
    coverage.settle()
    coverage.claim(2, 2, timeOf(2))
    expect([...coverage.removed]).toEqual([3])
    expect([...coverage.changed]).toEqual([
      { firstId: 1, lastId: 3, firstTimeUs: 1000, lastTimeUs: 3000 },
    ])
    expect([coverage.touchedFromUs, coverage.touchedToUs]).toEqual([1000, 3000])
  })
})
