import type { Kysely } from 'kysely'
import { MINUTE_US } from '../market/bucket.ts'
import type { GapWorkRow, Schema, ScopeRow } from '../warehouse/index.ts'
import { countHoles, minuteHoles } from './candle-holes.ts'
import type { Interval } from './coverage.ts'
import { describe, type Held, type Hole, loadHeld, type OpenHole } from './held.ts'
import { isRecording } from './scope-evidence.ts'

export type { Hole, Verdict } from './held.ts'

/** Which holes are listed. */
export interface HoleQuery {
  readonly instrumentId?: number
  /** Whether candles are asked, too, for what ids do not tell. @default true */
  readonly withCandles?: boolean
  /** Only candles that open from this time on are asked. @default 0 */
  readonly candlesFromUs?: number
  /** Leaves out what has a verdict: of months, that is nearly all. @default false */
  readonly openOnly?: boolean
}

/** Lists what is missing now, and what was asked for and has been repaired since. */
export async function listHoles(db: Kysely<Schema>, options: HoleQuery = {}): Promise<Hole[]> {
  const holes: Hole[] = []
  let instruments = db.selectFrom('instruments').selectAll()
  if (options.instrumentId !== undefined) {
    instruments = instruments.where('instrument_id', '=', options.instrumentId)
  }
  const scoped = new Set(
    (await db.selectFrom('silver_scopes').select('instrument_id').distinct().execute()).map(
      (row) => row.instrument_id,
    ),
  )
  for (const instrument of await instruments.execute()) {
    if (!scoped.has(instrument.instrument_id)) continue
    const held = await loadHeld(db, instrument)
    const open = [...idHoles(held), ...witnessHoles(held)]
    if (options.withCandles !== false) {
      const fromUs = options.candlesFromUs ?? 0
      open.push(...(await countHoles(db, held, { known: open, fromUs })))
      open.push(...(await minuteHoles(db, held)))
    }
    const found = open.map((hole) => withWork(hole, held.work))
    if (options.openOnly === true) holes.push(...found.filter(({ verdict }) => verdict === 'open'))
    else holes.push(...found, ...repairedHoles(held))
  }
  return holes.sort((a, b) => a.instrumentId - b.instrumentId || a.fromUs - b.fromUs)
}

/** Counts the edges of imported spans that nothing proves: their first and last minutes. */
export async function countEdges(db: Kysely<Schema>, evidence: string): Promise<number> {
  const scopes = await db
    .selectFrom('silver_scopes')
    .select(['instrument_id', 'from_us', 'to_us'])
    .where('cause', '=', 'import')
    .where('evidence', '=', evidence)
    .execute()
  let edges = 0
  for (const scope of scopes) {
    const rows = await db
      .selectFrom('silver_candles_1m')
      .select('complete')
      .where('instrument_id', '=', scope.instrument_id)
      .where('open_time_us', 'in', [scope.from_us, scope.to_us - MINUTE_US])
      .execute()
    edges +=
      scope.to_us - scope.from_us === MINUTE_US
        ? rows.filter((row) => row.complete === 0).length * 2
        : rows.filter((row) => row.complete === 0).length
  }
  return edges
}

/** Spaces between runs of ids, and before the first run of a scope we keep ourselves. */
function idHoles(held: Held): OpenHole[] {
  const holes: OpenHole[] = []
  const { intervals } = held
  for (const scope of held.scopes) {
    for (const [at, run] of intervals.entries()) {
      const before = intervals[at - 1]
      const toUs = run.firstTimeUs
      if (toUs < scope.from_us || toUs >= scope.to_us) continue
      const fromUs =
        before === undefined
          ? Number.NEGATIVE_INFINITY
          : Math.max(before.lastTimeUs, held.witnesses.get(before.lastId) ?? 0)
      if (before !== undefined && fromUs >= scope.from_us) {
        const ids = { firstId: before.lastId + 1, lastId: run.firstId - 1 }
        holes.push({ ...describe(held), cause: 'ids', ...ids, fromUs, toUs })
      } else if (
        scope.parts.some((part) => wantsLeftEdge(part, run)) &&
        toUs > scope.from_us &&
        run.firstId > 1
      ) {
        const ids = { firstId: null, lastId: run.firstId - 1 }
        holes.push({ ...describe(held), cause: 'left_edge', ...ids, fromUs: scope.from_us, toUs })
      }
    }
  }
  return holes
}

/**
 * Whether the trades before a scope's first run are ours to miss. A file begins where it begins.
 * So does a recording whose first trade is older than its subscription; while we collect
 * ourselves, the first minute is made whole.
 */
function wantsLeftEdge(scope: ScopeRow, run: Interval): boolean {
  if (scope.cause === 'import') return false
  return !(isRecording(scope) && run.firstTimeUs <= (scope.subscribed_us ?? 0))
}

/** A venue's later word of a lesser id refutes a greater one this much older. */
const REFUTED_US = 5_000_000

/**
 * Trades after the last run that the venue says were made. Where nothing at all is held, its word
 * on the newest is the only trace of a quiet product that traded before we heard of it.
 */
function witnessHoles(held: Held): OpenHole[] {
  const last = held.intervals.at(-1)
  const found = greatestWitness(held.witnesses)
  if (found === null || found.lastId <= Math.max(0, last?.lastId ?? 0)) return []
  const { lastId, timeUs: toUs } = found
  const scope = held.scopes.find((one) => one.from_us <= toUs && toUs < one.to_us)
  if (scope === undefined) return []
  if (last === undefined) {
    const isOurs = scope.parts.some((part) => part.cause !== 'import' && !isRecording(part))
    const edge = { firstId: null, lastId, fromUs: scope.from_us, toUs }
    return isOurs ? [{ ...describe(held), cause: 'left_edge', ...edge }] : []
  }
  const fromUs = Math.max(last.lastTimeUs, scope.from_us)
  return [{ ...describe(held), cause: 'witness', firstId: last.lastId + 1, lastId, fromUs, toUs }]
}

/** Returns the greatest id the venue named that no later word of its own refutes. */
function greatestWitness(
  witnesses: ReadonlyMap<number, number>,
): { readonly lastId: number; readonly timeUs: number } | null {
  let latestUs = Number.NEGATIVE_INFINITY
  let greatest = null
  for (const [lastId, timeUs] of [...witnesses].sort(([a], [b]) => a - b)) {
    if (timeUs + REFUTED_US >= latestUs) greatest = { lastId, timeUs }
    latestUs = Math.max(latestUs, timeUs)
  }
  return greatest
}

/** Adds what repair has tried, from the work on any hole that this one is part of. */
function withWork(hole: OpenHole, work: readonly GapWorkRow[]): Hole {
  const row = work.find((one) => isPartOf(hole, one))
  return {
    ...hole,
    verdict: row?.verdict ?? 'open',
    attempts: row?.attempts ?? 0,
    lastAttemptUs: row?.last_attempt_us ?? 0,
    evidence: row?.evidence ?? '',
  }
}

function isPartOf(hole: OpenHole, work: GapWorkRow): boolean {
  if (hole.lastId === null) return false
  if (hole.firstId === null) return work.first_id === -1 && work.last_id === hole.lastId
  return work.first_id <= hole.firstId && work.last_id >= hole.lastId && work.first_id !== -1
}

/** Holes that were asked for and are held by now, wholly. */
function repairedHoles(held: Held): Hole[] {
  return held.work.flatMap((work) => {
    const run = held.intervals.find(
      (one) => one.lastId >= work.last_id && one.firstId <= work.last_id,
    )
    const isHeld =
      run !== undefined &&
      (work.first_id === -1 ? run.firstTimeUs <= work.from_us : run.firstId <= work.first_id)
    if (!isHeld) return []
    return [
      {
        ...describe(held),
        cause: work.first_id === -1 ? ('left_edge' as const) : ('ids' as const),
        firstId: work.first_id === -1 ? null : work.first_id,
        lastId: work.last_id,
        fromUs: work.from_us,
        toUs: work.to_us,
        // Ids that were given up and came all the same, from a file perhaps, are repaired.
        verdict: work.verdict === 'never_existed' ? 'never_existed' : 'repaired',
        attempts: work.attempts,
        lastAttemptUs: work.last_attempt_us,
        evidence: work.evidence,
      },
    ]
  })
}
