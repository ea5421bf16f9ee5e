import type { Kysely } from 'kysely'
import { MINUTE_US } from '../market/bucket.ts'
import type { GapWorkRow, InstrumentRow, Schema, ScopeRow } from '../warehouse/index.ts'
import type { Interval } from './coverage.ts'

/** What became of a hole; the one list of verdicts (D6). */
export type Verdict = 'open' | 'repaired' | 'proven_empty' | 'never_existed' | 'unrecoverable'

/** Something missing, or once missing, within a scope. */
export interface Hole {
  readonly instrumentId: number
  readonly venue: string
  readonly symbol: string
  readonly cause: 'ids' | 'left_edge' | 'witness' | 'candle_count'
  /** Inclusive ids; `null` where the hole is known by time only. */
  readonly firstId: number | null
  readonly lastId: number | null
  /** Times between which the missing trades lie. */
  readonly fromUs: number
  readonly toUs: number
  readonly verdict: Verdict
  readonly attempts: number
  readonly lastAttemptUs: number
  readonly evidence: string
}

/** Lists what is missing now, and what was asked for and has been repaired since. */
export async function listHoles(
  db: Kysely<Schema>,
  options: { readonly instrumentId?: number; readonly withCandles?: boolean } = {},
): Promise<Hole[]> {
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
    if (options.withCandles !== false) open.push(...(await candleHoles(db, held, open)))
    holes.push(...open.map((hole) => withWork(hole, held.work)), ...repairedHoles(held))
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

/** What is stored of an instrument's own numbering. */
interface Held {
  readonly instrument: InstrumentRow
  readonly intervals: readonly Interval[]
  readonly scopes: readonly JoinedScope[]
  readonly witnesses: ReadonlyMap<number, number>
  readonly work: readonly GapWorkRow[]
}

type OpenHole = Omit<Hole, 'verdict' | 'attempts' | 'lastAttemptUs' | 'evidence'>

async function loadHeld(db: Kysely<Schema>, instrument: InstrumentRow): Promise<Held> {
  const id = instrument.instrument_id
  const coverage = await db
    .selectFrom('silver_coverage')
    .selectAll()
    .where('instrument_id', '=', id)
    .where('tape_id', '=', 0)
    .orderBy('first_id')
    .execute()
  const scopes = db.selectFrom('silver_scopes').selectAll().where('instrument_id', '=', id)
  const witnesses = db.selectFrom('silver_witnesses').selectAll().where('instrument_id', '=', id)
  const work = db.selectFrom('ops_gap_work').selectAll().where('instrument_id', '=', id)
  return {
    instrument,
    intervals: coverage.map((row) => ({
      firstId: row.first_id,
      lastId: row.last_id,
      firstTimeUs: row.first_time_us ?? Number.NaN,
      lastTimeUs: row.last_time_us ?? Number.NaN,
    })),
    scopes: joinScopes((await scopes.execute()).filter((scope) => scope.tape_id === 0)),
    witnesses: new Map((await witnesses.execute()).map((row) => [row.last_id, row.time_us])),
    work: await work.execute(),
  }
}

/** Scopes that touch, as one span of time. */
interface JoinedScope {
  readonly from_us: number
  to_us: number
  readonly parts: ScopeRow[]
}

/** Joins scopes that touch, so that a hole across two files laid end to end is seen. */
function joinScopes(scopes: readonly ScopeRow[]): JoinedScope[] {
  const joined: JoinedScope[] = []
  for (const scope of [...scopes].sort((a, b) => a.from_us - b.from_us)) {
    const last = joined.at(-1)
    if (last === undefined || last.to_us < scope.from_us) {
      joined.push({ from_us: scope.from_us, to_us: scope.to_us, parts: [scope] })
    } else {
      last.to_us = Math.max(last.to_us, scope.to_us)
      last.parts.push(scope)
    }
  }
  return joined
}

function describe(held: Held): Pick<Hole, 'instrumentId' | 'venue' | 'symbol'> {
  const { instrument_id, venue, symbol } = held.instrument
  return { instrumentId: instrument_id, venue, symbol }
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
  const isRecording = scope.cause === 'live' && FILE_HASH.test(scope.evidence)
  return !(isRecording && run.firstTimeUs <= (scope.subscribed_us ?? 0))
}

/** What names the scope of a recording; our own collecting is named by its log. */
const FILE_HASH = /^[0-9a-f]{64}$/

/** Trades after the last run that the venue says were made. */
function witnessHoles(held: Held): OpenHole[] {
  const last = held.intervals.at(-1)
  const lastId = Math.max(...held.witnesses.keys())
  if (last === undefined || lastId <= last.lastId) return []
  const toUs = held.witnesses.get(lastId) as number
  const scope = held.scopes.find((one) => one.from_us <= toUs && toUs < one.to_us)
  if (scope === undefined) return []
  const fromUs = Math.max(last.lastTimeUs, scope.from_us)
  return [{ ...describe(held), cause: 'witness', firstId: last.lastId + 1, lastId, fromUs, toUs }]
}

/** Minutes for which the venue counts more trades than are held, where ids alone do not tell. */
async function candleHoles(
  db: Kysely<Schema>,
  held: Held,
  known: readonly OpenHole[],
): Promise<OpenHole[]> {
  const rows = await db
    .selectFrom('silver_venue_candles as v')
    .innerJoin('silver_candles_1m as c', (join) =>
      join
        .onRef('c.instrument_id', '=', 'v.instrument_id')
        .onRef('c.open_time_us', '=', 'v.open_time_us'),
    )
    .select(['c.open_time_us', 'c.trade_count as held', 'v.trade_count as counted'])
    .select(['c.min_id', 'c.max_id', 'c.first_trade_us', 'c.last_trade_us'])
    .where('v.instrument_id', '=', held.instrument.instrument_id)
    .where('v.closed', '=', 1)
    .where('c.complete', '=', 0)
    .where('c.source', '=', 'trades')
    .where('c.tape_id', '=', 0)
    .whereRef('v.trade_count', '>', 'c.trade_count')
    .execute()
  const holes: OpenHole[] = []
  for (const row of rows) {
    const start = row.open_time_us
    const end = start + MINUTE_US
    if (known.some((hole) => hole.fromUs < end && hole.toUs > start)) continue
    const missing = (row.counted ?? 0) - row.held
    const base = { ...describe(held), cause: 'candle_count' as const, fromUs: start, toUs: end }
    const run = held.intervals.find((one) => one.firstId === row.min_id)
    if (run !== undefined && run.lastTimeUs >= end && row.min_id !== null) {
      const ids = { firstId: row.min_id - missing, lastId: row.min_id - 1 }
      holes.push({ ...base, ...ids, toUs: row.first_trade_us ?? end })
    } else if (run === undefined && row.max_id !== null) {
      const ids = { firstId: row.max_id + 1, lastId: row.max_id + missing }
      holes.push({ ...base, ...ids, fromUs: row.last_trade_us ?? start })
    } else holes.push({ ...base, firstId: null, lastId: null })
  }
  return holes
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
