import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { StatementCache } from './statements.ts'

test('a statement is prepared once, and forgotten when 256 others were used since', () => {
  using database = new DatabaseSync(':memory:')
  const statements = new StatementCache(database)
  const first = statements.get('select 0 as n')
  const use = (from: number, to: number) => {
    for (let n = from; n < to; n += 1) statements.get(`select ${n} as n`)
  }
  use(1, 256)
  expect(statements.get('select 0 as n')).toBe(first)
  use(256, 511)
  expect(statements.get('select 0 as n')).toBe(first)
  use(511, 767)
  expect(statements.get('select 0 as n')).not.toBe(first)
})

test('the columns that a statement answers with are known', () => {
  using database = new DatabaseSync(':memory:')
  const statements = new StatementCache(database)
  database.exec('create table t (a integer)')
  expect(statements.get('insert into t values (1)').columns).toEqual([])
  expect(statements.get('insert into t values (1) returning a').columns).toEqual(['a'])
  expect(statements.get('select 1 as one, 2 as two').columns).toEqual(['one', 'two'])
})
