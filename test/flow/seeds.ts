import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { openWarehouse, type Warehouse } from '../../src/warehouse/index.ts'
import { simulate } from './simulation.ts'

/** Which simulations are run. */
export interface Seeds {
  readonly first?: number
  readonly count: number
  readonly days: number
}

/** A zone whose clocks are set twice a year; schedules must not care. */
const ZONE = 'America/New_York'
/** A disk in memory, where there is one: thousands of weeks make millions of commits. */
const MEMORY = '/dev/shm'
/** A year takes minutes. */
const TEST_MS_MAX = 3_600_000
/** Days told of in one test. */
const BATCH_DAYS = 175

/**
 * Declares a test for so many simulations, which fails with the seeds of those in which anything
 * was wrong. ASSAY_FLOW_SEED repeats one alone.
 */
export function runSeeds({ first = 1, count, days }: Seeds): void {
  const own = process.env.ASSAY_FLOW_SEED
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'assay-flow-'))
  const zone = process.env.TZ
  let warehouse: Warehouse
  beforeAll(async () => {
    process.env.TZ = ZONE
    const url = `sqlite:${join(folder, 'warehouse')}`
    warehouse = await openWarehouse({ url, mode: 'write', clock: systemClock })
    await warehouse.write(async ({ db }) => {
      await sql`pragma locking_mode = exclusive`.execute(db)
      await sql`pragma wal_autocheckpoint = 4000`.execute(db)
    })
  })
  afterAll(async () => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
    await warehouse[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const seeds = own === undefined ? Array.from({ length: count }, (_, at) => first + at) : [+own]
  const batch = Math.max(1, Math.floor(BATCH_DAYS / days))
  for (let at = 0; at < seeds.length; at += batch) {
    const some = seeds.slice(at, at + batch)
    const name = some.length === 1 ? `seed ${some[0]}` : `seeds ${some[0]} to ${some.at(-1)}`
    test(
      `${name} of ${days} days: no part is skipped, none is doubled`,
      async () => {
        const total = { kills: 0, stops: 0, runs: 0 }
        for (const seed of some) {
          const { wrong, kills, stops, runs } = await simulate({ seed, days, warehouse })
          total.kills += kills
          total.stops += stops
          total.runs += runs
          expect(wrong, `ASSAY_FLOW_SEED=${seed} repeats it`).toEqual([])
        }
        console.log(`${name} of ${days} days: ${JSON.stringify(total)}`)
      },
      TEST_MS_MAX,
    )
  }
}
