import { expect, test } from 'vitest'
import { assetStatus, listUnmade } from './status.ts'
import { openTestFlow, type TestFlow, testAsset } from './testing.ts'

const us = (text: string) => Date.parse(text) * 1000
const a = testAsset({
  key: 'bronze.a',
  schedules: [{ cron: '2 * * * *', part: 'closed' }],
  freshnessSeconds: 1800,
})
const whole = testAsset({ key: 'bronze.w', partitions: 'none', freshnessSeconds: 3600 })

const status = (flow: TestFlow, key: string, fromUs = us('2026-03-07')) =>
  flow.warehouse.read((db) =>
    assetStatus(db, flow.graph.get(key), { fromUs, nowUs: flow.clock.nowUs() }),
  )

test('of what was never made nothing is late', async () => {
  await using flow = await openTestFlow([a, whole])
  expect(await status(flow, 'bronze.a')).toMatchObject({
    ...{ newest: null, ageSeconds: null, late: 0, active: 0, lastRun: null, lastMadeUs: null },
    nextRunUs: us('2026-03-07T11:02:00Z'),
    counts: { missing: 11, made: 0 },
  })
})

test('it tells what is made, how old that is, what is late, and what is going on', async () => {
  await using flow = await openTestFlow([a, whole])
  for (const hour of ['05', '06']) await flow.queue('bronze.a', `2026-03-07T${hour}`)
  await flow.drain()
  await flow.setState('bronze.a', '2026-03-07T07', 'failed')
  const { run } = await flow.queue('bronze.a', '2026-03-07T07', { nowUs: flow.clock.nowUs() + 1 })
  expect(await status(flow, 'bronze.a')).toMatchObject({
    counts: { made: 2, failed: 1, missing: 8 },
    newest: '2026-03-07T06',
    ageSeconds: 3.5 * 3600,
    // Seven, eight and nine: nine is over for exactly as long as it may.
    late: 3,
    active: 1,
    lastRun: { run_id: run.run_id, state: 'queued', reason: null },
  })
  const span = { fromUs: us('2026-03-07T06:00:00Z'), toUs: flow.clock.nowUs(), limit: 2 }
  const unmade = await flow.warehouse.read((db) => listUnmade(db, a, span))
  expect(unmade.map(({ partition, state }) => [partition.key, state])).toEqual([
    ['2026-03-07T07', 'failed'],
    ['2026-03-07T08', 'missing'],
  ])
})

test('each part has a deadline: the hour under way is not late, nor one just over', async () => {
  await using flow = await openTestFlow([a])
  await flow.queue('bronze.a', '2026-03-07T08')
  await flow.drain()
  expect((await status(flow, 'bronze.a')).late).toBe(1)
  await flow.pass(1799)
  expect((await status(flow, 'bronze.a')).late).toBe(1)
  await flow.pass(1801)
  expect((await status(flow, 'bronze.a')).late).toBe(2)
})

test('a whole is as old as its last making', async () => {
  await using flow = await openTestFlow([whole])
  await flow.queue('bronze.w')
  await flow.drain()
  await flow.pass(3600)
  expect(await status(flow, 'bronze.w')).toMatchObject({ late: 0, ageSeconds: 3600 })
  await flow.pass(1)
  await flow.queue('bronze.w')
  expect(await status(flow, 'bronze.w')).toMatchObject({ late: 1, newest: '', active: 1 })
})

test('of five years of hours it tells as quickly', async () => {
  await using flow = await openTestFlow([a])
  const hours = 5 * 365 * 24
  const template = (await flow.queue('bronze.a', '2021-03-07T00')).run
  await flow.drain()
  const first = template.partition_us
  await flow.warehouse.write(async (tx) => {
    const at = Array.from({ length: hours }, (_, hour) => first + hour * 3_600_000_000)
    const runs = at.map((partition_us, hour) => {
      const run = { ...template, run_id: `${hour}`, active: null, state: 'succeeded' } as const
      return { ...run, partition_us, queued_us: partition_us }
    })
    await tx.upsert('ops_runs', runs)
    const made = { asset: 'bronze.a', code_version: '1', input_version: '', output_version: 'v' }
    const parts = at.map((partition_us) => ({ ...made, partition_us, run_id: '', rows: 1 }))
    await tx.upsert(
      'ops_partitions',
      parts.map((row) => ({ ...row, materialized_us: 0 })),
    )
    const chunks = Map.groupBy(at, (fromUs) => Math.floor(fromUs / 3_600_000_000 / 1024))
    const maps = [...chunks].map(([chunk, list]) => {
      return { asset: 'bronze.a', chunk, states: 'm'.repeat(list.length).padStart(1024, '.') }
    })
    await tx.upsert('ops_partition_maps', maps)
  })
  const times: number[] = []
  for (let round = 0; round < 9; round += 1) {
    // Of the processor, so that it does not matter what else the machine does.
    const began = process.cpuUsage()
    const { counts } = await status(flow, 'bronze.a', first)
    const { user, system } = process.cpuUsage(began)
    times.push((user + system) / 1000)
    expect(counts.made).toBeGreaterThan(hours - 2048)
  }
  expect(times.toSorted((one, other) => one - other)[4]).toBeLessThan(50)
})
