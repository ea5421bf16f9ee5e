import { expect, test } from 'vitest'
import { createGraph } from '../flow/index.ts'
import { findDataset } from './datasets/index.ts'
import { OWN_ASSETS } from './own.ts'

test('every asset writes datasets of the catalogue', () => {
  const unknown = OWN_ASSETS.flatMap(({ datasets }) => datasets).filter(
    (name) => findDataset(name) === null,
  )
  expect(unknown).toEqual([])
})

test('everything but the first of each line is made from something', () => {
  const { assets } = createGraph(OWN_ASSETS)
  const first = assets.filter(({ dependencies }) => dependencies.length === 0).map(({ key }) => key)
  expect(
    first.every((key) => /^(bronze|market|ops)\./.test(key)),
    first.join(', '),
  ).toBe(true)
})

test('what is made on a schedule says by when it should be there', () => {
  const careless = OWN_ASSETS.filter(
    ({ schedules, freshnessSeconds }) => schedules.length > 0 && freshnessSeconds === null,
  )
  expect(careless.map(({ key }) => key)).toEqual([])
})
