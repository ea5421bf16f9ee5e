import type { CoverageRow, WitnessRow, WriteTransaction } from '../warehouse/index.ts'
import type { Batch } from './batch.ts'
import type { Interval } from './coverage.ts'
import { provenToUs } from './judge.ts'
import {
  type InstrumentState,
  instrumentOf,
  type SilverState,
  type TapeState,
  touch,
} from './state.ts'

/**
 * Under this id is kept when the venue last named an id that lies within a run by now: it cannot
 * have known of any greater one then, whatever an earlier word of its claims.
 */
const SPENT_ID = -1

/** Witnesses that a batch brought: the time of each by its id, by instrument. */
type NotedWitnesses = ReadonlyMap<InstrumentState, ReadonlyMap<number, number>>

/** Remembers the latest time at which the venue called each id its newest. */
export async function noteWitnesses(
  state: SilverState,
  tx: WriteTransaction,
  batch: Batch,
): Promise<NotedWitnesses> {
  const noted = new Map<InstrumentState, Map<number, number>>()
  for (const { venue, witness } of batch.witnesses) {
    const instrument = await instrumentOf(state, tx, { venue, symbol: witness.symbol })
    const heldUs = instrument.witnesses.get(witness.lastId)
    if (heldUs !== undefined && heldUs >= witness.timeUs) continue
    instrument.witnesses.set(witness.lastId, witness.timeUs)
    const coverage = instrument.tapes.get(0)?.coverage
    const run = coverage?.intervals[coverage.locate(witness.lastId)]
    if (run?.lastId === witness.lastId) touch(instrument, run.lastTimeUs, witness.timeUs)
    const times = noted.get(instrument) ?? new Map<number, number>()
    noted.set(instrument, times.set(witness.lastId, witness.timeUs))
  }
  return noted
}

/** Stores the witnesses that still say something: of ids at the edge of a run, or missing. */
async function storeWitnesses(
  tx: WriteTransaction,
  instruments: Iterable<InstrumentState>,
  noted: NotedWitnesses,
): Promise<void> {
  for (const instrument of instruments) {
    const { witnesses } = instrument
    const coverage = instrument.tapes.get(0)?.coverage
    const instrument_id = instrument.row.instrument_id
    const spent: Pick<WitnessRow, 'instrument_id' | 'last_id'>[] = []
    const heldUs = witnesses.get(SPENT_ID) ?? 0
    let spentUs = heldUs
    for (const [lastId, timeUs] of witnesses) {
      if (!coverage?.holds(lastId) || !coverage.holds(lastId + 1)) continue
      witnesses.delete(lastId)
      // What it alone had proven is proven no more: its trade was not the newest after all.
      const run = coverage.intervals[coverage.locate(lastId)] as Interval
      touch(instrument, Math.min(timeUs, provenToUs(run, instrument)), timeUs)
      spent.push({ instrument_id, last_id: lastId })
      spentUs = Math.max(spentUs, timeUs)
    }
    const fresh = [...(noted.get(instrument) ?? [])].filter(([lastId]) => witnesses.has(lastId))
    const rows = fresh.map(([last_id, time_us]) => ({ instrument_id, last_id, time_us }))
    if (spentUs > heldUs) {
      witnesses.set(SPENT_ID, spentUs)
      rows.push({ instrument_id, last_id: SPENT_ID, time_us: spentUs })
    }
    await tx.remove('silver_witnesses', spent)
    await tx.upsert('silver_witnesses', rows)
  }
}

/** A witness of a run's last id carries its proof on to the witness's time. */
function touchProof(instrument: InstrumentState, interval: Interval): void {
  touch(instrument, interval.lastTimeUs, provenToUs(interval, instrument))
}

/** Stores the runs of ids that changed, and marks the minutes whose proof may have. */
export async function storeCoverage(
  state: SilverState,
  tx: WriteTransaction,
  noted: NotedWitnesses,
): Promise<void> {
  const moved = new Set(noted.keys())
  const rows: CoverageRow[] = []
  const removed: Pick<CoverageRow, 'instrument_id' | 'tape_id' | 'first_id'>[] = []
  for (const instrument of state.instruments.values()) {
    for (const tape of instrument.tapes.values()) {
      const { coverage } = tape
      for (const interval of coverage.unsure) await lookUpTimes(tx, tape, interval)
      coverage.unsure.clear()
      if (coverage.changed.size === 0 && coverage.removed.size === 0) continue
      if (coverage.touchedFromUs <= coverage.touchedToUs) {
        touch(instrument, coverage.touchedFromUs, coverage.touchedToUs + 1)
      }
      if (coverage.apartFromUs < coverage.apartToUs) {
        state.suspects.push({ fromUs: coverage.apartFromUs, toUs: coverage.apartToUs })
      }
      for (const interval of coverage.extended) touchProof(instrument, interval)
      const key = { instrument_id: instrument.row.instrument_id, tape_id: tape.tapeId }
      for (const firstId of coverage.removed) removed.push({ ...key, first_id: firstId })
      rows.push(...coverageRows(tape))
      coverage.settle()
      if (tape.tapeId === 0) moved.add(instrument)
    }
  }
  await tx.remove('silver_coverage', removed)
  await tx.upsert('silver_coverage', rows)
  await storeWitnesses(tx, moved, noted)
}

/** Asks the stored trades for the times of a run's outermost ones. */
async function lookUpTimes(tx: WriteTransaction, tape: TapeState, run: Interval): Promise<void> {
  const span = {
    instrumentId: tape.instrument.row.instrument_id,
    tapeId: tape.tapeId,
    firstId: run.firstId,
    lastId: run.lastId,
  }
  const first = await findOutermost(tx, { ...span, end: 'first' })
  if (first === undefined) return
  const last = (await findOutermost(tx, { ...span, end: 'last' })) ?? first
  // Its first trade was deleted on purpose: what is stored is not the first.
  const hasExpired = run.firstId <= tape.expiredId && !Number.isNaN(run.firstTimeUs)
  tape.coverage.settleTimes(run, hasExpired ? run.firstTimeUs : first, last)
}

async function findOutermost(
  tx: WriteTransaction,
  at: {
    readonly instrumentId: number
    readonly tapeId: number
    readonly firstId: number
    readonly lastId: number
    readonly end: 'first' | 'last'
  },
): Promise<number | undefined> {
  // An aggregate is numbered by its first id, and no two that stand share one.
  const trade = await tx.db
    .selectFrom('silver_trades')
    .select('event_time_us')
    .where('instrument_id', '=', at.instrumentId)
    .where('tape_id', '=', at.tapeId)
    .where('trade_id', '>=', at.firstId)
    .where('trade_id', '<=', at.lastId)
    .orderBy('trade_id', at.end === 'first' ? 'asc' : 'desc')
    .limit(1)
    .executeTakeFirst()
  return trade?.event_time_us
}

function coverageRows(tape: TapeState): CoverageRow[] {
  const timeOrNull = (timeUs: number) => (Number.isNaN(timeUs) ? null : timeUs)
  return [...tape.coverage.changed].map((interval) => ({
    instrument_id: tape.instrument.row.instrument_id,
    tape_id: tape.tapeId,
    first_id: interval.firstId,
    last_id: interval.lastId,
    first_time_us: timeOrNull(interval.firstTimeUs),
    last_time_us: timeOrNull(interval.lastTimeUs),
  }))
}
