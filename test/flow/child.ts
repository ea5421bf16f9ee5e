import { systemClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import {
  type Asset,
  beginBackfill,
  createGraph,
  createRunner,
  type Outcome,
  type RunContext,
  runFlow,
} from '../../src/flow/index.ts'
import { openWarehouse } from '../../src/warehouse/index.ts'

/**
 * A process of the flow, to be killed: on the store that its first argument names, under the name
 * that its second gives it, it makes 400 hours of one asset and those of another made from it.
 * Each making is counted in the commit that ends it. It says so when all is made.
 */
const [, , url = '', holder = ''] = process.argv
const HOURS = 400
const FIRST_US = Date.UTC(2026, 0, 1) * 1000
const clock = systemClock
const random = createRandom(holder)

const DEFAULTS = {
  about: 'Made under fire.',
  partitions: 'hourly',
  schedules: [{ cron: '0 0 1 1 *', part: 'closed' }],
  dependencies: [],
  catchUp: 'none',
  freshnessSeconds: null,
  retry: { attemptsMax: 9, baseSeconds: 0.01, capSeconds: 0.1 },
  timeoutSeconds: 60,
  pool: 'live',
  codeVersion: '1',
  datasets: [],
  checks: [],
  materialize: make,
} as const satisfies Partial<Asset<null>>

async function make(run: RunContext<null>): Promise<Outcome> {
  await run.clock.sleep(random.next() * 10, run.signal)
  if (random.next() < 0.02) throw new Error('flaky')
  const made = { [`${run.asset} ${run.partition.key}`]: 1 }
  return { rows: 1, version: run.partition.key, commit: (tx) => tx.count(made) }
}

const graph = createGraph<null>([
  { ...DEFAULTS, key: 'kill.a' },
  { ...DEFAULTS, key: 'kill.b', dependencies: ['kill.a'] },
])
await using warehouse = await openWarehouse({ url, mode: 'share', clock, holder })
await warehouse.write(async (tx) => {
  const begun = await tx.db.selectFrom('ops_backfills').select('backfill_id').execute()
  for (const { key } of begun.length === 0 ? graph.assets : []) {
    await beginBackfill(tx, graph.get(key), {
      backfillId: key,
      fromUs: FIRST_US,
      toUs: FIRST_US + HOURS * 3_600_000_000,
      reprocess: 'missing',
      maxActive: 8,
      newestFirst: false,
      only: null,
      nowUs: clock.nowUs(),
    })
  }
})
const stopping = new AbortController()
const runner = createRunner<null>({
  ...{ warehouse, graph, services: null, clock, random, holder, signal: stopping.signal },
  pools: { live: 4, gap: 4, backfill: 4 },
  leaseMs: 250,
  heartbeatMs: 60,
})
const flowing = runFlow(runner, { tickMs: 20, followMs: 50 })
console.log('ready')
for (;;) {
  await clock.sleep(100)
  const left = await warehouse.read(async (db) => [
    ...(await db
      .selectFrom('ops_backfills')
      .select('state')
      .where('state', '=', 'running')
      .execute()),
    ...(await db.selectFrom('ops_runs').select('state').where('active', '>', '').execute()),
    ...(await db
      .selectFrom('ops_partition_maps')
      .select('asset')
      .where('states', 'like', '%s%')
      .execute()),
  ])
  if (left.length === 0) break
}
stopping.abort()
await flowing
console.log('done')
