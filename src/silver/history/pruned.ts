import { sql } from 'kysely'
import type { Horizon } from '../../bronze/index.ts'

/** A log whose oldest records are gone. */
export interface PrunedLog {
  readonly name: string
  readonly logId: number
  readonly horizon: Horizon
}

/** Tells, in a query, rows whose raw record is gone. */
export function restsOnGone(pruned: readonly PrunedLog[]): ReturnType<typeof sql> {
  if (pruned.length === 0) return sql`1 = 0`
  const each = pruned.map(({ logId, horizon }) => sql`(log_id = ${logId} and pos < ${horizon.pos})`)
  return sql`(${sql.join(each, sql` or `)})`
}
