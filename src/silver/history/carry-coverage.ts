import type { CoverageRow } from '../../warehouse/index.ts'
import { Coverage, type Interval } from '../coverage.ts'
import type { Carriage } from './carry.ts'
import type { Edge } from './edges.ts'

/** A tape whose coverage is carried. */
type Tape = Pick<Edge, 'instrumentId' | 'tapeId'>

/**
 * Carries the ids that are held below each tape's edge, and those that are held without a trade:
 * ids that a verdict says never existed, and ranges that a longer one keeps from standing.
 */
export async function carryCoverage(at: Carriage): Promise<void> {
  const tapes = new Map<string, Tape & { voids: { firstId: number; lastId: number }[] }>()
  const tapeOf = (instrumentId: number, tapeId: number) => {
    const name = `${instrumentId} ${tapeId}`
    const tape = tapes.get(name) ?? { instrumentId, tapeId, voids: [] }
    tapes.set(name, tape)
    return tape
  }
  for (const { instrumentId, tapeId } of at.edges) tapeOf(instrumentId, tapeId)
  const verdicts = at.old
    .selectFrom('ops_gap_work')
    .selectAll()
    .where('verdict', '=', 'never_existed')
    .where('first_id', '>=', 0)
  const rivals = at.old.selectFrom('silver_rivals').selectAll()
  for (const row of [...(await verdicts.execute()), ...(await rivals.execute())]) {
    const span = { firstId: row.first_id, lastId: row.last_id }
    tapeOf(row.instrument_id, row.tape_id).voids.push(span)
  }
  for (const tape of tapes.values()) {
    const coverage = new Coverage(await heldBelowEdge(at, tape))
    for (const { firstId, lastId } of tape.voids) coverage.claimVoid(firstId, lastId)
    await at.generation.write((tx) =>
      tx.upsert(
        'silver_coverage',
        coverage.intervals.map((one) => rowOf(tape, one)),
      ),
    )
  }
}

async function heldBelowEdge(at: Carriage, tape: Tape): Promise<Interval[]> {
  const { instrumentId, tapeId } = tape
  const edge = at.edges.find((one) => one.instrumentId === instrumentId && one.tapeId === tapeId)
  if (edge === undefined) return []
  const rows = await at.old
    .selectFrom('silver_coverage')
    .selectAll()
    .where('instrument_id', '=', instrumentId)
    .where('tape_id', '=', tapeId)
    .where('first_id', '<', edge.endId)
    .orderBy('first_id')
    .execute()
  return rows.map((row) => {
    // The run that goes on beyond the edge ends with the edge's own trade.
    const isCut = row.last_id >= edge.endId
    return {
      firstId: row.first_id,
      lastId: isCut ? edge.endId - 1 : row.last_id,
      firstTimeUs: row.first_time_us ?? Number.NaN,
      lastTimeUs: (isCut ? edge.lastTimeUs : row.last_time_us) ?? Number.NaN,
    }
  })
}

function rowOf({ instrumentId, tapeId }: Tape, interval: Interval): CoverageRow {
  const timeOrNull = (timeUs: number) => (Number.isNaN(timeUs) ? null : timeUs)
  return {
    instrument_id: instrumentId,
    tape_id: tapeId,
    first_id: interval.firstId,
    last_id: interval.lastId,
    first_time_us: timeOrNull(interval.firstTimeUs),
    last_time_us: timeOrNull(interval.lastTimeUs),
  }
}
