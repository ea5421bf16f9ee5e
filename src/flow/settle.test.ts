import { expect, test } from 'vitest'
import { openTestFlow, testAsset } from './testing.ts'

test('a day is stale once an hour of it comes to something else, and not before', async () => {
  let version = 'v1'
  const a = testAsset({ key: 'bronze.a', materialize: async () => ({ rows: 1, version }) })
  const c = testAsset({ key: 'gold.c', partitions: 'daily', dependencies: ['bronze.a'] })
  await using flow = await openTestFlow([a, c])
  const make = async (key: string, part: string) => {
    await flow.queue(key, part, { forced: true })
    await flow.drain()
  }
  await make('bronze.a', '2026-03-06T09')
  await make('gold.c', '2026-03-06')
  await make('bronze.a', '2026-03-06T09')
  expect(await flow.state('gold.c', '2026-03-06')).toBe('made')
  version = 'v2'
  await make('bronze.a', '2026-03-06T09')
  expect(await flow.state('gold.c', '2026-03-06')).toBe('stale')
  await make('gold.c', '2026-03-06')
  await make('bronze.a', '2026-03-06T10')
  expect(await flow.state('gold.c', '2026-03-06')).toBe('stale')
})

test('a run of some items leaves the part as it was', async () => {
  await using flow = await openTestFlow([testAsset({ key: 'bronze.a' })])
  await flow.queue('bronze.a', undefined, { only: { venue: 'kraken' } })
  expect(await flow.drain()).toMatchObject([{ state: 'succeeded' }])
  expect(await flow.state('bronze.a')).toBe('missing')
  const parts = await flow.warehouse.read((db) =>
    db.selectFrom('ops_partitions').selectAll().execute(),
  )
  expect(parts).toEqual([])
})
