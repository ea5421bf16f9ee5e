import { describe, expect, test } from 'vitest'
import type { RunListener } from './listener.ts'
import { settlingOf } from './runner.ts'
import { cancelRun } from './settle.ts'
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

describe('the listener is told of the end of', () => {
  const failing = testAsset({ key: 'bronze.a', materialize: () => Promise.reject(new Error('no')) })
  const below = testAsset({ key: 'silver.b', dependencies: ['bronze.a'] })
  const open = async () => {
    const told: string[] = []
    const listener: RunListener = {
      async ended(_, { run, partition, outcome }) {
        told.push(`${run.asset} ${partition.key} ${run.state} ${run.started_us !== null}`)
        expect(outcome).toBeNull()
      },
    }
    return { told, flow: await openTestFlow([failing, below], { listener }) }
  }

  test('a run that waits for another try, when it is given up', async () => {
    const { told, flow } = await open()
    await using _ = flow
    const { run } = await flow.queue('bronze.a')
    await flow.drain()
    expect(told).toEqual([])
    await flow.warehouse.write((tx) => cancelRun(tx, settlingOf(flow.runner.options), run.run_id))
    expect(told).toEqual(['bronze.a 2026-03-07T09 cancelled true'])
  })

  test('one that is blocked before it began', async () => {
    const { told, flow } = await open()
    await using _ = flow
    await flow.setState('bronze.a', '2026-03-07T09', 'failed')
    await flow.queue('silver.b')
    await flow.drain()
    expect(told).toEqual(['silver.b 2026-03-07T09 skipped false'])
  })

  test('one that was lost over and over, by whoever finds it', async () => {
    const { told, flow } = await open()
    await using _ = flow
    await flow.queue('bronze.a')
    for (let time = 0; time < 11; time += 1) {
      await flow.runner.claim()
      await flow.ticker.queueDue()
      await flow.pass(31)
      await flow.ticker.queueDue()
    }
    expect(told).toEqual(['bronze.a 2026-03-07T09 failed true'])
  })
})
