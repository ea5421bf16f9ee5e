import { sql } from 'kysely'
import { createRandom, type Random } from '../../src/core/random.ts'
import type { Warehouse } from '../../src/warehouse/index.ts'
import { type Faults, type Life, startLife } from './life.ts'
import { judge, type Verdict } from './oracle.ts'
import { createSimAssets, POISON, SIM_TABLES } from './sim-assets.ts'
import { createWorld, type World } from './world.ts'

/** What is simulated. */
export interface SimOptions {
  readonly seed: number
  readonly days: number
  /** An empty store; the simulation's own tables are made in it. */
  readonly warehouse: Warehouse
}

/** What came of it. */
export interface SimResult extends Verdict {
  readonly kills: number
  readonly stops: number
  readonly runs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Within days of these, half of the simulations begin: clocks are set, in spring and autumn. */
const CLOCK_CHANGES = ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01']

/** Runs two processes on one store for some days of a world in which everything goes wrong. */
export async function simulate({ seed, days, warehouse }: SimOptions): Promise<SimResult> {
  const random = createRandom(`world ${seed}`)
  await clearTables(warehouse)
  const near = Date.parse(random.pick(CLOCK_CHANGES)) - random.int(0, days - 1) * DAY_MS
  const anywhere = Date.UTC(2026, 0, 1) + random.int(0, 364) * DAY_MS
  // At half past: no schedule falls between the first looks at two of them.
  const startMs = (random.next() < 0.5 ? near : anywhere) + (random.int(0, 23) + 0.5) * HOUR_MS
  const world = createWorld(startMs * 1000)
  const endMs = days * DAY_MS
  const { factOf, mend } = planFacts({ world, random, warehouse, endMs })
  const faults: Faults = { op: 0.008, sleep: 0.004, isCalm: false }
  const graph = createSimAssets(`assets ${seed}`, random.next() < 0.2)
  const trouble: unknown[] = []
  const slots = ['left', 'right'].map((name) =>
    runSlot({ name: `${seed} ${name}`, mend, world, warehouse, graph, faults, trouble }),
  )
  await world.runUntil(endMs)
  faults.isCalm = true
  for (const slot of slots) slot.calm()
  const nowUs = () => world.startUs + world.nowMs * 1000
  let verdict: Verdict | null = null
  // Longer than any pause, lease and backoff; then for as long as it takes to follow changes.
  for (let look = 0; look < 24 && (verdict === null || verdict.wrong.length > 0); look += 1) {
    await world.runUntil(world.nowMs + (look === 0 ? 6 : 1) * HOUR_MS)
    verdict = await judge({ warehouse, graph, factOf, untilUs: nowUs() - 3_600_000_000 })
  }
  for (const slot of slots) slot.stop()
  await world.runUntil(world.nowMs + HOUR_MS)
  const wrong = [...(verdict?.wrong ?? []), ...trouble.map(String)]
  const kills = slots.reduce((sum, slot) => sum + slot.kills, 0)
  const stops = slots.reduce((sum, slot) => sum + slot.stops, 0)
  return { ...(verdict as Verdict), wrong, kills, stops }
}

/** Empties what an earlier simulation left, so that one store does for many. */
async function clearTables(warehouse: Warehouse): Promise<void> {
  const flow = ['ops_runs', 'ops_run_logs', 'ops_run_items', 'ops_partitions', 'ops_schedules']
  const more = ['ops_partition_maps', 'ops_flow_assets', 'ops_backfills', 'ops_leases']
  await warehouse.write(async ({ db }) => {
    for (const [table, columns] of Object.entries(SIM_TABLES)) {
      await sql.raw(`drop table if exists ${table}`).execute(db)
      await sql.raw(`create table ${table} (${columns})`).execute(db)
    }
    for (const table of [...flow, ...more]) await sql.raw(`delete from ${table}`).execute(db)
  })
}

/** Has facts of each hour come as it ends, some late, some mended later. */
function planFacts(at: {
  readonly world: World
  readonly random: Random
  readonly warehouse: Warehouse
  readonly endMs: number
}): { readonly factOf: (hourUs: number) => number; readonly mend: (hourUs: number) => void } {
  const { world, random, warehouse, endMs } = at
  const known = new Map<number, number>()
  const tell = (hourUs: number, version: number, atMs: number) =>
    world.at(atMs, () => {
      known.set(hourUs, version)
      void warehouse.write(({ db, changeSeq }) =>
        sql`insert into sim_facts values (${hourUs}, ${version}, ${changeSeq})
          on conflict do update set version = excluded.version,
            change_seq = excluded.change_seq`.execute(db),
      )
    })
  const hourUs = HOUR_MS * 1000
  const firstUs = world.startUs - (world.startUs % hourUs)
  for (let fromUs = firstUs; ; fromUs += hourUs) {
    const toMs = (fromUs + hourUs - world.startUs) / 1000
    if (toMs > endMs) break
    const isPoison = random.next() < 0.005
    tell(fromUs, isPoison ? POISON : 1, toMs + (random.next() < 0.1 ? random.int(0, HOUR_MS) : 0))
    if (isPoison || random.next() < 0.03) tell(fromUs, 2, toMs + random.int(1, 5) * HOUR_MS)
  }
  const isMended = new Set<number>()
  return {
    factOf: (hour) => known.get(hour) ?? 0,
    mend(hour) {
      if (isMended.has(hour)) return
      isMended.add(hour)
      tell(hour, 3, world.nowMs)
    },
  }
}

/** Keeps a process running: one that ended is followed by another, after a while. */
function runSlot(at: {
  readonly name: string
  readonly world: World
  readonly warehouse: Warehouse
  readonly graph: ReturnType<typeof createSimAssets>
  readonly faults: Faults
  readonly trouble: unknown[]
  readonly mend: (hourUs: number) => void
}) {
  const { name, world, faults, trouble } = at
  const random = createRandom(`slot ${name}`)
  const count = { kills: 0, stops: 0 }
  let skewUs = 0
  let lives = 0
  let isOver = false
  let life: Life
  const start = () => {
    lives += 1
    life = startLife({
      ...at,
      seed: `${name} ${lives}`,
      skewUs: () => skewUs,
      onEnd(how) {
        if (isOver) return
        if (how === 'killed') count.kills += 1
        else count.stops += 1
        world.at(world.nowMs + (random.next() < 0.1 ? random.next() * 8 * HOUR_MS : 60_000), start)
      },
      onTrouble(error) {
        if (!(error instanceof Error && 'code' in error)) trouble.push(error)
      },
    })
  }
  const jump = () => {
    if (faults.isCalm) return
    skewUs = skewUs === 0 ? drawSkewUs(random) : 0
    world.at(world.nowMs + random.exponential(skewUs === 0 ? 36 : 4) * HOUR_MS, jump)
  }
  const halt = () => {
    if (faults.isCalm) return
    life.stop()
    world.at(world.nowMs + random.exponential(48) * HOUR_MS, halt)
  }
  start()
  // The first look at a schedule is what begins it, so the clock is right until then.
  world.at(3 * HOUR_MS, jump)
  world.at(random.exponential(48) * HOUR_MS, halt)
  return {
    get kills() {
      return count.kills
    },
    get stops() {
      return count.stops
    },
    calm() {
      skewUs = 0
    },
    stop() {
      isOver = true
      life.stop()
    },
  }
}

/** How far a clock goes wrong: by seconds, by hours, and once in a while by days. */
function drawSkewUs(random: Random): number {
  const sign = random.next() < 0.5 ? -1 : 1
  const kind = random.next()
  const mostMs = kind < 0.5 ? 120_000 : kind < 0.99 ? 3 * HOUR_MS : 3 * DAY_MS
  return sign * random.int(1000, mostMs) * 1000
}
