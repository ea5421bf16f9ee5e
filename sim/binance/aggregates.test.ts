import { expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { createTape } from '../market/tape.ts'
import { createAggregates } from './aggregates.ts'

test('aggregates are numbered without a gap while the tape grows and lets go', () => {
  const random = createRandom(9)
  const tape = createTape(1000)
  const aggregates = createAggregates(tape, 70)
  const expected: number[] = []
  let ticks = 100
  for (let i = 0; i < 300_000; i += 1) {
    const opensOrder = random.next() < 0.4
    const next = random.next() < 0.5 ? ticks : ticks + 1
    if (opensOrder || next !== ticks || i === 0) expected.push(i)
    ticks = next
    const trade = { tradeId: 1000 + i, timeUs: i, ticks, units: 1, makerBuys: true, opensOrder }
    tape.append(trade)
    if (i % 70_000 === 69_999) {
      expect(aggregates.nextId).toBe(70 + expected.length)
      tape.evict()
    }
  }
  const first = expected.findIndex((index) => index >= tape.start)
  expect(aggregates.firstId).toBe(70 + first)
  for (let position = first; position < expected.length; position += 97) {
    const { from, end } = aggregates.at(70 + position)
    expect([from, end]).toEqual([expected[position], expected[position + 1] ?? tape.end])
    expect(aggregates.idOfIndex(from)).toBe(70 + position)
    expect(aggregates.idOfIndex(end - 1)).toBe(70 + position)
  }
})
