import { expect, test } from 'vitest'
import { FAULT_KINDS } from '../../sim/index.ts'
import { isQuiet, productsOf, TRADING_VENUES } from './markets.ts'
import { planExam } from './plan.ts'

const HALF_AN_HOUR = { seed: '1', seconds: 1800, everyMs: 2500, books: false }

test('the same seed plans the same faults, another seed others', () => {
  expect(planExam(HALF_AN_HOUR)).toEqual(planExam(HALF_AN_HOUR))
  expect(planExam({ ...HALF_AN_HOUR, seed: '2' })).not.toEqual(planExam(HALF_AN_HOUR))
})

test('half an hour holds hundreds of faults, and every kind that ends no client', () => {
  const plan = planExam(HALF_AN_HOUR)
  expect(plan.length).toBeGreaterThan(500)
  const kinds = new Set(plan.map(({ request }) => request.kind))
  // A frame too long to take has a test of its own; books are spoilt only where they are collected.
  expect(FAULT_KINDS.filter((kind) => !kinds.has(kind))).toEqual(['oversized', 'book_corrupt'])
  const withBooks = planExam({ ...HALF_AN_HOUR, books: true })
  expect(withBooks.some(({ request }) => request.kind === 'book_corrupt')).toBe(true)
})

test('connections of one venue are ended well apart, and only after the last is back', () => {
  const ends = new Set(['stall', 'disconnect', 'planned_cut', 'refuse'])
  const plan = planExam(HALF_AN_HOUR).filter(({ request }) => ends.has(request.kind))
  for (const venue of TRADING_VENUES) {
    const own = plan.filter(({ request }) => request.venue === venue)
    for (const [at, { atMs }] of own.entries()) {
      const before = own[at - 1]
      if (before === undefined) continue
      const lastedMs = (before.request.seconds ?? 0) * 1000
      expect(atMs - before.atMs - lastedMs).toBeGreaterThan(8000)
    }
  }
})

test('every venue has fifteen products, three of them quiet, which are struck as well', () => {
  const quiet = new Set<string>()
  for (const venue of TRADING_VENUES) {
    const products = productsOf(venue)
    expect(products).toHaveLength(15)
    const own = products.filter(isQuiet).map(({ id }) => id)
    expect(own).toHaveLength(3)
    for (const id of own) quiet.add(id)
  }
  const struck = planExam(HALF_AN_HOUR).filter(({ request }) => quiet.has(request.product ?? ''))
  expect(struck.length).toBeGreaterThan(30)
  expect(struck.some(({ request }) => request.kind === 'rest_hole')).toBe(false)
})

test('nobody is refused so late that asking again comes after the end', () => {
  const late = planExam({ ...HALF_AN_HOUR, seconds: 590 }).filter(
    ({ request }) => request.kind === 'reject' && request.venue !== 'binance-us',
  )
  expect(late).toEqual([])
})
