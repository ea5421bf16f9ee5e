import { expect, test, vi } from 'vitest'
import { assert } from '../core/assert.ts'
import { AssayError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import type { RunRow } from '../warehouse/index.ts'
import type { Outcome } from './asset.ts'
import { settlingOf } from './runner.ts'
import { cancelRun } from './settle.ts'
import { openTestFlow, type TestAsset, type TestFlow, testAsset, turn } from './testing.ts'

const made: Outcome = { rows: 1, version: 'v1' }
const open = (own: Partial<TestAsset>) => openTestFlow([testAsset({ key: 'bronze.a', ...own })])

const logsOf = (flow: TestFlow, run: RunRow) =>
  flow.warehouse.read((db) =>
    db.selectFrom('ops_run_logs').selectAll().where('run_id', '=', run.run_id).execute(),
  )

const itemsOf = (flow: TestFlow) =>
  flow.warehouse.read((db) => db.selectFrom('ops_run_items').selectAll().execute())

const counted = (flow: TestFlow) =>
  flow.warehouse.read(async (db) => {
    const rows = await db.selectFrom('ops_counters').selectAll().execute()
    return rows.map(({ name, value }) => [name, value])
  })

/** Queues, claims and begins; the attempt goes on by itself. */
async function begin(flow: TestFlow) {
  const { run } = await flow.queue('bronze.a')
  const claimed = await flow.runner.claim()
  const ended = flow.runner.attempt(claimed!)
  await turn()
  return { run, ended, claimed: claimed! }
}

test('a success commits what it made, its part and its end at once', async () => {
  const commit = vi.fn(async (tx) => tx.count({ made: 1 }))
  await using flow = await open({ materialize: async () => ({ ...made, rows: 7, commit }) })
  const { run } = await flow.queue('bronze.a')
  const [ended] = await flow.drain()
  expect(ended).toMatchObject({ state: 'succeeded', active: null, rows: 7, output_version: 'v1' })
  expect(await flow.run(run.run_id)).toEqual(ended)
  expect(await flow.state('bronze.a')).toBe('made')
  expect(await counted(flow)).toEqual([['made', 1]])
  const leases = await flow.warehouse.read((db) =>
    db.selectFrom('ops_leases').selectAll().execute(),
  )
  expect(leases).toEqual([])
})

test('a commit that fails leaves nothing but the failure, and what was said', async () => {
  let tries = 0
  const commit: Outcome['commit'] = async (tx) => {
    await tx.count({ made: 1 })
    tries += 1
    if (tries === 1) throw new Error('half way')
  }
  await using flow = await open({
    async materialize({ log, item, attempt }) {
      log('info', `attempt ${attempt}`)
      item('BTC', { state: attempt === 1 ? 'waiting' : 'done' })
      return { ...made, commit }
    },
  })
  const { run } = await flow.queue('bronze.a')
  expect(await flow.drain()).toMatchObject([{ state: 'queued', reason: 'half way' }])
  expect(await counted(flow)).toEqual([])
  expect(await itemsOf(flow)).toMatchObject([{ item: 'BTC', state: 'waiting' }])
  await flow.pass(10)
  expect(await flow.drain()).toMatchObject([{ state: 'succeeded', attempt: 2 }])
  expect(await counted(flow)).toEqual([['made', 1]])
  expect((await logsOf(flow, run)).map(({ seq, message }) => [seq, message])).toEqual([
    [0, 'attempt 1'],
    [1, 'half way'],
    [2, 'attempt 2'],
  ])
  expect(await itemsOf(flow)).toMatchObject([{ item: 'BTC', state: 'done' }])
})

test('a failed check of weight fails the run for good; one of less does not', async () => {
  const check = { name: 'complete', passed: false, detail: '3 lack' }
  let severity: 'warn' | 'error' = 'error'
  await using flow = await open({
    materialize: async () => ({ ...made, checks: [{ ...check, severity }] }),
  })
  await flow.queue('bronze.a')
  const reason = 'the check complete failed: 3 lack'
  const failed = { state: 'failed', error_code: 'ASSAY_CHECK_FAILED', reason }
  expect(await flow.drain()).toMatchObject([failed])
  expect(await flow.state('bronze.a')).toBe('failed')
  severity = 'warn'
  await flow.queue('bronze.a')
  expect(await flow.drain()).toMatchObject([{ state: 'succeeded' }])
})

test('a part with nothing to make is empty, and stays so while nothing changes', async () => {
  await using flow = await open({
    fingerprint: async () => 'f',
    materialize: async () => ({ rows: 0, version: '', skipped: 'nothing traded' }),
  })
  await flow.queue('bronze.a')
  expect(await flow.drain()).toMatchObject([{ state: 'skipped', reason: 'nothing traded' }])
  await flow.queue('bronze.a')
  expect(await flow.drain()).toMatchObject([{ state: 'skipped', reason: 'unchanged' }])
  expect(await flow.state('bronze.a')).toBe('empty')
})

test('an unchanged part is skipped, unless forced, of some items, or short of rows', async () => {
  const materialize = vi.fn(async () => made)
  let rows = 1
  let facts = 'f1'
  await using flow = await open({
    materialize,
    fingerprint: async () => facts,
    count: async () => rows,
  })
  const states: unknown[] = []
  const again = async (own = {}) => {
    await flow.queue('bronze.a', undefined, own)
    for (const run of await flow.drain()) states.push(run?.state)
  }
  const { run } = await flow.queue('bronze.a')
  await flow.drain()
  await again()
  expect(states).toEqual(['skipped'])
  const [part] = await flow.warehouse.read((db) =>
    db.selectFrom('ops_partitions').selectAll().execute(),
  )
  expect(part).toMatchObject({ run_id: run.run_id, materialized_us: flow.clock.nowUs() })
  await again({ forced: true })
  await again({ only: { venue: 'kraken' } })
  rows = 0
  await again()
  rows = 1
  facts = 'f2'
  await again()
  expect(states).toEqual(['skipped', 'succeeded', 'succeeded', 'succeeded', 'succeeded'])
  expect(materialize).toHaveBeenCalledTimes(5)
})

test('a failure is tried again after pauses that double, from none up to a bound', async () => {
  const materialize = () =>
    Promise.reject(new AssayError('ASSAY_TIMEOUT', 'slow', { retry: 'backoff' }))
  const retry = { attemptsMax: 6, baseSeconds: 10, capSeconds: 60 }
  const pauses = new Set<number>()
  for (const seed of ['a', 'b', 'c']) {
    const asset = testAsset({ key: 'bronze.a', retry, materialize })
    await using flow = await openTestFlow([asset], { random: createRandom(seed) })
    await flow.queue('bronze.a')
    for (const longest of [10, 20, 40, 60, 60]) {
      const [put] = await flow.drain()
      expect(put).toMatchObject({ state: 'queued', error_code: 'ASSAY_TIMEOUT' })
      const pause = (put!.due_us - flow.clock.nowUs()) / 1e6
      expect(pause).toBeGreaterThanOrEqual(0)
      expect(pause).toBeLessThanOrEqual(longest)
      pauses.add(pause)
      await flow.pass(60)
    }
    expect(await flow.drain()).toMatchObject([{ state: 'failed', attempt: 6, active: null }])
  }
  expect(pauses.size).toBe(15)
})

test('what cannot mend, and our own mistakes, are not tried again', async () => {
  const failures = [
    () => Promise.reject(new AssayError('ASSAY_UNSUPPORTED', 'never')),
    async () => assert(false, 'wrong') as never,
  ]
  for (const materialize of failures) {
    await using flow = await open({ materialize })
    await flow.queue('bronze.a')
    expect(await flow.drain()).toMatchObject([{ state: 'failed', attempt: 1 }])
  }
})

test('an attempt that takes too long is stopped, and can write nothing more', async () => {
  let late: Promise<unknown> = Promise.resolve()
  await using flow = await open({
    timeoutSeconds: 60,
    async materialize({ clock, write }) {
      await clock.sleep(100_000)
      late = write((tx) => tx.count({ late: 1 }))
      await late
      return made
    },
  })
  const { ended } = await begin(flow)
  await flow.pass(60)
  expect(await ended).toMatchObject({ state: 'queued', error_code: 'ASSAY_TIMEOUT', attempt: 1 })
  await flow.pass(40)
  await expect(late).rejects.toMatchObject({ code: 'ASSAY_TIMEOUT' })
  expect(await counted(flow)).toEqual([])
})

test('a run under way is given up at its next sign of life', async () => {
  await using flow = await open({
    async materialize({ clock, signal }) {
      await clock.sleep(300_000, signal)
      signal.throwIfAborted()
      return made
    },
  })
  const { run, ended } = await begin(flow)
  await flow.warehouse.write((tx) => cancelRun(tx, settlingOf(flow.runner.options), run.run_id))
  await flow.pass(10)
  expect(await ended).toMatchObject({ state: 'cancelled', active: null, cancel_asked: 1 })
})

test('a failure does not forget that the run was to be given up', async () => {
  await using flow = await open({
    async materialize({ clock }) {
      await clock.sleep(5000)
      throw new Error('flaky')
    },
  })
  const { run, ended } = await begin(flow)
  await flow.warehouse.write((tx) => cancelRun(tx, settlingOf(flow.runner.options), run.run_id))
  await flow.pass(5)
  expect(await ended).toMatchObject({ state: 'cancelled' })
})

test('a shutdown puts a run back, and the attempt is not counted', async () => {
  await using flow = await open({
    materialize: ({ clock, signal }) => clock.sleep(300_000, signal).then(() => made),
  })
  const { run, ended } = await begin(flow)
  flow.stopping.abort()
  expect(await ended).toMatchObject({ state: 'queued', attempt: 0, run_id: run.run_id })
  const next = flow.another({ holder: 'two', signal: new AbortController().signal })
  expect((await next.claim())?.run).toMatchObject({ attempt: 1, holder: 'two' })
})

test('signs of life keep a run from others, for as long as it takes', async () => {
  await using flow = await open({
    materialize: ({ clock }) => clock.sleep(300_000).then(() => made),
  })
  const { ended } = await begin(flow)
  for (let passed = 0; passed < 300; passed += 10) {
    await flow.pass(10)
    await flow.ticker.queueDue()
  }
  expect(await ended).toMatchObject({ state: 'succeeded', lost: 0 })
})

test('one who stood still past the lease can commit nothing', async () => {
  await using flow = await open({
    async materialize({ clock, write }) {
      await clock.sleep(5000)
      await write((tx) => tx.count({ stale: 1 }))
      return made
    },
  })
  const { run } = await flow.queue('bronze.a')
  // Its signs of life come too late, as those of a process that stands still.
  const paused = flow.another({ holder: 'paused', heartbeatMs: 1_000_000 })
  const claimed = await paused.claim()
  await flow.ticker.queueDue()
  await flow.pass(31)
  await flow.ticker.queueDue()
  const next = await flow.runner.claim()
  const ended = paused.attempt(claimed!)
  await turn()
  await flow.pass(5)
  expect(await ended).toBeNull()
  expect(await counted(flow)).toEqual([])
  expect(await flow.run(run.run_id)).toMatchObject({ holder: 'one', token: next!.lease.token })
})

test('what changes while a part is made is not missed', async () => {
  let times = 0
  let version = 'v1'
  const below = testAsset({
    key: 'silver.b',
    dependencies: ['bronze.a'],
    schedules: [{ cron: '2 * * * *', part: 'closed' }],
    async materialize() {
      if (times === 1) {
        await flow.queue('bronze.a', undefined, { forced: true, trigger: 'manual' })
        version = 'v2'
        await flow.drain()
      }
      times += 1
      return { rows: 1, version: `of ${version}` }
    },
  })
  const above = testAsset({ key: 'bronze.a', materialize: async () => ({ rows: 1, version }) })
  await using flow = await openTestFlow([above, below])
  await flow.queue('bronze.a')
  await flow.queue('silver.b')
  await flow.drain()
  expect(await flow.state('silver.b')).toBe('made')
  await flow.queue('silver.b', undefined, { forced: true })
  await flow.drain()
  expect(await flow.state('silver.b')).toBe('stale')
  await flow.ticker.follow()
  await flow.drain()
  expect(times).toBe(3)
  expect(await flow.state('silver.b')).toBe('made')
})

test('what a run says is bounded', async () => {
  await using flow = await open({
    async materialize({ log, item }) {
      for (let line = 0; line < 1100; line += 1) log('info', 'x'.repeat(3000))
      for (let at = 0; at < 10_500; at += 1) item(`item ${at}`, { state: 'done' })
      return made
    },
  })
  const { run } = await flow.queue('bronze.a')
  await flow.drain()
  const logs = await logsOf(flow, run)
  expect(logs).toHaveLength(1000)
  expect(logs[0]?.message).toHaveLength(2000)
  expect(logs.at(-1)?.message).toBe('and more, which is not kept')
  expect(await itemsOf(flow)).toHaveLength(10_000)
})

test('a part made before its end is provisional, and one of a slow clock is not', async () => {
  await using flow = await open({})
  await flow.queue('bronze.a', '2026-03-07T10')
  await flow.drain()
  expect(await flow.state('bronze.a', '2026-03-07T10')).toBe('provisional')
  const slow = { ...flow.clock, nowUs: () => flow.clock.nowUs() - 7_200_000_000 }
  await flow.queue('bronze.a', '2026-03-07T09')
  const claimed = await flow.runner.claim()
  await flow.another({ clock: slow }).attempt(claimed!)
  expect(await flow.state('bronze.a', '2026-03-07T09')).toBe('made')
})
