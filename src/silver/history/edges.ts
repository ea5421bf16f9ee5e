import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Cutoffs, Schema } from '../../warehouse/index.ts'
import { type PrunedLog, restsOnGone } from './pruned.ts'

/** Up to where a tape's ids are carried over. */
export interface Edge {
  readonly instrumentId: number
  readonly tapeId: number
  /** Ids below it are carried; it follows the last id of a trade. */
  readonly endId: number
  /** That trade's time. */
  readonly lastTimeUs: number
}

/** The edges of all tapes that are carried, at least in part. */
export type Edges = readonly Edge[]

/**
 * Finds, for each tape, the greatest id that a record now gone gave, or that is before the cut-off
 * of trades, or that was deleted already: all up to there is carried.
 *
 * A trade before the cut-off counts, whatever record tells it: its minute's other trades may be
 * deleted, so that minute is carried whole.
 */
export async function findEdges(
  db: Kysely<Schema>,
  pruned: readonly PrunedLog[],
  cutoffs: Cutoffs,
): Promise<Edges> {
  // Of the bare columns beside a maximum, the row that holds it is meant.
  const { rows } = await sql<Found>`
    select instrument_id, tape_id, max(coalesce(last_id, trade_id)) as last_id, event_time_us
    from silver_trades
    where ${restsOnGone(pruned)} or event_time_us < ${cutoffs.trades}
    group by instrument_id, tape_id`.execute(db)
  const expired = await db.selectFrom('silver_expired').selectAll().execute()
  const edges = new Map<string, Edge>()
  const found = expired.map((row) => ({ ...row, event_time_us: row.last_time_us }))
  for (const row of [...found, ...rows]) {
    const name = `${row.instrument_id} ${row.tape_id}`
    const endId = row.last_id + 1
    if ((edges.get(name)?.endId ?? 0) >= endId) continue
    edges.set(name, {
      instrumentId: row.instrument_id,
      tapeId: row.tape_id,
      endId,
      lastTimeUs: row.event_time_us,
    })
  }
  return [...edges.values()]
}

interface Found {
  readonly instrument_id: number
  readonly tape_id: number
  readonly last_id: number
  readonly event_time_us: number
}

/** Returns the first id of a tape that is not carried; 0 where none is. */
export function endIdOf(edges: Edges, instrumentId: number, tapeId: number): number {
  const edge = edges.find((one) => one.instrumentId === instrumentId && one.tapeId === tapeId)
  return edge?.endId ?? 0
}
