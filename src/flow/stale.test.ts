import { expect, test } from 'vitest'
import type { ChangedSpans } from './asset.ts'
import { createTicker } from './flow.ts'
import { createGraph } from './graph.ts'
import { openTestFlow, testAsset } from './testing.ts'

const schedules = [{ cron: '2 * * * *', part: 'closed' }] as const
const b = testAsset({ key: 'silver.b', dependencies: ['bronze.a'], schedules })

/** An asset whose facts change as the test says. */
function factual() {
  const news: { partitions: string[]; seq: number } = { partitions: [], seq: 0 }
  const asset = testAsset({
    key: 'bronze.a',
    schedules,
    changed: async (_, sinceSeq): Promise<ChangedSpans> =>
      sinceSeq < news.seq
        ? { spans: news.partitions.map((key) => flowPart(key)), upTo: news.seq }
        : { spans: [], upTo: sinceSeq },
  })
  const flowPart = (key: string) => {
    const fromUs = Date.parse(`${key}:00:00Z`) * 1000
    return { key, fromUs, toUs: fromUs + 3_600_000_000 }
  }
  return { news, asset }
}

test.each(['made', 'empty', 'failed'] as const)(
  'facts that change make what was %s stale',
  async (state) => {
    const { news, asset } = factual()
    await using flow = await openTestFlow([asset, b])
    await flow.ticker.queueDue()
    await flow.setState('bronze.a', '2026-03-07T08', state)
    await flow.setState('silver.b', '2026-03-07T08', state)
    Object.assign(news, { partitions: ['2026-03-07T07', '2026-03-07T08'], seq: 1000 })
    expect(await flow.ticker.follow()).toBe(2)
    expect(await flow.state('bronze.a', '2026-03-07T08')).toBe('stale')
    expect(await flow.state('bronze.a', '2026-03-07T07')).toBe('missing')
    await flow.drain()
    expect(await flow.state('bronze.a', '2026-03-07T08')).toBe('made')
    expect(await flow.state('silver.b', '2026-03-07T08')).toBe('made')
    expect(await flow.ticker.follow()).toBe(0)
  },
)

test('at rest following writes nothing', async () => {
  const { asset } = factual()
  await using flow = await openTestFlow([asset, b])
  await flow.ticker.queueDue()
  await flow.queue('bronze.a')
  await flow.drain()
  const seq = () => flow.warehouse.write(async (tx) => tx.changeSeq)
  const before = await seq()
  for (let second = 0; second < 20; second += 1) {
    await flow.pass(1)
    await flow.ticker.queueDue()
    await flow.ticker.follow()
    expect(await flow.runner.claim()).toBeNull()
  }
  expect(await seq()).toBe(before + 1)
})

test('other code makes all of its asset stale, and makes it anew', async () => {
  await using flow = await openTestFlow([testAsset({ key: 'bronze.a', schedules }), b])
  await flow.ticker.queueDue()
  for (const key of ['bronze.a', 'silver.b']) await flow.queue(key)
  await flow.drain()
  await flow.setState('silver.b', '2026-03-07T08', 'failed')
  const graph = createGraph([testAsset({ key: 'bronze.a', schedules }), { ...b, codeVersion: '2' }])
  const runner = flow.another({ graph })
  const ticker = createTicker(runner)
  await ticker.queueDue()
  expect(await flow.state('bronze.a')).toBe('made')
  expect(await flow.state('silver.b')).toBe('stale')
  expect(await flow.state('silver.b', '2026-03-07T08')).toBe('stale')
  expect(await ticker.follow()).toBe(2)
  expect(await flow.drain(runner)).toMatchObject([
    { state: 'succeeded', code_version: '2' },
    { state: 'succeeded', code_version: '2' },
  ])
})

test('stale parts are queued the newest first, twenty at a time', async () => {
  await using flow = await openTestFlow([testAsset({ key: 'bronze.a', schedules })])
  for (let day = 1; day < 7; day += 1) {
    for (let hour = 0; hour < 10; hour += 1) {
      await flow.setState('bronze.a', `2026-03-0${day}T0${hour}`, 'stale')
    }
  }
  expect(await flow.ticker.follow()).toBe(20)
  expect(await flow.ticker.follow()).toBe(0)
  const made = await flow.drain()
  const days = new Set(made.map((run) => new Date(run!.partition_us / 1000).getUTCDate()))
  expect([...days].toSorted()).toEqual([5, 6])
  expect(await flow.ticker.follow()).toBe(20)
})

test('what only others ask for is not queued by itself', async () => {
  await using flow = await openTestFlow([testAsset({ key: 'bronze.a' })])
  await flow.setState('bronze.a', '2026-03-07T08', 'stale')
  expect(await flow.ticker.follow()).toBe(0)
})
