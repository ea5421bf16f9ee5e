import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { openWarehouse } from '../../src/warehouse/index.ts'

const CHILD = fileURLToPath(new URL('../flow/child.ts', import.meta.url))
/** Hours of each asset; see child.ts. */
const PARTS = 400
const kills = Number(process.env.ASSAY_CRASH_KILLS ?? 40)
const seed = Number(process.env.ASSAY_CRASH_SEED ?? 1)

/** Starts a process of the flow; resolves once it is at work. */
async function start(url: string, holder: string) {
  const child = spawn(process.execPath, [CHILD, url, holder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value } = await lines.next()
  if (value !== 'ready') throw new Error(`${holder} said ${value}`)
  return { child, ended }
}

/** Starts a process and kills it, over and over. */
async function killOverAndOver(url: string, name: string, random: Random): Promise<void> {
  for (let life = 0; life < kills / 2; life += 1) {
    const { child, ended } = await start(url, `${name} ${life}`)
    await Promise.race([systemClock.sleep(random.next() * 1500), ended])
    child.kill('SIGKILL')
    await ended
  }
}

test(`${kills} kills of two processes skip no part and double none`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-flow-kill-'))
  try {
    const url = `sqlite:${join(folder, 'warehouse')}`
    const made = await openWarehouse({ url, mode: 'write', clock: systemClock })
    await made[Symbol.asyncDispose]()
    const slots = ['left', 'right'].map((name) =>
      killOverAndOver(url, name, createRandom(`${seed} ${name}`)),
    )
    await Promise.all(slots)
    await using warehouse = await openWarehouse({ url, mode: 'read', clock: systemClock })
    const left = await warehouse.read((db) =>
      sql<{ made: number }>`select count(*) as made from ops_partitions`.execute(db),
    )
    const last = await start(url, 'last')
    expect(await last.ended).toEqual([0, null])
    await warehouse.read(async (db) => {
      const runs = await sql<{ state: string; runs: number; lost: number }>`
        select state, count(*) as runs, sum(lost) as lost from ops_runs group by state`.execute(db)
      console.log(`made before the last: ${left.rows[0]?.made}; ${JSON.stringify(runs.rows)}`)
      const others = runs.rows.filter(({ state }) => state !== 'succeeded' && state !== 'skipped')
      expect(others).toEqual([])
      const maps = await db.selectFrom('ops_partition_maps').selectAll().execute()
      const letters = maps.map(({ states }) => states.replaceAll('.', '')).join('')
      expect(letters).toBe('m'.repeat(PARTS * 2))
      const counters = await db.selectFrom('ops_counters').selectAll().execute()
      const ofA = counters.filter(({ name }) => name.startsWith('kill.a'))
      expect(ofA).toHaveLength(PARTS)
      expect(ofA.filter(({ value }) => value !== 1)).toEqual([])
      // What is made from others is made once of each that these came to, and counted each time.
      const twice = await sql`select asset, partition_us from ops_runs where state = 'succeeded'
        and asset = 'kill.b' group by asset, partition_us
        having count(*) > count(distinct input_version)`.execute(db)
      expect(twice.rows).toEqual([])
      const ofB = counters.filter(({ name }) => name.startsWith('kill.b'))
      expect(ofB).toHaveLength(PARTS)
      const effects = [...ofA, ...ofB].reduce((sum, { value }) => sum + value, 0)
      expect(effects).toBe(runs.rows.find(({ state }) => state === 'succeeded')?.runs)
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 600_000)
