import type { Kysely } from 'kysely'
import { bucketStart, MINUTE_US } from '../market/bucket.ts'
import type { Instrument } from '../market/instrument.ts'
import type { Origin } from '../market/record.ts'
import { ORIGINS } from '../market/record.ts'
import { isOfCandles } from '../silver/scope-evidence.ts'
import { findVenue } from '../venues/index.ts'
import type { MinuteRow, Schema, VenueCandleRow, Warehouse } from '../warehouse/index.ts'
import { compareWithOurs, type FieldDifference } from './compare-candles.ts'
import { logTimeUs } from './hour-trades.ts'
import { type DifferenceLabel, labelOf, type Scale, sameCandle } from './label.ts'

const DAY_US = 86_400_000_000

/** Which of a venue's candles was compared: of its socket, of REST, or of an imported file. */
export type CandleSource = Exclude<Origin, 'self'>

/** One minute in which a venue's candle is not ours. */
export interface Difference {
  readonly openTimeUs: number
  readonly source: CandleSource
  readonly label: DifferenceLabel
  readonly fields: readonly FieldDifference[]
}

/** How one source of candles compares over a span. */
export interface SourceTally {
  /** Minutes that both have something to say of. */
  compared: number
  equal: number
  /** Of the equal ones, those in which nothing was traded, by both. */
  empty: number
  differing: number
}

/** Minutes that we, the venue's socket and its REST all tell, by who agrees with whom. */
export interface ThreeWay {
  all_equal: number
  ours_apart: number
  ws_apart: number
  rest_apart: number
  all_apart: number
}

/** What reconciling one instrument came to. */
export interface Reconciliation {
  readonly sources: Readonly<Record<CandleSource, SourceTally>>
  readonly labels: Readonly<Record<DifferenceLabel, number>>
  readonly threeWay: Readonly<ThreeWay>
}

/** What to reconcile, and who is told of each difference, in order of time by day. */
export interface ReconcileOptions {
  readonly instrument: Instrument
  readonly fromUs: number
  readonly toUs: number
  /** How long after its end a minute waits for late trades; later minutes are left out. */
  readonly graceUs: number
  readonly onDifference: (difference: Difference) => void
}

/**
 * Compares our one-minute candles, folded from trades, with the venue's own, field by field in
 * exact decimals, by the venue's rules for empty minutes and cut averages; each difference gets
 * a label.
 *
 * Compared are minutes for whose trades we answer, and closed candles: where only candles were
 * imported there is nothing of ours to compare. A day is held in memory at a time.
 */
export async function reconcile(
  warehouse: Warehouse,
  options: ReconcileOptions,
): Promise<Reconciliation> {
  const result = emptyResult()
  const { instrumentId } = options.instrument
  const about = await warehouse.read((db) => readBounds(db, options))
  if (about === null) return result
  for (let dayUs = about.fromUs; dayUs < about.toUs; dayUs += DAY_US) {
    const span = { fromUs: dayUs, toUs: Math.min(about.toUs, dayUs + DAY_US) }
    const day = await warehouse.read((db) => readDay(db, instrumentId, span))
    const isAnswered = ({ open_time_us: atUs }: Timed) =>
      about.scopes.some(({ from_us, to_us }) => from_us <= atUs && atUs < to_us)
    const ours = day.ours.filter(isAnswered)
    // That nothing was traded can be agreed upon beside a scope too.
    const theirs = day.theirs.filter((row) => isAnswered(row) || row.volume === '0')
    for (const minute of minutesOf(ours, theirs)) reconcileMinute(minute, options, result)
    for (const source of ['rest', 'import'] as const) {
      if (omitsEmptyMinutes(options.instrument, source)) {
        reconcileOmitted({ ours, theirs, source }, options, result)
      }
    }
  }
  return result
}

type Timed = Pick<MinuteRow, 'open_time_us'>

/** One minute as everybody tells it. */
interface Minute {
  readonly openTimeUs: number
  readonly ours: MinuteRow | undefined
  readonly theirs: readonly VenueCandleRow[]
}

interface Result extends Reconciliation {
  readonly labels: Record<DifferenceLabel, number>
  readonly threeWay: ThreeWay
}

function reconcileMinute(minute: Minute, options: ReconcileOptions, result: Result): void {
  const { openTimeUs, ours, theirs } = minute
  const scale = scaleOf(options.instrument)
  const equal = new Set<CandleSource>()
  for (const row of theirs) {
    const source = sourceOf(row)
    const tally = result.sources[source]
    tally.compared += 1
    const fields = compareWithOurs(ours, row, scale)
    if (fields.length === 0) {
      equal.add(source)
      tally.equal += 1
      if ((ours?.trade_count ?? 0) === 0) tally.empty += 1
      continue
    }
    tally.differing += 1
    const label = labelOf(minute, row, scale)
    result.labels[label] += 1
    options.onDifference({ openTimeUs, source, label, fields })
  }
  const [ws, rest] = [findSource(theirs, 'ws'), findSource(theirs, 'rest')]
  if (ws === undefined || rest === undefined) return
  result.threeWay[agreementOf(equal, sameCandle(ws, rest))] += 1
}

function agreementOf(equal: ReadonlySet<CandleSource>, areSame: boolean): keyof ThreeWay {
  if (equal.has('ws')) return equal.has('rest') ? 'all_equal' : 'rest_apart'
  if (equal.has('rest')) return 'ws_apart'
  return areSame ? 'ours_apart' : 'all_apart'
}

/**
 * Compares the minutes that a source leaves out between two of its candles, its way of saying
 * that nothing was traded. Where several in a row are left out and we hold trades in them, they
 * were more likely never asked for: then they are not compared.
 */
function reconcileOmitted(
  day: Day & { readonly source: CandleSource },
  options: ReconcileOptions,
  result: Result,
): void {
  const { source } = day
  const own = new Map(day.ours.map((row) => [row.open_time_us, row]))
  const told = day.theirs
    .filter((row) => sourceOf(row) === source)
    .map((row) => row.open_time_us)
    .sort((a, b) => a - b)
  const tally = result.sources[source]
  for (const [at, openTimeUs] of told.entries()) {
    const untilUs = told[at + 1] ?? openTimeUs
    const omitted: MinuteRow[] = []
    for (let atUs = openTimeUs + MINUTE_US; atUs < untilUs; atUs += MINUTE_US) {
      const row = own.get(atUs)
      if (row !== undefined && (row.trade_count > 0 || row.status !== 'unknown')) omitted.push(row)
    }
    const traded = omitted.filter((row) => row.trade_count > 0)
    if (traded.length === 0) {
      tally.compared += omitted.length
      tally.equal += omitted.length
      tally.empty += omitted.length
    } else if (untilUs - openTimeUs === 2 * MINUTE_US) {
      tally.compared += 1
      tally.differing += 1
      const label = 'venue_inconsistent'
      result.labels[label] += 1
      const fields = [{ field: 'status' as const, ours: 'traded', theirs: 'omitted' }]
      options.onDifference({ openTimeUs: openTimeUs + MINUTE_US, source, label, fields })
    }
  }
}

/** A file leaves out what it likes; of REST the venue's rules tell. */
function omitsEmptyMinutes({ venue }: Instrument, source: 'rest' | 'import'): boolean {
  return source === 'import' || findVenue(venue)?.candleRules.emptyMinutes.rest !== 'flat'
}

function scaleOf({ venue, priceStep }: Instrument): Scale {
  return { priceStep, rules: findVenue(venue)?.candleRules ?? null }
}

function sourceOf(row: VenueCandleRow): CandleSource {
  return ORIGINS[row.source] as CandleSource
}

function findSource(rows: readonly VenueCandleRow[], source: CandleSource) {
  return rows.find((row) => sourceOf(row) === source)
}

/** The minutes worth a look, and the scopes that answer for trades; `null` without any. */
async function readBounds(db: Kysely<Schema>, options: ReconcileOptions) {
  const { instrument, fromUs, graceUs } = options
  const overUs = (await logTimeUs(db)) - graceUs
  const toUs = Math.min(options.toUs, bucketStart(Math.max(0, overUs), MINUTE_US))
  const scopes = await db
    .selectFrom('silver_scopes')
    .select(['from_us', 'to_us', 'evidence'])
    .where('instrument_id', '=', instrument.instrumentId)
    .execute()
  const edges = await db
    .selectFrom('silver_venue_candles')
    .select(({ fn }) => [fn.min('open_time_us').as('first'), fn.max('open_time_us').as('last')])
    .where('instrument_id', '=', instrument.instrumentId)
    .where('open_time_us', '>=', fromUs)
    .where('open_time_us', '<', toUs)
    .executeTakeFirst()
  const ofTrades = scopes.filter((scope) => !isOfCandles(scope))
  if (ofTrades.length === 0 || !edges || edges.first === null || edges.last === null) return null
  return { fromUs: edges.first, toUs: edges.last + MINUTE_US, scopes: ofTrades }
}

interface Day {
  readonly ours: readonly MinuteRow[]
  readonly theirs: readonly VenueCandleRow[]
}

async function readDay(
  db: Kysely<Schema>,
  instrumentId: number,
  span: { readonly fromUs: number; readonly toUs: number },
): Promise<Day> {
  const ours = await db
    .selectFrom('silver_candles_1m')
    .selectAll()
    .where('instrument_id', '=', instrumentId)
    .where('source', '=', 'trades')
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .execute()
  const theirs = await db
    .selectFrom('silver_venue_candles')
    .selectAll()
    .where('instrument_id', '=', instrumentId)
    .where('closed', '=', 1)
    .where('open_time_us', '>=', span.fromUs)
    .where('open_time_us', '<', span.toUs)
    .execute()
  return { ours, theirs }
}

/** Minutes that a venue candle tells of, in order; ours beside them where there is one. */
function minutesOf(ours: readonly MinuteRow[], theirs: readonly VenueCandleRow[]): Minute[] {
  const own = new Map(ours.map((row) => [row.open_time_us, row]))
  const groups = Map.groupBy(theirs, (row) => row.open_time_us)
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([openTimeUs, rows]) => ({ openTimeUs, ours: own.get(openTimeUs), theirs: rows }))
}

function emptyResult(): Result {
  const tally = (): SourceTally => ({ compared: 0, equal: 0, empty: 0, differing: 0 })
  return {
    sources: { ws: tally(), rest: tally(), import: tally() },
    labels: { missed_trades: 0, venue_revised: 0, venue_inconsistent: 0, ours: 0 },
    threeWay: { all_equal: 0, ours_apart: 0, ws_apart: 0, rest_apart: 0, all_apart: 0 },
  }
}
