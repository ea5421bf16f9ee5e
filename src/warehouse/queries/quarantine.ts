import type { QuarantineRow } from '../schema.ts'
import type { Warehouse } from '../warehouse.ts'

/** Which refused data is wanted. */
export interface QuarantineQuery {
  /** @default 'held' */
  readonly state?: QuarantineRow['state']
  readonly reason?: string
  readonly limit: number
}

/** Refused data, and where in the raw log it stands. */
export type QuarantinedItem = Omit<QuarantineRow, 'log_id'> & { readonly log: string }

/** Returns what was refused, newest of each log first. */
export function listQuarantine(
  warehouse: Warehouse,
  { state = 'held', reason, limit }: QuarantineQuery,
): Promise<QuarantinedItem[]> {
  return warehouse.read((db) => {
    let query = db
      .selectFrom('silver_quarantine as q')
      .innerJoin('ops_logs as l', 'l.log_id', 'q.log_id')
      .select(['l.name as log', 'q.pos', 'q.item', 'q.reason', 'q.detail', 'q.sample'])
      .select(['q.dialect', 'q.state', 'q.received_time_us'])
      .where('q.state', '=', state)
    if (reason !== undefined) query = query.where('q.reason', '=', reason)
    return query
      .orderBy('q.log_id', 'desc')
      .orderBy('q.pos', 'desc')
      .orderBy('q.item', 'desc')
      .limit(limit)
      .execute()
  })
}
