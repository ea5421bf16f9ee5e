import { MINUTE_US } from '../market/bucket.ts'
import type { TradeColumns } from '../market/trade-columns.ts'
import type { WriteTransaction } from '../warehouse/index.ts'
import type { Batch } from './batch.ts'
import type { Coverage } from './coverage.ts'
import type { MinuteFold } from './minute-fold.ts'
import { addToFold, openFold } from './minute-fold.ts'
import type { SilverState, TapeState } from './state.ts'
import { instrumentOf, tapeIdOf, tapeOf, touch } from './state.ts'

/** What merging a batch's trades leaves to do: minutes to merge, and reports of held trades. */
export interface MergedTrades {
  readonly folds: readonly { readonly tape: TapeState; readonly fold: MinuteFold }[]
  /** Rows whose id was held before them, in the order met. */
  readonly repeats: readonly { readonly tape: TapeState; readonly row: number }[]
  readonly accepted: number
  /** Accepted trades that the socket brought after their minute was final. */
  readonly late: number
}

/**
 * Inserts the trades of a batch that are new, and folds them into their minutes.
 *
 * Newness is asked of coverage, in memory: no row is read for a trade that comes in order.
 */
export async function mergeTrades(
  state: SilverState,
  tx: WriteTransaction,
  options: { batch: Batch; text: string; logId: number; finalBeforeUs: number },
): Promise<MergedTrades> {
  const { batch } = options
  const { trades } = batch
  const folds: { tape: TapeState; fold: MinuteFold }[] = []
  const repeats: { tape: TapeState; row: number }[] = []
  const fresh = new Int32Array(trades.count)
  let accepted = 0
  let late = 0
  for (const group of groupByKey(trades, batch.keys.length)) {
    const key = batch.keys[group.key]
    if (key === undefined) continue
    const instrument = await instrumentOf(state, tx, key)
    const tape = tapeOf(state, instrument, await tapeIdOf(state, tx, key.tape))
    const count = claimRows(tape.coverage, trades, {
      rows: group.rows,
      fresh,
      repeat: (row) => repeats.push({ tape, row }),
    })
    const kept = fresh.subarray(0, count)
    await tx.insertTrades({
      columns: trades,
      text: options.text,
      rows: kept,
      from: 0,
      to: count,
      instrumentId: instrument.row.instrument_id,
      tapeId: tape.tapeId,
      logId: options.logId,
    })
    for (const fold of foldRows(trades, kept)) {
      folds.push({ tape, fold })
      touch(instrument, fold.openTimeUs, fold.endUs)
      if (fold.endUs <= options.finalBeforeUs) late += fold.count - fold.otherCount
    }
    accepted += count
  }
  return { folds, repeats, accepted, late }
}

/** Rows of each key, in the order of the batch. */
function groupByKey(
  trades: TradeColumns,
  keys: number,
): { readonly key: number; readonly rows: Int32Array }[] {
  const counts = new Int32Array(keys)
  for (let row = 0; row < trades.count; row += 1) {
    const key = trades.key[row] as number
    counts[key] = (counts[key] as number) + 1
  }
  const groups: { key: number; rows: Int32Array }[] = []
  const places = new Map<number, Int32Array>()
  for (let key = 0; key < keys; key += 1) {
    if (counts[key] === 0) continue
    const rows = new Int32Array(counts[key] as number)
    places.set(key, rows)
    groups.push({ key, rows })
    counts[key] = 0
  }
  let key = -1
  let rows = new Int32Array(0)
  for (let row = 0; row < trades.count; row += 1) {
    const next = trades.key[row] as number
    if (next !== key) {
      key = next
      rows = places.get(key) as Int32Array<ArrayBuffer>
    }
    rows[counts[key] as number] = row
    counts[key] = (counts[key] as number) + 1
  }
  return groups
}

/** Claims each row's ids and writes the rows that were free to `fresh`; returns their count. */
function claimRows(
  coverage: Coverage,
  trades: TradeColumns,
  into: { rows: Int32Array; fresh: Int32Array; repeat: (row: number) => void },
): number {
  const { rows, fresh } = into
  let count = 0
  let runEnd = 0
  for (let at = 0; at < rows.length; ) {
    const row = rows[at] as number
    const firstId = trades.firstId[row] as number
    if (at >= runEnd) runEnd = endOfRun(trades, rows, at)
    const free = freeRows(coverage, trades, rows.subarray(at, runEnd))
    if (free === 0) {
      // Ids of its own that it shares with no other are held from now on, whatever stands.
      coverage.claimVoid(firstId, trades.lastId[row] as number)
      into.repeat(row)
      at += 1
      continue
    }
    const last = rows[at + free - 1] as number
    const firstUs = trades.eventTimeUs[row] as number
    const lastId = trades.lastId[last] as number
    if (free === 1) coverage.claim(firstId, lastId, firstUs)
    else {
      const lastUs = trades.eventTimeUs[last] as number
      coverage.claimRun(firstId, lastId, { first: firstUs, last: lastUs })
    }
    for (let step = 0; step < free; step += 1) fresh[count++] = rows[at + step] as number
    at += free
  }
  return count
}

/** How many rows of a run, from its first on, find all of their ids free. */
function freeRows(coverage: Coverage, trades: TradeColumns, run: Int32Array): number {
  const firstId = trades.firstId[run[0] as number] as number
  let length = run.length
  const wanted = (trades.lastId[run[length - 1] as number] as number) - firstId + 1
  const free = coverage.freeRun(firstId, wanted)
  if (free === wanted) return length
  if (free === 0) return 0
  const lastFree = firstId + free - 1
  while (length > 0 && (trades.lastId[run[length - 1] as number] as number) > lastFree) {
    length -= 1
  }
  return length
}

/** Returns where the rows end that are numbered one after another from `at` on. */
function endOfRun(trades: TradeColumns, rows: Int32Array, at: number): number {
  let previous = rows[at] as number
  let next = at + 1
  for (; next < rows.length; next += 1) {
    const row = rows[next] as number
    if (trades.firstId[row] !== (trades.lastId[previous] as number) + 1) break
    previous = row
  }
  return next
}

/** Folds rows into their minutes; most runs of rows stay in one. */
export function foldRows(trades: TradeColumns, rows: Int32Array): Iterable<MinuteFold> {
  const folds = new Map<number, MinuteFold>()
  let fold: MinuteFold | null = null
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] as number
    const timeUs = trades.eventTimeUs[row] as number
    if (fold === null || timeUs < fold.openTimeUs || timeUs >= fold.endUs) {
      const minute = timeUs - (timeUs % MINUTE_US)
      fold = folds.get(minute) ?? openFold(trades, row)
      folds.set(minute, fold)
    }
    addToFold(fold, trades, row)
  }
  return folds.values()
}
