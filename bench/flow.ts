import { systemClock } from '../src/core/clock.ts'
import { createRandom } from '../src/core/random.ts'
import {
  type Asset,
  assetStatus,
  createGraph,
  createRunner,
  partitionAt,
  queueRun,
  runFlow,
} from '../src/flow/index.ts'
import { openWarehouse, type Warehouse } from '../src/warehouse/index.ts'
import { answerJob } from './job.ts'

/** What is measured of the flow. */
export interface FlowTask {
  readonly url: string
  readonly rounds: number
  readonly restSeconds: number
  readonly runs: number
}

/** What it came to. */
export interface FlowResult {
  readonly assets: number
  readonly statusMs: readonly number[]
  readonly restPercent: number
  readonly runsPerSecond: number
}

const HOUR_US = 3_600_000_000
const HOURS = 5 * 365 * 24
const CHUNK = 1024
const ASSETS = 16
const clock = systemClock

// A chain, so that each run looks at what it is made from; none is due while this is measured.
const assets: Asset<null>[] = Array.from({ length: ASSETS }, (_, at) => ({
  key: `bench.a${at}`,
  about: 'Makes nothing.',
  partitions: 'hourly',
  dependencies: at === 0 ? [] : [`bench.a${at - 1}`],
  schedules: [
    { cron: '*/5 * * * *', part: 'current' },
    { cron: '2 * * * *', part: 'closed' },
  ],
  catchUp: 'all',
  freshnessSeconds: 900,
  retry: { attemptsMax: 3, baseSeconds: 1, capSeconds: 60 },
  timeoutSeconds: 60,
  pool: 'live',
  codeVersion: '1',
  datasets: [],
  checks: [],
  materialize: async () => ({ rows: 1, version: '1' }),
}))
const graph = createGraph(assets)

/** Fills the tables as five years of hours leave them; returns when they begin. */
async function fill(warehouse: Warehouse): Promise<number> {
  const nowHour = Math.floor(clock.nowUs() / HOUR_US)
  const first = nowHour - HOURS
  const made = { code_version: '1', input_version: '', output_version: '1', rows: 1 }
  const ended = {
    ...{ ...made, active: null, run_key: null },
    state: 'succeeded' as const,
    trigger: 'schedule' as const,
    ...{ backfill_id: null, only_text: null, forced: 0, attempt: 1, lost: 0, pool: 'live' },
    ...{ priority: 0, holder: 'bench', token: 1, cancel_asked: 0, asked_again: 0 },
    ...{ outcome: '{}', error_code: null, reason: null },
  }
  for (const { key } of assets) {
    await warehouse.write(async (tx) => {
      const hours = Array.from({ length: HOURS }, (_, at) => first + at)
      const ids = hours.map((hour) => `${key}-${hour}`)
      const times = hours.map((hour) => hour * HOUR_US)
      await tx.upsert(
        'ops_runs',
        times.map((partition_us, at) => {
          const [queued_us, due_us, started_us, ended_us] = new Array(4).fill(
            partition_us + HOUR_US,
          )
          const when = { queued_us, due_us, started_us, ended_us }
          const part = { partition_key: '', partition_us }
          return { run_id: ids[at]!, asset: key, ...part, ...when, ...ended }
        }),
      )
      await tx.upsert(
        'ops_partitions',
        times.map((partition_us, at) => {
          const materialized_us = partition_us + HOUR_US
          return { asset: key, partition_us, run_id: ids[at]!, materialized_us, ...made }
        }),
      )
      const chunks = Map.groupBy(hours, (hour) => Math.floor(hour / CHUNK))
      await tx.upsert(
        'ops_partition_maps',
        [...chunks].map(([chunk, list]) => {
          const lead = '.'.repeat(list[0]! % CHUNK)
          return { asset: key, chunk, states: lead + 'm'.repeat(list.length) }
        }),
      )
    })
  }
  return first * HOUR_US
}

async function measure({ url, rounds, restSeconds, runs }: FlowTask): Promise<FlowResult> {
  const writer = await openWarehouse({ url, mode: 'write', clock })
  const fromUs = await fill(writer)
  await writer[Symbol.asyncDispose]()
  await using warehouse = await openWarehouse({ url, mode: 'share', clock })
  const statusMs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const asset = assets[round % ASSETS]!
    const beganMs = performance.now()
    await warehouse.read((db) => assetStatus(db, asset, { fromUs, nowUs: clock.nowUs() }))
    statusMs.push(performance.now() - beganMs)
  }
  const stopping = new AbortController()
  const random = createRandom(1)
  const base = { warehouse, graph, services: null, clock, random, holder: 'bench' }
  const runner = createRunner({ ...base, signal: stopping.signal })
  const flowing = runFlow(runner)
  // The first looks begin the schedules; what then is due by the clock is part of being at rest.
  await clock.sleep(2000)
  const began = process.cpuUsage()
  const beganMs = performance.now()
  await clock.sleep(restSeconds * 1000)
  const { user, system } = process.cpuUsage(began)
  const restPercent = (user + system) / 10 / (performance.now() - beganMs)
  stopping.abort()
  await flowing
  return { assets: ASSETS, statusMs, restPercent, runsPerSecond: await rate(warehouse, runs) }
}

/** Makes parts of the first asset by a backfill, in a process that does nothing else. */
async function rate(warehouse: Warehouse, runs: number): Promise<number> {
  const random = createRandom(2)
  const signal = new AbortController().signal
  const base = { warehouse, graph, services: null, clock, random, holder: 'rate' }
  const runner = createRunner({ ...base, signal })
  const nowUs = clock.nowUs()
  await warehouse.write(async (tx) => {
    for (let hour = 1; hour <= runs; hour += 1) {
      const partition = partitionAt('hourly', nowUs - (HOURS + hour) * HOUR_US)
      const request = { partition, trigger: 'backfill', dueUs: nowUs, nowUs, random } as const
      await queueRun(tx, assets[0]!, request)
    }
  })
  const beganMs = performance.now()
  let done = 0
  for (let run = await runner.claim(); run !== null; run = await runner.claim()) {
    await runner.attempt(run)
    done += 1
  }
  return (done * 1000) / (performance.now() - beganMs)
}

await answerJob(measure)
