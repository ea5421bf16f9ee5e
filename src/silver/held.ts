import type { Kysely } from 'kysely'
import type {
  CoverageRow,
  GapWorkRow,
  InstrumentRow,
  Schema,
  ScopeRow,
} from '../warehouse/index.ts'
import type { Interval } from './coverage.ts'
import { isOfCandles } from './scope-evidence.ts'
import type { Span } from './state.ts'

/** What became of a hole; the one list of verdicts (D6). */
export type Verdict = 'open' | 'repaired' | 'proven_empty' | 'never_existed' | 'unrecoverable'

/** Something missing, or once missing, within a scope. */
export interface Hole {
  readonly instrumentId: number
  readonly venue: string
  readonly symbol: string
  readonly cause: 'ids' | 'left_edge' | 'witness' | 'candle_count' | 'candle_minutes'
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

/** What is stored of an instrument's own numbering. */
export interface Held {
  readonly instrument: InstrumentRow
  readonly intervals: readonly Interval[]
  /** Scopes that answer for trades. */
  readonly scopes: readonly JoinedScope[]
  /** Spans of the scopes that answer for minutes by candles alone. */
  readonly candleScopes: readonly Span[]
  readonly witnesses: ReadonlyMap<number, number>
  readonly work: readonly GapWorkRow[]
}

/** A hole before it is asked what repair has tried. */
export type OpenHole = Omit<Hole, 'verdict' | 'attempts' | 'lastAttemptUs' | 'evidence'>

/** Loads what holes are found in. */
export async function loadHeld(db: Kysely<Schema>, instrument: InstrumentRow): Promise<Held> {
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
  const own = (await scopes.execute()).filter((scope) => scope.tape_id === 0)
  return {
    instrument,
    intervals: timed(coverage),
    scopes: joinScopes(own.filter((scope) => !isOfCandles(scope))),
    candleScopes: joinScopes(own.filter(isOfCandles)).map(({ from_us, to_us }) => {
      return { fromUs: from_us, toUs: to_us }
    }),
    witnesses: new Map((await witnesses.execute()).map((row) => [row.last_id, row.time_us])),
    work: await work.execute(),
  }
}

/**
 * Returns runs of held ids. One of ids that never existed has no time of its own: a hole before
 * it ends by the trade after it, and one after it begins by the trade before.
 */
function timed(coverage: readonly CoverageRow[]): Interval[] {
  const befores: (number | null)[] = []
  for (const row of coverage) befores.push(row.last_time_us ?? befores.at(-1) ?? null)
  let after: number | null = null
  return coverage
    .map((row, at) => ({ row, before: befores[at] ?? null }))
    .reverse()
    .map(({ row, before }) => {
      after = row.first_time_us ?? after ?? before
      return {
        firstId: row.first_id,
        lastId: row.last_id,
        firstTimeUs: after ?? Number.NaN,
        lastTimeUs: before ?? after ?? Number.NaN,
      }
    })
    .reverse()
}

/** Scopes that touch, as one span of time. */
export interface JoinedScope {
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

/** Returns whose hole it is. */
export function describe(held: Held): Pick<Hole, 'instrumentId' | 'venue' | 'symbol'> {
  const { instrument_id, venue, symbol } = held.instrument
  return { instrumentId: instrument_id, venue, symbol }
}
