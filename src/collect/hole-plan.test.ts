import { describe, expect, test } from 'vitest'
import type { History, HistoryRange } from '../venues/venue.ts'
import type { Hole } from './hole-plan.ts'
import { cutHole, isDue, isWalkedById, planHoles, restMs } from './hole-plan.ts'

const hole = (firstId: number | null, lastId: number | null, more: Partial<Hole> = {}): Hole => ({
  ...{ symbol: 'BTC-USD', firstId, lastId, fromUs: 0, toUs: (lastId ?? 0) * 1000 },
  ...{ attempts: 0, lastAttemptUs: null, ...more },
})

describe('rest between attempts', () => {
  test('doubles from 2 s up to 5 minutes', () => {
    expect([0, 1, 2, 3, 8, 9, 60].map(restMs)).toEqual([
      0, 2000, 4000, 8000, 256_000, 300_000, 300_000,
    ])
  })

  test('a hole is due at once, and then after its rest', () => {
    expect(isDue(hole(1, 2), 0)).toBe(true)
    const tried = hole(1, 2, { attempts: 2, lastAttemptUs: 10_000_000 })
    expect(isDue(tried, 13_999_999)).toBe(false)
    expect(isDue(tried, 14_000_000)).toBe(true)
  })
})

test('a venue is walked by id where its requests depend on ids, else by time', () => {
  const next =
    (path: (range: HistoryRange) => string): History['next'] =>
    (range) => ({
      done: false,
      request: { channel: 'trades', symbol: range.symbol, path: path(range) },
      state: null,
    })
  const one = hole(5, 6)
  expect(isWalkedById({ next: next(({ lastId }) => `?after=${lastId}`) }, one)).toBe(true)
  expect(isWalkedById({ next: next(({ fromUs }) => `?since=${fromUs}`) }, one)).toBe(false)
})

describe('a plan of walks', () => {
  test('joins the holes of a symbol that one page covers, newest first', () => {
    const plan = planHoles([hole(5, 6), hole(900, 910), hole(1200, 1201)], 1000)
    expect(plan.map(({ span }) => [span.firstId, span.lastId])).toEqual([
      [900, 1201],
      [5, 6],
    ])
    expect(plan[0]!.holes).toHaveLength(2)
  })

  test('keeps symbols apart and puts the newest walk first', () => {
    const other = { symbol: 'ETH-USD', toUs: 9e12 }
    const plan = planHoles([hole(5, 6), hole(7, 8, other)], 1000)
    expect(plan.map(({ span }) => span.symbol)).toEqual(['ETH-USD', 'BTC-USD'])
  })

  test('leaves an edge known by time only to a walk of its own', () => {
    const plan = planHoles([hole(null, 99, { fromUs: 7 }), hole(150, 160)], 1000)
    expect(plan.map(({ span }) => [span.firstId, span.lastId])).toEqual([
      [150, 160],
      [null, 99],
    ])
    expect(plan[1]!.span.fromUs).toBe(7)
  })

  test('takes a long hole in parts of ten pages that touch', () => {
    const parts = cutHole(hole(1, 25_000), 1000)
    expect(parts.map(({ firstId, lastId }) => [firstId, lastId])).toEqual([
      [15_001, 25_000],
      [5001, 15_000],
      [1, 5000],
    ])
    expect(planHoles(parts, 1000)).toHaveLength(3)
    const edge = hole(null, 25_000)
    expect(cutHole(edge, 1000)).toEqual([edge])
    const absurd = hole(1, Number.MAX_SAFE_INTEGER - 1)
    expect(cutHole(absurd, 1000)).toEqual([absurd])
  })
})
