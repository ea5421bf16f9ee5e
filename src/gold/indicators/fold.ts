import type { Kysely } from 'kysely'
import { INTERVALS, type IntervalName } from '../../market/bucket.ts'
import type { Schema } from '../../warehouse/index.ts'
import { type NamedInstrument, namedInstruments } from '../instruments.ts'
import { candleRows, fingerprintOf, instrumentsWith } from '../ranges.ts'
import type { GoldOptions, GoldOutcome, GoldRun } from '../run.ts'
import { type IndicatorSpan, indicatorRows, readCandles } from './inputs.ts'
import { lookBack } from './look-back.ts'
import { createSeriesWriter, type Series } from './store.ts'
import {
  createIndicatorStream,
  type IndicatorCandle,
  type IndicatorValues,
  type StreamOptions,
} from './stream.ts'

/**
 * Folds the indicators of every candle that opens in `[fromUs, toUs)`: minutes by their
 * precedence, larger ones as gold folded them.
 *
 * A function of those candles and their {@link lookBack}, whatever was stored before. Idempotent;
 * safe to stop anywhere. Rows whose candle is gone, or has no price any more, are removed.
 */
export async function foldIndicators(
  run: GoldRun,
  span: IndicatorSpan,
  options: GoldOptions = {},
): Promise<GoldOutcome> {
  const writer = createSeriesWriter(run, options)
  for (const instrument of await run.read((db) => listTraded(db, span, options))) {
    await writer.add(await run.read((db) => foldInstrument(db, instrument, span)))
  }
  return writer.finish()
}

/** Returns the instruments that have candles in a span to be computed from, or rows to lose. */
async function listTraded(
  db: Kysely<Schema>,
  span: IndicatorSpan,
  options: GoldOptions,
): Promise<NamedInstrument[]> {
  const { intervals } = span
  const concerned = intervals.flatMap((interval) => [
    ...candleRows(interval),
    indicatorRows(interval),
  ])
  const ids = await instrumentsWith(db, concerned, span)
  return (await namedInstruments(db, ids, options)).filter(({ kind }) => kind !== 'coin')
}

async function foldInstrument(
  db: Kysely<Schema>,
  instrument: NamedInstrument,
  { intervals, fromUs, toUs }: IndicatorSpan,
): Promise<Series[]> {
  const all: Series[] = []
  for (const interval of inOrder(intervals)) {
    const candles = await readCandles(db, instrument.id, { interval, fromUs, toUs })
    const rows = valuesOf(candles, { interval, fromUs })
    all.push({ instrument, interval, fromUs, toUs, rows })
  }
  return all
}

/** Returns the values of the candles that open from a time on; those before only warm up. */
export function valuesOf(
  candles: readonly IndicatorCandle[],
  at: { readonly interval: IntervalName; readonly fromUs: number } & StreamOptions,
): IndicatorValues[] {
  const stream = createIndicatorStream(at.interval, at)
  const rows: IndicatorValues[] = []
  for (const candle of candles) {
    if (candle.openTimeUs < at.fromUs) {
      stream.skip(candle)
      continue
    }
    const values = stream.push(candle)
    if (values !== null) rows.push(values)
  }
  return rows
}

/**
 * Returns a text that changes whenever a candle that {@link foldIndicators} looks at does, also
 * when one is gone.
 *
 * Of minutes it looks at both tables that the view reads, not through it: that is quicker, and
 * tells of changes that the view would not show as well.
 */
export async function fingerprintIndicators(
  db: Kysely<Schema>,
  { intervals, fromUs, toUs }: IndicatorSpan,
): Promise<string> {
  const parts: string[] = []
  for (const interval of inOrder(intervals)) {
    for (const span of lookBack(interval, fromUs, toUs)) {
      parts.push(await fingerprintOf(db, candleRows(interval), span))
    }
  }
  return parts.join(' ')
}

/** Shortest first, each once: the order of a version, however they were asked for. */
function inOrder(intervals: readonly IntervalName[]): IntervalName[] {
  return [...new Set(intervals)].sort((a, b) => INTERVALS[a] - INTERVALS[b])
}
