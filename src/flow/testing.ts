import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createManualClock, type ManualClock } from '../core/clock.ts'
import { createRandom } from '../core/random.ts'
import { openWarehouse, type RunRow, type Warehouse } from '../warehouse/index.ts'
import type { Asset } from './asset.ts'
import { createTicker, type FlowTicker } from './flow.ts'
import { type AssetGraph, createGraph } from './graph.ts'
import { type Partition, parsePartition } from './partition.ts'
import { type QueuedRun, queueRun, type RunRequest } from './requests.ts'
import { createRunner, type Runner, type RunnerOptions } from './runner.ts'
import { type PartState, readState, writeStates } from './states.ts'

/** An asset of a test, which is given nothing. */
export type TestAsset = Asset<null>

/** When tests begin, unless they say otherwise: in the midst of an hour. */
export const TEST_START = '2026-03-07T10:30:00Z'

/** Returns an asset that comes to the same each time, but for what a test says of it. */
export function testAsset(own: Partial<TestAsset> & { readonly key: string }): TestAsset {
  return {
    about: 'An asset of a test.',
    partitions: 'hourly',
    dependencies: [],
    schedules: [],
    catchUp: 'all',
    freshnessSeconds: null,
    retry: { attemptsMax: 3, baseSeconds: 10, capSeconds: 60 },
    timeoutSeconds: 600,
    pool: 'live',
    codeVersion: '1',
    datasets: [],
    checks: [],
    materialize: async () => ({ rows: 1, version: 'v1' }),
    ...own,
  }
}

/** What a test may choose. */
export type TestFlowOptions = Partial<RunnerOptions<null>>

/** A flow over tables in a temporary folder, by a clock that the test moves. */
export interface TestFlow extends AsyncDisposable {
  readonly warehouse: Warehouse
  readonly clock: ManualClock
  readonly graph: AssetGraph<null>
  readonly runner: Runner<null>
  readonly ticker: FlowTicker
  readonly stopping: AbortController
  /** Returns a further runner on the same tables. */
  another(own: TestFlowOptions): Runner<null>
  part(key: string, partition?: string): Partition
  queue(key: string, partition?: string, own?: Partial<RunRequest>): Promise<QueuedRun>
  /** Claims and attempts until nothing can begin; returns what became of each. */
  drain(runner?: Runner<null>): Promise<(RunRow | null)[]>
  run(runId: string): Promise<RunRow>
  state(key: string, partition?: string): Promise<PartState>
  setState(key: string, partition: string, state: PartState): Promise<void>
  /** Moves the clock, and gives those who wait for it their turn. */
  pass(seconds: number): Promise<void>
}

/** Opens a flow of these assets. */
export async function openTestFlow(
  assets: readonly TestAsset[],
  own: TestFlowOptions = {},
): Promise<TestFlow> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-flow-'))
  const clock = createManualClock(Date.parse(TEST_START) * 1000)
  const url = `sqlite:${join(folder, 'warehouse')}`
  const warehouse = await openWarehouse({ url, mode: 'write', clock })
  const graph = createGraph(assets)
  const stopping = new AbortController()
  const random = createRandom('test')
  const base = { warehouse, graph, clock, random, services: null, signal: stopping.signal }
  const another: TestFlow['another'] = (more) => createRunner({ ...base, holder: 'one', ...more })
  const runner = another(own)
  const part = (key: string, partition = '2026-03-07T09') => {
    const { partitions } = graph.get(key)
    return parsePartition(partitions, partitions === 'none' ? '' : partition)
  }
  return {
    ...{ warehouse, clock, graph, runner, stopping, another, part },
    ticker: createTicker(runner),
    queue(key, partition, request = {}) {
      const nowUs = clock.nowUs()
      const wanted = { partition: part(key, partition), trigger: 'schedule', dueUs: nowUs } as const
      const asked = { ...wanted, nowUs, random, ...request }
      return warehouse.write((tx) => queueRun(tx, graph.get(key), asked))
    },
    async drain(by = runner) {
      const ended: (RunRow | null)[] = []
      for (let claimed = await by.claim(); claimed !== null; claimed = await by.claim()) {
        ended.push(await by.attempt(claimed))
      }
      return ended
    },
    run: (runId) =>
      warehouse.read((db) =>
        db.selectFrom('ops_runs').selectAll().where('run_id', '=', runId).executeTakeFirstOrThrow(),
      ),
    state: (key, partition) =>
      warehouse.read((db) => readState(db, graph.get(key), part(key, partition))),
    setState: (key, partition, state) =>
      warehouse.write((tx) =>
        writeStates(tx, graph.get(key), [{ partition: part(key, partition), state }]),
      ),
    async pass(seconds) {
      clock.advance(seconds * 1000)
      await turn()
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await turn()
      await warehouse[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Gives everybody a turn who waits for nothing but promises. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
