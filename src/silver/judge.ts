import { MINUTE_US } from '../market/bucket.ts'
import type { MinuteRow, OutageRow, ScopeRow } from '../warehouse/index.ts'
import type { Interval } from './coverage.ts'
import { emptyMinute } from './minute-row.ts'
import type { InstrumentState } from './state.ts'

/** What judging minutes needs besides their rows. */
export interface Grounds {
  readonly instrument: InstrumentState
  readonly outages: readonly OutageRow[]
  /** Trade counts of closed venue candles by minute, where the venue counts. */
  readonly witnessed: ReadonlyMap<number, number>
  /** Minutes before it were deleted on purpose, and get no row again. */
  readonly expiredBeforeUs: number
}

/**
 * Says of every minute in `[fromUs, toUs)` what it is: traded or not, complete or not.
 *
 * A function of the final coverage, scopes and witnesses alone, so it may be asked again at
 * any time. Adds a row for each minute of a scope that has ended and has none, never a price;
 * takes away the rows of minutes that hold no trade and are of no scope any more.
 */
export function judgeMinutes(
  rows: Map<number, MinuteRow>,
  grounds: Grounds,
  span: { readonly fromUs: number; readonly toUs: number },
): void {
  const { instrument } = grounds
  for (const scope of instrument.scopes) {
    const spanUs = span.fromUs - (span.fromUs % MINUTE_US)
    const from = Math.max(scope.from_us, spanUs, grounds.expiredBeforeUs)
    const to = Math.min(endOfGrid(scope), span.toUs)
    for (let minute = from; minute < to; minute += MINUTE_US) {
      if (!rows.has(minute)) {
        rows.set(minute, emptyMinute(instrument.row.instrument_id, minute))
      }
    }
  }
  const proof = createProof(instrument)
  for (const [minute, row] of rows) {
    const end = minute + MINUTE_US
    if (end <= span.fromUs || minute >= span.toUs) continue
    if (row.trade_count === 0 && !isInGrid(instrument, minute)) {
      rows.delete(minute)
      continue
    }
    rows.set(minute, judged(row, grounds, proof(minute, end)))
  }
}

/**
 * Returns where a scope's minutes end. A live scope's last is still running; it gets a row when
 * it trades or ends.
 */
export function endOfGrid(scope: ScopeRow): number {
  return scope.cause === 'live' ? scope.to_us - MINUTE_US : scope.to_us
}

function isInGrid(instrument: InstrumentState, minute: number): boolean {
  return instrument.scopes.some((one) => one.from_us <= minute && minute < endOfGrid(one))
}

function judged(row: MinuteRow, grounds: Grounds, isProven: boolean): MinuteRow {
  const { instrument, outages, witnessed } = grounds
  const minute = row.open_time_us
  const scopes = instrument.scopes.filter((one) => one.from_us <= minute && minute < one.to_us)
  // A file without trade ids proves nothing of the venue: its lines count only themselves.
  const countable = row.tape_id === 0
  const counted = witnessed.get(minute) === row.trade_count
  const complete = countable && (isProven || counted)
  const live = scopes.some((one) => one.cause === 'live')
  return {
    ...row,
    source: scopes.length > 0 ? 'trades' : 'unscoped',
    status: statusOf(row, complete, isDown(outages, instrument.row.venue, minute)),
    complete: complete ? 1 : 0,
    repaired: live && countable && row.other_count > 0 ? 1 : 0,
  }
}

function statusOf(row: MinuteRow, complete: boolean, down: boolean): MinuteRow['status'] {
  if (row.trade_count > 0) return 'traded'
  if (down) return 'venue_down'
  return complete ? 'no_trades' : 'unknown'
}

function isDown(outages: readonly OutageRow[], venue: string, minute: number): boolean {
  return outages.some(
    (one) => one.venue === venue && one.from_us <= minute && one.to_us >= minute + MINUTE_US,
  )
}

/**
 * Returns a test of whether every trade of `[start, end)` is held: some unbroken run of ids
 * reaches from before the span to its end or past it.
 */
function createProof(instrument: InstrumentState): (start: number, end: number) => boolean {
  const runs = (instrument.tapes.get(0)?.coverage.intervals ?? [])
    .map((interval) => runOf(interval, instrument))
    // A run of nothing but ids that never existed has no times, and proves none.
    .filter((run) => !Number.isNaN(run.from) && !Number.isNaN(run.to))
    .sort((a, b) => a.from - b.from)
  let reach = Number.NEGATIVE_INFINITY
  const reaches = runs.map((run) => {
    reach = Math.max(reach, run.to)
    return reach
  })
  return (start, end) => {
    let low = 0
    let high = runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((runs[middle] as { from: number }).from < start) low = middle + 1
      else high = middle
    }
    return low > 0 && (reaches[low - 1] as number) >= end
  }
}

/** The span of time a run of ids proves: a witness of its last id carries it on. */
function runOf(interval: Interval, instrument: InstrumentState): { from: number; to: number } {
  const to = provenToUs(interval, instrument)
  // Nothing was traded before a venue's first trade.
  return { from: interval.firstId <= 1 ? Number.NEGATIVE_INFINITY : interval.firstTimeUs, to }
}

/** Returns the time up to which nothing can be missing after an interval's last trade. */
export function provenToUs(interval: Interval, instrument: InstrumentState): number {
  const witnessedUs = instrument.witnesses.get(interval.lastId)
  return witnessedUs === undefined
    ? interval.lastTimeUs
    : Math.max(interval.lastTimeUs, witnessedUs)
}
