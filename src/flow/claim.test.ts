import { expect, test } from 'vitest'
import type { RunRow } from '../warehouse/index.ts'
import { openTestFlow, type TestFlow, testAsset } from './testing.ts'

const a = testAsset({ key: 'bronze.a' })
const gap = testAsset({ key: 'bronze.gap', pool: 'gap' })
const b = testAsset({ key: 'silver.b', dependencies: ['bronze.a'] })
const c = testAsset({ key: 'gold.c', dependencies: ['silver.b'] })

const names = (runs: readonly (RunRow | null)[]) => runs.map((run) => run?.active ?? run?.asset)

async function fail(flow: TestFlow, key: string): Promise<void> {
  await flow.setState(key, '2026-03-07T09', 'failed')
}

test('live goes before gap before backfill, and the first asked for before the next', async () => {
  await using flow = await openTestFlow([a, gap])
  await flow.queue('bronze.a', '2026-03-07T01', { trigger: 'backfill' })
  await flow.queue('bronze.gap', '2026-03-07T02')
  await flow.queue('bronze.a', '2026-03-07T03', { trigger: 'stale' })
  flow.clock.advance(1)
  await flow.queue('bronze.a', '2026-03-07T04')
  flow.clock.advance(1)
  await flow.queue('bronze.a', '2026-03-07T05')
  const hours: number[] = []
  for (const run of await flow.drain()) hours.push(new Date(run!.partition_us / 1000).getUTCHours())
  expect(hours.slice(0, 2)).toEqual([4, 5])
  expect(hours.slice(2, 4).toSorted()).toEqual([2, 3])
  expect(hours[4]).toBe(1)
})

test('no more of a pool are under way than its limit, whoever does them', async () => {
  await using flow = await openTestFlow([a, gap], { pools: { live: 1, gap: 1, backfill: 0 } })
  const other = flow.another({ holder: 'two', pools: { live: 1, gap: 1, backfill: 0 } })
  for (const hour of ['01', '02', '03']) await flow.queue('bronze.a', `2026-03-07T${hour}`)
  await flow.queue('bronze.a', '2026-03-07T04', { trigger: 'backfill' })
  await flow.queue('bronze.gap', '2026-03-07T01')
  const first = await flow.runner.claim()
  expect(first?.run).toMatchObject({ asset: 'bronze.a', holder: 'one', state: 'running' })
  expect((await other.claim())?.run).toMatchObject({ asset: 'bronze.gap', holder: 'two' })
  expect(await other.claim()).toBeNull()
  await flow.runner.attempt(first!)
  expect((await other.claim())?.run.asset).toBe('bronze.a')
})

test('a run waits until it is due, but not for a time that a wrong clock set', async () => {
  await using flow = await openTestFlow([a])
  const nowUs = flow.clock.nowUs()
  await flow.queue('bronze.a', '2026-03-07T01', { dueUs: nowUs + 60_000_000 })
  expect(await flow.runner.claim()).toBeNull()
  await flow.queue('bronze.a', '2026-03-07T02', { dueUs: nowUs + 400 * 86_400_000_000 })
  expect(names(await flow.drain())).toEqual(['bronze.a'])
  flow.clock.advance(60_000)
  expect(names(await flow.drain())).toEqual(['bronze.a'])
})

test('a part waits while anything it is made from is queued or under way', async () => {
  await using flow = await openTestFlow([a, b])
  await flow.queue('silver.b')
  flow.clock.advance(1)
  await flow.queue('bronze.a', undefined, { trigger: 'backfill' })
  const above = await flow.runner.claim()
  expect(above?.run.asset).toBe('bronze.a')
  expect(await flow.runner.claim()).toBeNull()
  await flow.runner.attempt(above!)
  expect(names(await flow.drain())).toEqual(['silver.b'])
})

test('hundreds that wait for others do not hide one that can begin', async () => {
  await using flow = await openTestFlow([a, b])
  for (let hour = 0; hour < 560; hour += 1) {
    const key = new Date(Date.UTC(2026, 0, 1, hour)).toISOString().slice(0, 13)
    await flow.queue('silver.b', key)
    await flow.queue('bronze.a', key, { trigger: 'backfill' })
  }
  expect((await flow.runner.claim())?.run.asset).toBe('bronze.a')
})

test('a part whose upstream failed is blocked, and made once that succeeds', async () => {
  const schedules = [{ cron: '2 * * * *', part: 'closed' }] as const
  await using flow = await openTestFlow([a, { ...b, schedules }, { ...c, schedules }])
  await fail(flow, 'bronze.a')
  await flow.queue('silver.b')
  const { run } = await flow.queue('gold.c')
  expect(await flow.drain()).toEqual([])
  expect(await flow.run(run.run_id)).toMatchObject({
    state: 'skipped',
    reason: 'what it is made from failed: silver.b 2026-03-07T09',
  })
  expect(await flow.state('silver.b')).toBe('blocked')
  expect(await flow.state('gold.c')).toBe('blocked')
  await flow.queue('bronze.a')
  for (let round = 0; round < 3; round += 1) {
    await flow.drain()
    await flow.ticker.follow()
  }
  expect(await flow.state('silver.b')).toBe('made')
  expect(await flow.state('gold.c')).toBe('made')
})

test('what a person asks for begins though its upstream failed', async () => {
  await using flow = await openTestFlow([a, b])
  await fail(flow, 'bronze.a')
  await flow.queue('silver.b', undefined, { trigger: 'manual' })
  expect(names(await flow.drain())).toEqual(['silver.b'])
})

test('the run of one who gives no sign of life is put back, and that is no failure', async () => {
  await using flow = await openTestFlow([a])
  await flow.queue('bronze.a')
  const lost = await flow.runner.claim()
  await flow.ticker.queueDue()
  await flow.pass(30)
  await flow.ticker.queueDue()
  expect((await flow.run(lost!.run.run_id)).state).toBe('running')
  await flow.pass(1)
  await flow.ticker.queueDue()
  expect(await flow.run(lost!.run.run_id)).toMatchObject({
    state: 'queued',
    attempt: 0,
    lost: 1,
    reason: 'one gave no sign of life',
  })
  const next = await flow.runner.claim()
  expect(next!.lease.token).toBeGreaterThan(lost!.lease.token)
  expect(await flow.runner.attempt(lost!)).toBeNull()
  expect(await flow.runner.attempt(next!)).toMatchObject({ state: 'succeeded', attempt: 1 })
})

test('a run that was lost over and over has failed', async () => {
  await using flow = await openTestFlow([a])
  const { run } = await flow.queue('bronze.a')
  for (let time = 0; time < 11; time += 1) {
    expect((await flow.runner.claim())?.run.attempt).toBe(1)
    await flow.ticker.queueDue()
    await flow.pass(31)
    await flow.ticker.queueDue()
  }
  expect(await flow.run(run.run_id)).toMatchObject({
    state: 'failed',
    error_code: 'ASSAY_LEASE_LOST',
  })
  expect(await flow.state('bronze.a')).toBe('failed')
})

test('a claim outlives any step of a clock, and ends with its holder', async () => {
  await using flow = await openTestFlow([a])
  const ahead = { ...flow.clock, nowUs: () => flow.clock.nowUs() + 400 * 86_400_000_000 }
  const { run } = await flow.queue('bronze.a')
  await flow.another({ holder: 'ahead', clock: ahead }).claim()
  await flow.ticker.queueDue()
  await flow.pass(31)
  await flow.ticker.queueDue()
  expect((await flow.run(run.run_id)).state).toBe('queued')
})

test('a run is taken by name, though not due, and from one whose claim ran out', async () => {
  await using flow = await openTestFlow([a])
  const later = flow.clock.nowUs() + 60_000_000
  const { run } = await flow.queue('bronze.a', undefined, { dueUs: later })
  expect((await flow.runner.claimThis(run.run_id))?.run.holder).toBe('one')
  const other = flow.another({ holder: 'two' })
  expect(await other.claimThis(run.run_id)).toBeNull()
  flow.clock.advance(30_000)
  expect((await other.claimThis(run.run_id))?.run).toMatchObject({ holder: 'two', lost: 1 })
})
