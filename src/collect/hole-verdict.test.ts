import { describe, expect, test } from 'vitest'
import type { HistoryOutcome } from './history.ts'
import type { Hole } from './hole-plan.ts'
import { createAttemptMemory, judgeAttempt } from './hole-verdict.ts'

const hole: Hole = {
  ...{ symbol: 'BTC-USD', firstId: 10, lastId: 12, fromUs: 100, toUs: 200 },
  ...{ attempts: 0, lastAttemptUs: null },
}
const outcome = (more: Partial<HistoryOutcome>): HistoryOutcome => ({
  ...{ pages: 1, trades: 2, leastId: 9, greatestId: 13, leastTimeUs: 99, greatestTimeUs: 200 },
  ...{ ended: 'done', covered: true, status: 200, evidence: '', ...more },
})

describe('an attempt on a hole', () => {
  test('is unclear where the walk paused or stood still', () => {
    expect(judgeAttempt(hole, outcome({ ended: 'paused' }), 0)).toBe('unclear')
    expect(judgeAttempt(hole, outcome({ ended: 'stuck' }), 0)).toBe('unclear')
  })

  test('found what it held', () => {
    expect(judgeAttempt(hole, outcome({}), 1)).toBe('found')
  })

  test('is empty only where pages hold trades on both sides', () => {
    expect(judgeAttempt(hole, outcome({}), 0)).toBe('empty')
    // History may not have caught up with what the feed has sent.
    expect(judgeAttempt(hole, outcome({ greatestId: 12 }), 0)).toBe('unclear')
  })

  test('is unreachable where history ends before it or is refused', () => {
    expect(judgeAttempt(hole, outcome({ leastId: 13 }), 0)).toBe('unreachable')
    expect(judgeAttempt(hole, outcome({ trades: 0, leastId: 0 }), 0)).toBe('unreachable')
    expect(judgeAttempt(hole, outcome({ ended: 'refused', status: 404 }), 0)).toBe('unreachable')
  })

  test('proves nothing where the pager stood still', () => {
    expect(judgeAttempt(hole, outcome({ ended: 'stuck' }), 0)).toBe('unclear')
  })

  test('never calls an edge known by time only empty', () => {
    const edge = { ...hole, firstId: null }
    expect(judgeAttempt(edge, outcome({}), 0)).toBe('unclear')
    expect(judgeAttempt(edge, outcome({ leastTimeUs: 150 }), 0)).toBe('unreachable')
  })
})

describe('the memory of attempts', () => {
  test('counts only attempts on the whole of a hole', () => {
    const memory = createAttemptMemory()
    memory.add(hole, 1000, 'empty')
    memory.add({ ...hole, lastId: 11 }, 2000, 'empty')
    expect(memory.count(hole, 'empty')).toBe(1)
    // What is left of a hole after a part of it was found was asked for with the rest.
    expect(memory.count({ ...hole, firstId: 11 }, 'empty')).toBe(1)
    expect(memory.count({ ...hole, lastId: 10 }, 'empty')).toBe(2)
    expect(memory.count({ ...hole, symbol: 'ETH-USD' }, 'empty')).toBe(0)
  })

  test('tells a hole of attempts the warehouse has not read yet', () => {
    const memory = createAttemptMemory()
    expect(memory.refresh(hole)).toBe(hole)
    memory.add(hole, 1000, 'unclear')
    expect(memory.refresh(hole)).toMatchObject({ attempts: 1, lastAttemptUs: 1000 })
    // What brought trades has not failed, so that pauses are short again.
    memory.add(hole, 2000, 'unclear')
    memory.add(hole, 3000, 'found')
    expect(memory.refresh(hole)).toMatchObject({ attempts: 1, lastAttemptUs: 3000 })
    const known = { ...hole, attempts: 7, lastAttemptUs: 5000 }
    expect(memory.refresh(known)).toMatchObject({ attempts: 7, lastAttemptUs: 5000 })
  })
})
