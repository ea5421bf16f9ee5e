import { sql } from 'kysely'
import {
  type Asset,
  type AssetGraph,
  type Partition,
  partitionsIn,
  readStates,
} from '../../src/flow/index.ts'
import type { Warehouse } from '../../src/warehouse/index.ts'
import type { SimServices } from './life.ts'
import { CLOSED_AFTER_US, expectedOf } from './sim-assets.ts'

/** What is wrong with a store after a simulation; nothing, if all is well. */
export interface Verdict {
  readonly wrong: readonly string[]
  readonly runs: number
}

/** What is judged. */
export interface Judged {
  readonly warehouse: Warehouse
  readonly graph: AssetGraph<SimServices>
  /** The facts an hour has in truth. */
  readonly factOf: (hourUs: number) => number
  /** Parts asked for by then must be made. */
  readonly untilUs: number
}

interface Found {
  readonly asset: string
  readonly partition_us: number
  readonly count: number
  readonly distinct: number
}

/** Compares what a store holds with what must have been made, part by part. */
export async function judge(judged: Judged): Promise<Verdict> {
  const { warehouse, graph } = judged
  return warehouse.read(async (db) => {
    const list = async (text: string) => (await sql.raw<Found>(text).execute(db)).rows
    const of = (rows: readonly Found[]) =>
      rows.map((row) => `${row.asset} ${new Date(row.partition_us / 1000).toISOString()}`)
    const keys = 'asset, partition_us'
    const stray = await list('select * from sim_effects where is_holder = 0')
    const doubled = await list(
      `select ${keys} from sim_effects group by run_id, asset, partition_us having count(*) > 1`,
    )
    const unmatched = await list(
      `select ${keys} from sim_effects where run_id not in
        (select run_id from ops_runs where state = 'succeeded')
       union all select ${keys} from ops_runs where state = 'succeeded'
        and run_id not in (select run_id from sim_effects)`,
    )
    // Made anew only of something else than before.
    const same = await list(
      `select ${keys} from ops_runs where state = 'succeeded' and asset <> 'sim.d'
       group by asset, partition_us having count(*) > count(distinct input_version)`,
    )
    const active = await list('select * from ops_runs where active is not null')
    const runs = await list('select asset, partition_us from ops_runs')
    const leases = await list(
      `select name as asset, 0 as partition_us from ops_leases
       where name not in (select 'run/' || run_id from ops_runs where active is not null)`,
    )
    const wrong = [
      ...of(stray).map((part) => `${part}: committed by one who does not have it`),
      ...of(doubled).map((part) => `${part}: one run had its effect twice`),
      ...of(unmatched).map((part) => `${part}: a run without effect, or an effect without run`),
      ...of(same).map((part) => `${part}: made twice of the same`),
      ...of(active).map((part) => `${part}: its run never ended`),
      ...of(leases).map((part) => `${part}: a lease that nobody has`),
    ]
    const known = await db.selectFrom('ops_flow_assets').selectAll().execute()
    const sinceUs = Math.min(...known.map((row) => row.known_us))
    for (const asset of graph.assets) {
      const { key, partitions } = asset
      if (partitions === 'none') continue
      const { rows } = await sql<{ partition_us: number; value: string }>`
        select partition_us, value from sim_outputs where asset = ${key}`.execute(db)
      const values = new Map(rows.map((row) => [row.partition_us, row.value]))
      const owed = owedParts(asset, sinceUs, judged.untilUs)
      const span = { fromUs: owed[0]?.fromUs ?? 0, toUs: owed.at(-1)?.toUs ?? 0 }
      const states = await readStates(db, { asset: key, partitions, ...span })
      for (const [at, part] of owed.entries()) {
        const expected = expectedOf(key, part, { ...judged, sinceUs })
        const value = values.get(part.fromUs)
        const state = states[at]
        if (state?.state !== 'made' || state.partition.key !== part.key) {
          wrong.push(`${key} ${part.key}: is ${state?.state}`)
        } else if (value !== expected) wrong.push(`${key} ${part.key}: ${value}, not ${expected}`)
      }
    }
    return { wrong, runs: runs.length }
  })
}

/** Lists the parts whose time came since the asset was first known. */
function owedParts(
  { key, partitions }: Asset<SimServices>,
  sinceUs: number,
  untilUs: number,
): Partition[] {
  const delayUs = CLOSED_AFTER_US[key] as number
  const parts = [...partitionsIn(partitions, sinceUs - 2 * 86_400_000_000, untilUs)]
  return parts.filter((part) => isBetween(part.toUs + delayUs, sinceUs, untilUs))
}

const isBetween = (timeUs: number, sinceUs: number, untilUs: number) =>
  timeUs > sinceUs && timeUs <= untilUs
