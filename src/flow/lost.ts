import type { Kysely } from 'kysely'
import type { Clock } from '../core/clock.ts'
import type { RunRow, Schema } from '../warehouse/index.ts'
import { leaseName } from './requests.ts'

/** A run under way, and the last sign of life of whoever makes it. */
export interface RunSign {
  readonly run: RunRow
  /** As their clock has it; null where they have no lease any more. */
  readonly expiresUs: number | null
}

/** Whether nothing was heard between two looks at a run. */
export const isSameSign = (one: RunSign, other: RunSign): boolean =>
  one.run.token === other.run.token && one.expiresUs === other.expiresUs

/** Reads the runs under way, with their leases. */
export async function readSigns(db: Kysely<Schema>): Promise<RunSign[]> {
  const running = await db
    .selectFrom('ops_runs')
    .selectAll()
    .where('state', '=', 'running')
    .execute()
  if (running.length === 0) return []
  const names = running.map((run) => leaseName(run.run_id))
  const leases = await db
    .selectFrom('ops_leases')
    .select(['name', 'expires_us'])
    .where('name', 'in', names)
    .execute()
  const expiry = new Map(leases.map((lease) => [lease.name, lease.expires_us]))
  return running.map((run) => ({ run, expiresUs: expiry.get(leaseName(run.run_id)) ?? null }))
}

/** Looks for lost runs, over and over. */
export interface LostWatch {
  /** Returns the runs of which nothing was heard for as long as a lease lasts. */
  look(db: Kysely<Schema>): Promise<RunSign[]>
}

/**
 * Returns a watch that measures by its own clock, which never steps, how long a run gave no sign
 * of life. What time the other had does not matter: a clock that was wrong, or was set, neither
 * keeps the run of a dead process nor takes that of a living one.
 */
export function createLostWatch(clock: Clock, leaseMs: number): LostWatch {
  let heard = new Map<string, RunSign & { readonly atMs: number }>()
  return {
    async look(db) {
      const nowMs = clock.monotonicMs()
      const signs = await readSigns(db)
      heard = new Map(
        signs.map((sign) => {
          const before = heard.get(sign.run.run_id)
          const isSilent = before !== undefined && isSameSign(before, sign)
          return [sign.run.run_id, isSilent ? before : { ...sign, atMs: nowMs }]
        }),
      )
      return [...heard.values()].filter(({ atMs }) => nowMs - atMs > leaseMs)
    },
  }
}
