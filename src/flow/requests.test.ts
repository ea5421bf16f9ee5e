import { expect, test } from 'vitest'
import { settlingOf } from './runner.ts'
import { cancelRun } from './settle.ts'
import { openTestFlow, testAsset } from './testing.ts'

const open = () => openTestFlow([testAsset({ key: 'bronze.a' })])

test('ids of runs are UUIDs that sort by time', async () => {
  await using flow = await open()
  const first = await flow.queue('bronze.a', '2026-03-07T01')
  flow.clock.advance(1)
  const second = await flow.queue('bronze.a', '2026-03-07T00')
  expect(first.run.run_id).toMatch(
    /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  )
  expect(second.run.run_id > first.run.run_id).toBe(true)
})

test('of a part one run is active, and whoever asks gets that one', async () => {
  await using flow = await open()
  const first = await flow.queue('bronze.a')
  const second = await flow.queue('bronze.a')
  expect(second).toMatchObject({ isNew: false, run: { run_id: first.run.run_id } })
  await flow.drain()
  expect((await flow.queue('bronze.a')).isNew).toBe(true)
})

test('a run key stands for one run, for good, even where it joined another', async () => {
  await using flow = await open()
  const { run } = await flow.queue('bronze.a')
  await flow.queue('bronze.a', undefined, { runKey: 'K' })
  await flow.drain()
  expect(await flow.queue('bronze.a', undefined, { runKey: 'K' })).toMatchObject({
    isNew: false,
    run: { run_id: run.run_id, state: 'succeeded' },
  })
  const other = flow.queue('bronze.a', '2026-03-07T00', { runKey: 'K' })
  await expect(other).rejects.toThrow('the run key K was used for bronze.a 2026-03-07T09')
})

test('a waiting run is widened to what all who asked want', async () => {
  await using flow = await open()
  await flow.queue('bronze.a', undefined, { only: { venue: 'kraken' }, trigger: 'backfill' })
  const { run } = await flow.queue('bronze.a', undefined, { forced: true })
  expect(run).toMatchObject({ only_text: null, forced: 1, pool: 'live', priority: 0 })
})

test('a run of some items is followed by one of all that was asked for meanwhile', async () => {
  const seen: unknown[] = []
  const asset = testAsset({
    key: 'bronze.a',
    schedules: [{ cron: '2 * * * *', part: 'closed' }],
    async materialize({ only }) {
      seen.push(only)
      if (seen.length === 1) await flow.queue('bronze.a')
      return { rows: 1, version: 'v' }
    },
  })
  await using flow = await openTestFlow([asset])
  await flow.queue('bronze.a', undefined, { only: { venue: 'kraken' }, trigger: 'manual' })
  await flow.drain()
  expect(await flow.state('bronze.a')).toBe('stale')
  await flow.ticker.follow()
  await flow.drain()
  expect(seen).toEqual([{ venue: 'kraken' }, null])
  expect(await flow.state('bronze.a')).toBe('made')
})

test('a queued run is cancelled at once, and an ended one cannot be', async () => {
  await using flow = await open()
  const { run } = await flow.queue('bronze.a')
  const cancel = () =>
    flow.warehouse.write((tx) => cancelRun(tx, settlingOf(flow.runner.options), run.run_id))
  expect(await cancel()).toMatchObject({ state: 'cancelled', active: null })
  await expect(cancel()).rejects.toThrow('has ended')
  expect(await flow.drain()).toEqual([])
  const none = flow.warehouse.write((tx) => cancelRun(tx, settlingOf(flow.runner.options), 'x'))
  await expect(none).rejects.toMatchObject({ code: 'ASSAY_USAGE' })
})
