import { type Kysely, sql } from 'kysely'
import { AssayError } from '../../src/core/errors.ts'
import { createRandom } from '../../src/core/random.ts'
import {
  type Asset,
  type AssetGraph,
  createGraph,
  type Outcome,
  type Partition,
  partitionAt,
  partitionsIn,
  type RunContext,
} from '../../src/flow/index.ts'
import type { Schema, WriteTransaction } from '../../src/warehouse/index.ts'
import type { SimServices } from './life.ts'

/** What the assets of the simulation keep, beside the flow's own tables. */
export const SIM_TABLES: Readonly<Record<string, string>> = {
  sim_facts: 'hour_us integer primary key, version integer, change_seq integer unique',
  sim_outputs: 'asset text, partition_us integer, value text, primary key (asset, partition_us)',
  sim_effects: 'asset text, partition_us integer, run_id text, is_holder integer',
}

/** An hour whose first facts cannot be made anything of; later ones can. */
export const POISON = 13

type Run = RunContext<SimServices>
type Sim = Asset<SimServices>

const DEFAULTS = {
  about: 'Part of a simulation.',
  schedules: [],
  dependencies: [],
  catchUp: 'all',
  freshnessSeconds: 600,
  retry: { attemptsMax: 9, baseSeconds: 5, capSeconds: 600 },
  timeoutSeconds: 1800,
  pool: 'live',
  codeVersion: '1',
  datasets: [],
  checks: [],
} as const satisfies Partial<Sim>

/**
 * Returns what is made: each hour of `sim.a` from facts, of `sim.b` from `sim.a`, each day of
 * `sim.c` from `sim.b`, and a whole, now and then. How each attempt fares is told by the seed.
 */
export function createSimAssets(seed: string, isProvisional: boolean): AssetGraph<SimServices> {
  const whileOpen = isProvisional ? ([{ cron: '*/20 * * * *', part: 'current' }] as const) : []
  const a: Sim = {
    ...DEFAULTS,
    key: 'sim.a',
    partitions: 'hourly',
    schedules: [...whileOpen, { cron: '2 * * * *', part: 'closed' }],
    fingerprint: async ({ db, partition }) => `${await readFact(db, partition)}`,
    changed: readChanges,
    materialize: async (run) => {
      await fare(seed, run)
      const fact = await run.read((db) => readFact(db, run.partition))
      if (fact === POISON) throw new AssayError('ASSAY_UNSUPPORTED', 'poison')
      return outcomeOf(run, `a${fact}`)
    },
  }
  const b: Sim = {
    ...DEFAULTS,
    key: 'sim.b',
    partitions: 'hourly',
    dependencies: ['sim.a'],
    schedules: [{ cron: '3 * * * *', part: 'closed' }],
    materialize: async (run) => {
      const above = await readOutputs(run, 'sim.a')
      await outdate(seed, run)
      await fare(seed, run)
      return outcomeOf(run, `b${above}`)
    },
  }
  const c: Sim = {
    ...DEFAULTS,
    key: 'sim.c',
    partitions: 'daily',
    dependencies: ['sim.b'],
    schedules: [{ cron: '30 0 * * *', part: 'closed' }],
    materialize: async (run) => {
      const above = await readOutputs(run, 'sim.b')
      await fare(seed, run)
      return outcomeOf(run, `c${above}`)
    },
  }
  const d: Sim = {
    ...DEFAULTS,
    key: 'sim.d',
    partitions: 'none',
    catchUp: 'latest',
    schedules: [{ cron: '15 */6 * * *', part: 'closed' }],
    materialize: async (run) => {
      await fare(seed, run)
      return outcomeOf(run, 'd')
    },
  }
  return createGraph([a, b, c, d])
}

/** Does what takes time and goes wrong, the same at each attempt of the same number. */
async function fare(seed: string, run: Run): Promise<void> {
  const random = createRandom(`${seed} ${run.asset} ${run.partition.key} ${run.attempt}`)
  const kind = random.next()
  if (kind < 0.87) return
  if (kind < 0.95) await run.clock.sleep(random.next() * 1_200_000, run.signal)
  else if (kind < 0.98 && run.attempt < 4) throw new Error('flaky')
  else if (run.attempt < 4) {
    // Deaf: goes on after its time is over, and what it then writes must come to nothing.
    await run.clock.sleep(2_000_000)
    await run.write(async (tx) => writeEffect(tx, run)).catch(() => undefined)
  }
}

/** Once in a while, the facts change after they were looked at, and before that is committed. */
async function outdate(seed: string, run: Run): Promise<void> {
  const random = createRandom(`${seed} change ${run.partition.key}`)
  if (run.attempt > 1 || random.next() > 0.02) return
  run.services.mend(run.partition.fromUs)
  await run.clock.sleep(1_700_000, run.signal)
}

function outcomeOf(run: Run, value: string): Outcome {
  return {
    rows: 1,
    version: value,
    commit: async (tx) => {
      await sql`insert into sim_outputs values (${run.asset}, ${run.partition.fromUs}, ${value})
        on conflict do update set value = excluded.value`.execute(tx.db)
      await writeEffect(tx, run)
    },
  }
}

/** Notes that a run was committed, and whether whoever did so is who has it. */
async function writeEffect(tx: WriteTransaction, run: Run): Promise<void> {
  await sql`insert into sim_effects
    select asset, partition_us, run_id, state = 'running' and holder = ${run.services.holder}
      and attempt = ${run.attempt} from ops_runs where run_id = ${run.runId}`.execute(tx.db)
}

async function readFact(db: Kysely<Schema>, partition: Partition): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    select version from sim_facts where hour_us = ${partition.fromUs}`.execute(db)
  return rows[0]?.version ?? 0
}

async function readChanges(db: Kysely<Schema>, sinceSeq: number) {
  const { rows } = await sql<{ hour_us: number; change_seq: number }>`
    select hour_us, change_seq from sim_facts where change_seq > ${sinceSeq}`.execute(db)
  const upTo = rows.reduce((most, row) => Math.max(most, row.change_seq), sinceSeq)
  return { spans: rows.map((row) => partitionAt('hourly', row.hour_us)), upTo }
}

function readOutputs(run: Run, asset: string): Promise<string> {
  const { fromUs, toUs } = run.partition
  return run.read(async (db) => {
    const { rows } = await sql<{ value: string }>`
      select value from sim_outputs where asset = ${asset}
        and partition_us >= ${fromUs} and partition_us < ${toUs}
      order by partition_us`.execute(db)
    return `(${rows.map(({ value }) => value).join('')})`
  })
}

/** How long after a part's end its schedule asks for it. */
export const CLOSED_AFTER_US: Readonly<Record<string, number>> = {
  'sim.a': 120_000_000,
  'sim.b': 180_000_000,
  'sim.c': 1_800_000_000,
}

/** Returns what a part must come to by the facts, where hours are made that were over later. */
export function expectedOf(
  asset: string,
  partition: Partition,
  { factOf, sinceUs }: { readonly factOf: (hourUs: number) => number; readonly sinceUs: number },
): string {
  const hour = (fromUs: number) => `b(a${factOf(fromUs)})`
  if (asset === 'sim.a') return `a${factOf(partition.fromUs)}`
  if (asset === 'sim.b') return hour(partition.fromUs)
  const made = [...partitionsIn('hourly', partition.fromUs, partition.toUs)].filter(
    ({ toUs }) => toUs + 180_000_000 > sinceUs,
  )
  return `c(${made.map(({ fromUs }) => hour(fromUs)).join('')})`
}
