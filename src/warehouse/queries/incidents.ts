import type { Kysely } from 'kysely'
import type { RowKey } from '../keys.ts'
import type { IncidentRow, Schema } from '../schema.ts'
import type { Warehouse } from '../warehouse.ts'

/** Which incidents are wanted. */
export interface IncidentQuery {
  readonly venue?: string
  readonly symbol?: string
  /** Only those that last until now, as far as is known. */
  readonly isOpen?: boolean
  /** Those of which some part lies in `[fromUs, toUs)`. */
  readonly fromUs?: number
  readonly toUs?: number
  readonly limit: number
}

/** One incident of collecting, as programs are given it. */
export interface Incident {
  readonly venue: string
  readonly cause: string
  /** `null` where it concerned the connection or the host, not one subscription. */
  readonly channel: string | null
  readonly symbol: string | null
  readonly fromUs: number
  /** `null` while it lasts, or where its end was never told. */
  readonly toUs: number | null
  readonly detail: string
}

/** Returns the incident that has this key, as stored. */
export function findIncident(
  db: Kysely<Schema>,
  key: RowKey<'ops_incidents'>,
): Promise<IncidentRow | undefined> {
  return db
    .selectFrom('ops_incidents')
    .selectAll()
    .where('venue', '=', key.venue)
    .where('from_us', '=', key.from_us)
    .where('cause', '=', key.cause)
    .where('channel', '=', key.channel)
    .where('symbol', '=', key.symbol)
    .executeTakeFirst()
}

/** Returns incidents, the newest first. */
export async function listIncidents(
  warehouse: Warehouse,
  query: IncidentQuery,
): Promise<Incident[]> {
  const rows = await warehouse.read((db) => {
    let incidents = db.selectFrom('ops_incidents').selectAll()
    if (query.venue !== undefined) incidents = incidents.where('venue', '=', query.venue)
    if (query.symbol !== undefined) incidents = incidents.where('symbol', '=', query.symbol)
    if (query.isOpen === true) incidents = incidents.where('to_us', 'is', null)
    const { fromUs, toUs } = query
    if (toUs !== undefined) incidents = incidents.where('from_us', '<', toUs)
    if (fromUs !== undefined) {
      incidents = incidents.where(({ eb, or }) =>
        or([eb('to_us', 'is', null), eb('to_us', '>', fromUs)]),
      )
    }
    return incidents
      .orderBy('from_us', 'desc')
      .orderBy('venue')
      .orderBy('cause')
      .orderBy('channel')
      .orderBy('symbol')
      .limit(query.limit)
      .execute()
  })
  return rows.map((row) => ({
    venue: row.venue,
    cause: row.cause,
    channel: row.channel === '' ? null : row.channel,
    symbol: row.symbol === '' ? null : row.symbol,
    fromUs: row.from_us,
    toUs: row.to_us,
    detail: row.detail,
  }))
}
