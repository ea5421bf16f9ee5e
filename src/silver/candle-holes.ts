import type { Kysely } from 'kysely'
import { MINUTE_US } from '../market/bucket.ts'
import { findVenue } from '../venues/index.ts'
import type { Schema } from '../warehouse/index.ts'
import { describe, type Held, type OpenHole } from './held.ts'
import { isRecording } from './scope-evidence.ts'
import type { Span } from './state.ts'

/** Minutes for which the venue counts more trades than are held, where ids alone do not tell. */
export async function countHoles(
  db: Kysely<Schema>,
  held: Held,
  at: { readonly known: readonly OpenHole[]; readonly fromUs: number },
): Promise<OpenHole[]> {
  const { known, fromUs } = at
  const rows = await db
    .selectFrom('silver_candles_1m as c')
    .innerJoin('silver_venue_candles as v', (join) =>
      join
        .onRef('v.instrument_id', '=', 'c.instrument_id')
        .onRef('v.open_time_us', '=', 'c.open_time_us'),
    )
    .select(['c.open_time_us', 'c.trade_count as held', 'v.trade_count as counted'])
    .select(['c.min_id', 'c.max_id', 'c.first_trade_us', 'c.last_trade_us'])
    .where('c.instrument_id', '=', held.instrument.instrument_id)
    .where('c.open_time_us', '>=', fromUs)
    .where('c.complete', '=', 0)
    .where('c.source', '=', 'trades')
    .where('c.tape_id', '=', 0)
    .where('v.closed', '=', 1)
    .whereRef('v.trade_count', '>', 'c.trade_count')
    .execute()
  const holes: OpenHole[] = []
  for (const row of rows) {
    const start = row.open_time_us
    const end = start + MINUTE_US
    // Where candles alone are answered for, no trade of theirs is missing.
    if (!held.scopes.some((one) => one.from_us <= start && start < one.to_us)) continue
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

/**
 * Minutes that scopes of candles alone lack, as spans. A venue that leaves out the minutes in which
 * nothing was traded is not asked for them: an absent minute says nothing there, and its status
 * tells whether it was down.
 */
export async function minuteHoles(db: Kysely<Schema>, held: Held): Promise<OpenHole[]> {
  const { instrument, candleScopes } = held
  if (findVenue(instrument.venue)?.candleRules.emptyMinutes.rest === 'omitted') return []
  const holes: OpenHole[] = []
  for (const scope of candleScopes) {
    for (const span of await bareSpans(db, instrument.instrument_id, scope)) {
      const ids = { firstId: null, lastId: null }
      holes.push({ ...describe(held), cause: 'candle_minutes', ...ids, ...span })
    }
  }
  return holes
}

/** Minutes of a product for which the venue's own candles may be asked. */
export interface CandleGap extends Span {
  readonly venue: string
  readonly symbol: string
}

/** Which minutes the venue's candles are wanted for. */
export interface CandleGapQuery {
  /** By the clock of whoever asks; minutes count once they ended `graceUs` before it. */
  readonly nowUs: number
  readonly graceUs: number
  /**
   * How far back to look where the venue's candles reach further.
   *
   * @default 1440
   */
  readonly minutesMax?: number
}

const MINUTES_MAX = 1440

/**
 * Lists the ended minutes of our own live scopes, as spans in order of time, that neither our
 * trades nor a closed candle of the venue's tell wholly, as far back as its candles can be asked.
 *
 * A venue may have no candle of a minute at all: whoever asks remembers what was asked.
 */
export async function listCandleGaps(
  db: Kysely<Schema>,
  query: CandleGapQuery,
): Promise<CandleGap[]> {
  const { nowUs, graceUs, minutesMax = MINUTES_MAX } = query
  const scopes = await db
    .selectFrom('silver_scopes as s')
    .innerJoin('instruments as i', 'i.instrument_id', 's.instrument_id')
    .select(['i.instrument_id', 'i.venue', 'i.symbol', 's.cause', 's.evidence'])
    .select(['s.from_us', 's.to_us'])
    .where('s.cause', '=', 'live')
    .orderBy('s.from_us')
    .execute()
  const gaps: CandleGap[] = []
  for (const scope of scopes) {
    const venue = findVenue(scope.venue)
    if (venue === null || isRecording(scope)) continue
    const minutes = Math.min(venue.candleRules.restMinutesMax ?? minutesMax, minutesMax)
    const fromUs = Math.max(scope.from_us, nowUs - minutes * MINUTE_US)
    const toUs = Math.min(scope.to_us, nowUs - graceUs - MINUTE_US + 1)
    const spans = await bareSpans(db, scope.instrument_id, { fromUs, toUs }, 'traded too')
    const { venue: id, symbol } = scope
    gaps.push(...spans.map((span) => ({ venue: id, symbol, ...span })))
  }
  return gaps.sort((a, b) => a.fromUs - b.fromUs)
}

/** Returns, joined, the minutes opening in a span that no proof and no closed candle tells of. */
async function bareSpans(
  db: Kysely<Schema>,
  instrumentId: number,
  span: Span,
  want: 'empty' | 'traded too' = 'empty',
): Promise<Span[]> {
  const rows = await db
    .selectFrom('silver_candles_1m as c')
    .select('c.open_time_us')
    .where('c.instrument_id', '=', instrumentId)
    .where('c.open_time_us', '>=', span.fromUs)
    .where('c.open_time_us', '<', span.toUs)
    .where('c.source', '=', 'trades')
    .where('c.complete', '=', 0)
    .where('c.status', 'in', want === 'empty' ? ['unknown'] : ['unknown', 'traded'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('silver_venue_candles as v')
            .select('v.source')
            .whereRef('v.instrument_id', '=', 'c.instrument_id')
            .whereRef('v.open_time_us', '=', 'c.open_time_us')
            .where('v.closed', '=', 1),
        ),
      ),
    )
    .orderBy('c.open_time_us')
    .execute()
  const spans: { fromUs: number; toUs: number }[] = []
  for (const { open_time_us: fromUs } of rows) {
    const last = spans.at(-1)
    if (last?.toUs === fromUs) last.toUs += MINUTE_US
    else spans.push({ fromUs, toUs: fromUs + MINUTE_US })
  }
  return spans
}
