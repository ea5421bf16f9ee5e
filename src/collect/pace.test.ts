import { expect, test } from 'vitest'
import { createPace, learnGap, patienceMs } from './pace.ts'

test('a pace nobody knows is given ten minutes', () => {
  expect(patienceMs(createPace())).toBe(600_000)
})

test('a steady pace is learned and given twenty of its gaps', () => {
  const pace = createPace()
  for (let i = 0; i < 40; i += 1) learnGap(pace, 3000)
  expect(pace.meanGapMs).toBeCloseTo(3000)
  expect(patienceMs(pace)).toBeCloseTo(60_000)
})

test('a busy pace is still given ten seconds', () => {
  const pace = createPace()
  for (let i = 0; i < 200; i += 1) learnGap(pace, 5)
  expect(patienceMs(pace)).toBe(10_000)
})

test('a change of pace is followed within a few hundred gaps', () => {
  const pace = createPace()
  for (let i = 0; i < 500; i += 1) learnGap(pace, 100)
  for (let i = 0; i < 300; i += 1) learnGap(pace, 2000)
  expect(pace.meanGapMs).toBeGreaterThan(1900)
})
