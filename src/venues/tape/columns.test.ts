import { expect, test } from 'vitest'
import { parseColumnSpec, planColumns } from './columns.ts'

const MAP = { time: 'ts:us', price: 'price', size: 'amount' }

test('splits a unit off a column name, and leaves other colons alone', () => {
  expect(parseColumnSpec('ts:us')).toMatchObject({ column: 'ts', unit: 'us' })
  expect(parseColumnSpec('a:b')).toMatchObject({ column: 'a:b', unit: 'auto' })
  expect(parseColumnSpec('m:maker')).toMatchObject({ column: 'm', maker: true })
  const ofDay = { column: 'c0', unit: 'ms', baseUs: 1_475_798_400_000_000 }
  expect(parseColumnSpec('c0:ms@2016-10-07')).toMatchObject(ofDay)
  expect(parseColumnSpec('c0:ms@soon')).toHaveProperty('problem')
})

test('finds columns by name, and by place where there is no such name', () => {
  const plan = planColumns('trades', { ...MAP, side: 'c0' }, ['dir', 'ts', 'price', 'amount'])
  expect('problem' in plan ? plan.problem : [...plan.columnOf]).toEqual([
    -1, -1, -1, 1, 2, 3, 0, -1,
  ])
})

test.each([
  [{ time: 'ts', price: 'price' }, /no column is given for size/],
  [{ ...MAP, size: 'qty' }, /no column "qty"; the file has ts, price, amount/],
  [{ ...MAP, volume: 'amount' }, /"volume" is no field of trades/],
  [{ ...MAP, first_id: 'ts' }, /first_id and last_id go together/],
  [{ ...MAP, first_id: 'ts', last_id: 'ts' }, /need a trade_id/],
  [{ ...MAP, size: 'c7' }, /no column "c7"/],
])('says what is wrong with %j', (map, problem) => {
  const plan = planColumns('trades', map, ['ts', 'price', 'amount'])
  expect('problem' in plan && plan.problem).toMatch(problem)
})

test('does not choose between two columns of one name', () => {
  const plan = planColumns('trades', MAP, ['ts', 'price', 'price', 'amount'])
  expect(plan).toEqual({ problem: 'column "price" stands there twice' })
})
