import { expect, test } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { createTicker } from './flow.ts'
import { nextOccurrence, parseCron } from './schedule.ts'
import { openTestFlow, TEST_START, type TestAsset, type TestFlow, testAsset } from './testing.ts'

const us = (text: string) => Date.parse(text) * 1000
const HOUR = 3600
const hourly = (own: Partial<TestAsset> = {}) =>
  testAsset({ key: 'bronze.a', schedules: [{ cron: '2 * * * *', part: 'closed' }], ...own })

const queued = async (flow: TestFlow) => {
  const runs = await flow.warehouse.read((db) =>
    db.selectFrom('ops_runs').selectAll().orderBy('partition_us').execute(),
  )
  return runs.map((run) => new Date(run.partition_us / 1000).toISOString().slice(0, 13))
}

const cursor = async (flow: TestFlow) => {
  const rows = await flow.warehouse.read((db) =>
    db.selectFrom('ops_schedules').selectAll().execute(),
  )
  return rows[0]?.cursor_us
}

/** Ticks until nothing more is queued; returns how many ticks that took. */
async function tickAll(flow: TestFlow, ticker = flow.ticker): Promise<number> {
  for (let ticks = 0; ; ticks += 1) if ((await ticker.queueDue()) === 0) return ticks
}

test('five fields are minutes on, six begin with seconds, and all are in UTC', () => {
  const zone = process.env.TZ
  process.env.TZ = 'America/New_York'
  try {
    const from = us('2026-03-08T05:59:59Z')
    expect(nextOccurrence(parseCron('30 2 * * *'), from)).toBe(us('2026-03-09T02:30:00Z'))
    expect(nextOccurrence(parseCron('*/30 * * * * *'), from)).toBe(us('2026-03-08T06:00:00Z'))
    expect(nextOccurrence(parseCron('30 6 * * *'), from)).toBe(us('2026-03-08T06:30:00Z'))
    expect(nextOccurrence(parseCron('2026-03-08T07:00:00'), from)).toBe(us('2026-03-08T07:00:00Z'))
    expect(nextOccurrence(parseCron('2026-03-08T05:00:00'), from)).toBeNull()
  } finally {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  }
  expect(() => parseCron('every hour')).toThrow('is no schedule')
})

test('a schedule begins when it is first seen, and asks for the hour that is over', async () => {
  await using flow = await openTestFlow([hourly()])
  expect(await flow.ticker.queueDue()).toBe(0)
  await flow.pass(0.5 * HOUR + 119)
  expect(await flow.ticker.queueDue()).toBe(0)
  await flow.pass(1)
  expect(await flow.ticker.queueDue()).toBe(1)
  expect(await flow.ticker.queueDue()).toBe(0)
  expect(await queued(flow)).toEqual(['2026-03-07T10'])
})

test('a date is one occurrence, once', async () => {
  await using flow = await openTestFlow([
    hourly({ schedules: [{ cron: '2026-03-07T11:00:00', part: 'closed' }] }),
  ])
  await flow.ticker.queueDue()
  await flow.pass(HOUR)
  expect(await tickAll(flow)).toBe(1)
  await flow.pass(10 * HOUR)
  expect(await flow.ticker.queueDue()).toBe(0)
  expect(await queued(flow)).toEqual(['2026-03-07T10'])
})

test('a part that lasts is asked for while it does, and once more at its end', async () => {
  await using flow = await openTestFlow([
    hourly({ schedules: [{ cron: '*/15 * * * *', part: 'current' }] }),
  ])
  await flow.ticker.queueDue()
  await flow.pass(0.25 * HOUR)
  await flow.ticker.queueDue()
  await flow.drain()
  expect(await flow.state('bronze.a', '2026-03-07T10')).toBe('provisional')
  await flow.pass(0.25 * HOUR)
  await flow.ticker.queueDue()
  await flow.drain()
  expect(await flow.state('bronze.a', '2026-03-07T10')).toBe('made')
  expect(await queued(flow)).toEqual(['2026-03-07T10', '2026-03-07T10'])
})

test('the end of a part is not lost in a run that began before it', async () => {
  await using flow = await openTestFlow([
    hourly({ schedules: [{ cron: '*/15 * * * *', part: 'current' }] }),
  ])
  await flow.ticker.queueDue()
  await flow.pass(0.25 * HOUR)
  await flow.ticker.queueDue()
  const early = await flow.runner.claim()
  await flow.pass(0.25 * HOUR)
  expect(await flow.ticker.queueDue()).toBe(0)
  await flow.runner.attempt(early!)
  await flow.ticker.follow()
  await flow.drain()
  expect(await flow.state('bronze.a', '2026-03-07T10')).toBe('made')
})

test('what is provisional long after its end is made for good', async () => {
  await using flow = await openTestFlow([hourly()])
  await flow.setState('bronze.a', '2026-03-07T08', 'provisional')
  expect(await flow.ticker.follow()).toBe(0)
  await flow.pass(0.5 * HOUR)
  expect(await flow.ticker.follow()).toBe(1)
  await flow.drain()
  expect(await flow.state('bronze.a', '2026-03-07T08')).toBe('made')
})

test.each(['all', 'latest', 'none'] as const)(
  'after a year away, catching up on %s is quick',
  async (catchUp) => {
    await using flow = await openTestFlow([hourly({ catchUp })])
    await flow.ticker.queueDue()
    await flow.pass(365 * 24 * HOUR)
    const beganMs = systemClock.monotonicMs()
    // As a process that has just begun does: what the last one knew is gone.
    const ticker = createTicker(flow.runner)
    const ticks = await tickAll(flow, ticker)
    expect(systemClock.monotonicMs() - beganMs).toBeLessThan(catchUp === 'all' ? 60_000 : 1000)
    const hours = await queued(flow)
    expect(hours).toHaveLength({ all: 365 * 24, latest: 1, none: 0 }[catchUp])
    expect(new Set(hours).size).toBe(hours.length)
    if (catchUp === 'all') expect([hours[0], ticks]).toEqual(['2026-03-07T10', 44])
    if (catchUp !== 'none') expect(hours.at(-1)).toBe('2027-03-07T09')
    await flow.pass(0.5 * HOUR + 120)
    expect(await ticker.queueDue()).toBe(1)
  },
)

test('nothing that is due by the minute is missed for being seen a little late', async () => {
  await using flow = await openTestFlow([hourly({ catchUp: 'none' })])
  await flow.ticker.queueDue()
  await flow.pass(0.5 * HOUR + 120 + 299)
  expect(await createTicker(flow.runner).queueDue()).toBe(1)
})

test('a tick that is not committed is as if it had never been', async () => {
  await using flow = await openTestFlow([hourly({ catchUp: 'latest' })])
  const { warehouse } = flow
  let isBroken = false
  const broken = {
    ...{ generation: warehouse.generation, read: warehouse.read.bind(warehouse) },
    write: ((work) =>
      warehouse.write(async (tx) => {
        const result = await work(tx)
        if (isBroken) throw new Error('no commit')
        return result
      })) as typeof warehouse.write,
    [Symbol.asyncDispose]: async () => undefined,
  }
  const ticker = createTicker(flow.another({ warehouse: broken }))
  await ticker.queueDue()
  await flow.pass(HOUR)
  isBroken = true
  await expect(ticker.queueDue()).rejects.toThrow('no commit')
  expect(await queued(flow)).toEqual([])
  isBroken = false
  expect(await ticker.queueDue()).toBe(1)
  expect(await cursor(flow)).toBe(us('2026-03-07T11:02:00Z'))
})

test('a clock that is set back takes the schedules with it, and makes nothing twice', async () => {
  await using flow = await openTestFlow([hourly()])
  let aheadUs = 0
  const clock = { ...flow.clock, nowUs: () => flow.clock.nowUs() + aheadUs }
  const ticker = createTicker(flow.another({ clock }))
  await ticker.queueDue()
  aheadUs = 40 * 86_400_000_000
  await tickAll(flow, ticker)
  const ahead = await queued(flow)
  expect(ahead).toHaveLength(960)
  aheadUs = 0
  expect(await ticker.queueDue()).toBe(0)
  expect(await cursor(flow)).toBe(us(TEST_START))
  await flow.pass(2 * HOUR)
  expect(await ticker.queueDue()).toBe(0)
  expect(await queued(flow)).toEqual(ahead)
})
