import type { Kysely } from 'kysely'
import { assert } from '../core/assert.ts'
import { INTERVALS } from '../market/bucket.ts'
import type { GoldCandleRow, Schema } from '../warehouse/index.ts'
import { foldBuckets, type GoldInterval, intervalBelow } from './fold-buckets.ts'
import { type NamedInstrument, namedInstruments } from './instruments.ts'
import { candleRows, fingerprintOf, instrumentsWith } from './ranges.ts'
import type { GoldOptions, GoldOutcome, GoldRun, GoldSpan } from './run.ts'
import { Version } from './version.ts'

/** Parts folded in one transaction at most: some ten milliseconds. */
const PARTS_PER_COMMIT = 1500

/** Longest stretch of one instrument that is read at once. */
const PIECE_US = INTERVALS['1d']

/** Which candles are wanted. */
export interface CandleSpan extends GoldSpan {
  readonly interval: GoldInterval
}

/**
 * Folds one interval over a span, of whole buckets, from the interval below it.
 *
 * Writes the rows that differ and removes those without parts, a few milliseconds a commit; the
 * result is what `followCandles` makes of the same parts. Safe to stop anywhere.
 */
export async function foldSpan(
  run: GoldRun,
  span: CandleSpan,
  options: GoldOptions = {},
): Promise<GoldOutcome> {
  const { interval } = span
  const widthUs = INTERVALS[interval]
  assert(span.fromUs % widthUs === 0 && span.toUs % widthUs === 0, 'a span is of whole buckets')
  const concerned = [...candleRows(intervalBelow(interval)), ...candleRows(interval)]
  const instruments = await run.read(async (db) =>
    namedInstruments(db, await instrumentsWith(db, concerned, span), options),
  )
  const version = new Version()
  const rowsOf = new Map<NamedInstrument, number>()
  for (const pieces of turnsOf(instruments, span)) {
    run.signal?.throwIfAborted()
    await run.write(async (tx) => {
      for (const { instrument, fromUs, toUs } of pieces) {
        const at = { instrumentId: instrument.id, interval, fromUs, toUs, only: null }
        const { rows } = await foldBuckets(tx, at)
        for (const row of rows) version.add(lineOf(instrument, row))
        rowsOf.set(instrument, (rowsOf.get(instrument) ?? 0) + rows.length)
      }
    })
  }
  for (const [{ name }, rows] of rowsOf) options.onItem?.(name, rows)
  return version.outcome()
}

/** Changes with the parts that the candles of a span are folded from. */
export function candlesFingerprint(db: Kysely<Schema>, span: CandleSpan): Promise<string> {
  return fingerprintOf(db, candleRows(intervalBelow(span.interval)), span)
}

/** A stretch of one instrument. */
interface Piece extends GoldSpan {
  readonly instrument: NamedInstrument
}

/** Cuts a span into what one commit folds each; instrument by instrument, in order of time. */
function* turnsOf(
  instruments: readonly NamedInstrument[],
  { interval, fromUs, toUs }: CandleSpan,
): Generator<readonly Piece[]> {
  const partUs = INTERVALS[intervalBelow(interval)]
  let turn: Piece[] = []
  let parts = 0
  for (const instrument of instruments) {
    for (let at = fromUs; at < toUs; at += PIECE_US) {
      const end = Math.min(at + PIECE_US, toUs)
      const more = (end - at) / partUs
      if (turn.length > 0 && parts + more > PARTS_PER_COMMIT) {
        yield turn
        turn = []
        parts = 0
      }
      turn.push({ instrument, fromUs: at, toUs: end })
      parts += more
    }
  }
  if (turn.length > 0) yield turn
}

function lineOf({ name }: NamedInstrument, row: GoldCandleRow): (string | number | null)[] {
  return [
    ...[name, row.interval_us, row.open_time_us, row.open, row.high, row.low, row.close],
    ...[row.volume, row.notional, row.taker_buy_volume, row.trade_count, row.status],
    ...[row.complete, row.repaired, row.minutes_traded, row.minutes_known],
  ]
}
