import { expect, test } from 'vitest'
import { type BackfillRequest, beginBackfill, cancelBackfill, listWanted } from './backfill.ts'
import { createTicker } from './flow.ts'
import { settlingOf } from './runner.ts'
import { openTestFlow, type TestFlow, testAsset } from './testing.ts'

const us = (text: string) => Date.parse(text) * 1000
const assets = [testAsset({ key: 'bronze.a' }), testAsset({ key: 'bronze.w', partitions: 'none' })]

function begin(flow: TestFlow, own: Partial<BackfillRequest> = {}) {
  const request: BackfillRequest = {
    backfillId: 'F',
    fromUs: us('2026-03-07T00:30:00Z'),
    toUs: us('2026-03-07T08:00:00Z'),
    reprocess: 'missing',
    maxActive: 2,
    newestFirst: false,
    only: null,
    nowUs: flow.clock.nowUs(),
    ...own,
  }
  return flow.warehouse.write((tx) => beginBackfill(tx, flow.graph.get('bronze.a'), request))
}

const state = (flow: TestFlow) =>
  flow.warehouse.read(async (db) => {
    const row = await db.selectFrom('ops_backfills').selectAll().executeTakeFirstOrThrow()
    return row.state
  })

/** Ticks and makes until the backfill is over; returns the hours of each round. */
async function fill(flow: TestFlow, ticker = flow.ticker): Promise<number[][]> {
  const rounds: number[][] = []
  while ((await state(flow)) === 'running') {
    await ticker.queueDue()
    const made = await flow.drain()
    rounds.push(made.map((run) => new Date(run!.partition_us / 1000).getUTCHours()).toSorted())
  }
  return rounds.filter((round) => round.length > 0)
}

test('parts that lack are made, so many at a time, the oldest or the newest first', async () => {
  await using flow = await openTestFlow(assets)
  await flow.setState('bronze.a', '2026-03-07T02', 'made')
  await flow.setState('bronze.a', '2026-03-07T03', 'failed')
  await begin(flow)
  expect(await fill(flow)).toEqual([[1, 4], [5, 6], [7]])
  for (const hour of [1, 4, 5]) await flow.setState('bronze.a', `2026-03-07T0${hour}`, 'missing')
  await begin(flow, { newestFirst: true, reprocess: 'failed', maxActive: 3 })
  expect(await fill(flow)).toEqual([[3, 4, 5], [1]])
})

test('all are made anew, though nothing changed, and those of the future are not', async () => {
  await using flow = await openTestFlow(assets)
  await flow.setState('bronze.a', '2026-03-07T08', 'made')
  const span = { fromUs: us('2026-03-07T08:00:00Z'), toUs: us('2026-03-09T00:00:00Z') }
  await begin(flow, { ...span, reprocess: 'all', maxActive: 100 })
  expect(await fill(flow)).toEqual([[10, 8, 9]])
})

test('no more are queued than may be active', async () => {
  await using flow = await openTestFlow(assets)
  await begin(flow, { maxActive: 3 })
  expect(await flow.ticker.queueDue()).toBe(3)
  expect(await flow.ticker.queueDue()).toBe(0)
  const claimed = await flow.runner.claim()
  expect(await flow.ticker.queueDue()).toBe(0)
  await flow.runner.attempt(claimed!)
  expect(await flow.ticker.queueDue()).toBe(1)
})

test('it goes on where it was after a crash', async () => {
  await using flow = await openTestFlow(assets)
  await begin(flow)
  await flow.ticker.queueDue()
  const lost = await flow.runner.claim()
  const ticker = createTicker(flow.runner)
  await ticker.queueDue()
  await flow.pass(31)
  await ticker.queueDue()
  expect(lost).not.toBeNull()
  await fill(flow, ticker)
  const span = { fromUs: us('2026-03-07T01:00:00Z'), toUs: us('2026-03-07T08:00:00Z') }
  const wanted = { ...span, reprocess: 'missing', newestFirst: false } as const
  const left = await flow.warehouse.read((db) => listWanted(db, flow.graph.get('bronze.a'), wanted))
  expect(left).toEqual([])
})

test('once given up, what waits of it goes, and what is under way is asked to stop', async () => {
  await using flow = await openTestFlow(assets)
  await begin(flow)
  await flow.ticker.queueDue()
  const claimed = await flow.runner.claim()
  await flow.warehouse.write((tx) => cancelBackfill(tx, settlingOf(flow.runner.options), 'F'))
  expect(await state(flow)).toBe('cancelled')
  expect((await flow.run(claimed!.run.run_id)).cancel_asked).toBe(1)
  expect(await flow.drain()).toEqual([])
  expect(await flow.ticker.queueDue()).toBe(0)
})

test('years that are made are passed over', async () => {
  await using flow = await openTestFlow(assets)
  const fromUs = us('2021-01-01')
  const chunks = Array.from({ length: 60 }, (_, at) => Math.floor(fromUs / 3.6e9 / 1024) + at)
  const maps = chunks.map((chunk) => ({ asset: 'bronze.a', chunk, states: 'm'.repeat(1024) }))
  await flow.warehouse.write((tx) => tx.upsert('ops_partition_maps', maps))
  await flow.setState('bronze.a', '2026-03-07T07', 'failed')
  await begin(flow, { fromUs, reprocess: 'failed' })
  expect(await fill(flow)).toEqual([[7]])
})

test('a whole has nothing to fill', async () => {
  await using flow = await openTestFlow(assets)
  const request = { backfillId: 'W' } as BackfillRequest
  const begun = flow.warehouse.write((tx) => beginBackfill(tx, flow.graph.get('bronze.w'), request))
  await expect(begun).rejects.toMatchObject({ code: 'ASSAY_USAGE' })
})
