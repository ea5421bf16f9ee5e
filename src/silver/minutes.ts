import { MINUTE_US } from '../market/bucket.ts'
import type { TradeColumns } from '../market/trade-columns.ts'
import type { MinuteRow, WriteTransaction } from '../warehouse/index.ts'
import { type Grounds, judgeMinutes } from './judge.ts'
import type { MinuteFold } from './minute-fold.ts'
import {
  emptyMinute,
  factsOfFold,
  factsOfTrades,
  type MinuteFacts,
  mergeFacts,
  NO_FACTS,
} from './minute-row.ts'
import { deriveOutages } from './outages.ts'
import type { Refold } from './repeats.ts'
import type { InstrumentState, SilverState, Span, TapeState } from './state.ts'

/** Rows wanted singly rather than by range when a batch is this much sparser than its span. */
const SPARSE = 20

/** Counts rows of minutes that were taken away; gold folds all of its candles anew for them. */
const MINUTES_REMOVED = 'minutes_removed'

/** What a batch does to the minutes of the instruments it touches. */
export interface MinuteWork {
  readonly folds: readonly { readonly tape: TapeState; readonly fold: MinuteFold }[]
  readonly refold: readonly Refold[]
  readonly trades: TradeColumns
  readonly text: string
  /** A change to a minute that ended before this is a revision of something final. */
  readonly finalBeforeUs: number
  /** `later` leaves judging to the end of a rebuild. */
  readonly judge: 'now' | 'later'
}

/**
 * Merges folds into stored minutes, folds replaced ones anew, judges, and stores what changed;
 * then looks for outages in what that came to, and judges their minutes once more.
 */
export async function storeMinutes(
  state: SilverState,
  tx: WriteTransaction,
  work: MinuteWork,
): Promise<void> {
  const spans = await storeTouched(state, tx, work)
  if (work.judge === 'now' && (await deriveOutages(state, tx, [...spans, ...state.suspects]))) {
    await storeTouched(state, tx, { ...work, folds: [], refold: [] })
  }
  state.suspects.length = 0
}

/** Does what there is to do to each instrument's minutes; returns the spans that were judged. */
async function storeTouched(
  state: SilverState,
  tx: WriteTransaction,
  work: MinuteWork,
): Promise<Span[]> {
  const touched = new Map<InstrumentState, Set<number>>()
  const want = (tape: TapeState, minute: number) => {
    const minutes = touched.get(tape.instrument) ?? new Set()
    touched.set(tape.instrument, minutes.add(minute))
  }
  for (const { tape, fold } of work.folds) want(tape, fold.openTimeUs)
  for (const { tape, minute } of work.refold) want(tape, minute)
  const judged: Span[] = []
  for (const instrument of state.instruments.values()) {
    const minutes = touched.get(instrument) ?? new Set<number>()
    const isDirty = work.judge === 'now' && instrument.dirtyToUs > instrument.dirtyFromUs
    if (minutes.size === 0 && !isDirty) continue
    const span = dirtySpan(instrument)
    const stored = await loadMinutes(tx, instrument, isDirty ? span : minutes)
    const rows = new Map(stored)
    mergeFolds(rows, instrument, work)
    await refoldMinutes(rows, tx, { instrument, work, state })
    if (isDirty) {
      await judge(rows, state, { tx, instrument, span })
      judged.push(span)
    }
    await storeRows(stored, rows, { state, tx, instrument, work })
    if (work.judge === 'now') settleDirt(instrument)
  }
  return judged
}

/** Judges every minute of every instrument, as a rebuild does once at its end. */
export async function judgeEverything(state: SilverState, tx: WriteTransaction): Promise<void> {
  const span = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER }
  await deriveOutages(state, tx, [span])
  for (const instrument of state.instruments.values()) {
    const stored = await loadMinutes(tx, instrument, span)
    const rows = new Map(stored)
    await judge(rows, state, { tx, instrument, span })
    await storeRows(stored, rows, { state, tx, instrument, work: { finalBeforeUs: 0 } })
    settleDirt(instrument)
  }
}

function settleDirt(instrument: InstrumentState): void {
  instrument.dirtyFromUs = Number.POSITIVE_INFINITY
  instrument.dirtyToUs = Number.NEGATIVE_INFINITY
}

function dirtySpan(instrument: InstrumentState): Span {
  const from = instrument.dirtyFromUs
  return { fromUs: from - (from % MINUTE_US), toUs: instrument.dirtyToUs }
}

async function loadMinutes(
  tx: WriteTransaction,
  instrument: InstrumentState,
  wanted: Span | ReadonlySet<number>,
): Promise<Map<number, MinuteRow>> {
  const id = instrument.row.instrument_id
  if ('fromUs' in wanted) return byMinute(await tx.findMinutes(id, wanted.fromUs, wanted.toUs))
  const minutes = [...wanted].sort((a, b) => a - b)
  const first = minutes[0] ?? 0
  const last = minutes.at(-1) ?? 0
  if ((last - first) / MINUTE_US <= minutes.length * SPARSE) {
    return byMinute(await tx.findMinutes(id, first, last + MINUTE_US))
  }
  const rows: MinuteRow[] = []
  for (const minute of minutes) rows.push(...(await tx.findMinutes(id, minute, minute + 1)))
  return byMinute(rows)
}

function byMinute(rows: readonly MinuteRow[]): Map<number, MinuteRow> {
  return new Map(rows.map((row) => [row.open_time_us, row]))
}

function mergeFolds(
  rows: Map<number, MinuteRow>,
  instrument: InstrumentState,
  work: MinuteWork,
): void {
  for (const { tape, fold } of work.folds) {
    if (tape.instrument !== instrument) continue
    const minute = fold.openTimeUs
    const row = rows.get(minute) ?? emptyMinute(instrument.row.instrument_id, minute)
    const facts = factsOfFold(fold, work.trades, work.text)
    if (row.trade_count === 0 || row.tape_id === tape.tapeId) {
      rows.set(minute, { ...row, ...mergeFacts(row, facts), tape_id: tape.tapeId })
    } else if (outranks(tape, instrument, row.tape_id)) {
      // No trade of the better tape was here before, or the row would be its already.
      rows.set(minute, { ...row, ...facts, tape_id: tape.tapeId })
    }
  }
}

/** A minute folds the venue's own tape where that holds a trade, else the one of least hash. */
function outranks(tape: TapeState, instrument: InstrumentState, heldTapeId: number): boolean {
  if (heldTapeId === 0) return false
  if (tape.tapeId === 0) return true
  return tape.hash < (instrument.tapes.get(heldTapeId)?.hash ?? '')
}

async function refoldMinutes(
  rows: Map<number, MinuteRow>,
  tx: WriteTransaction,
  at: { instrument: InstrumentState; work: MinuteWork; state: SilverState },
): Promise<void> {
  const ids = new Map<number, { least: number; greatest: number }>()
  for (const { tape, minute, tradeId } of at.work.refold) {
    if (tape.instrument !== at.instrument) continue
    const row = rows.get(minute)
    const span = ids.get(minute) ?? {
      least: row?.min_id ?? tradeId,
      greatest: row?.max_id ?? tradeId,
    }
    ids.set(minute, {
      least: Math.min(span.least, tradeId),
      greatest: Math.max(span.greatest, tradeId),
    })
  }
  for (const [minute, span] of ids) {
    const row = rows.get(minute) ?? emptyMinute(at.instrument.row.instrument_id, minute)
    const { facts, tapeId } = await refoldMinute(tx, { ...at, minute, span, row })
    rows.set(minute, { ...row, ...facts, tape_id: tapeId })
  }
}

/** Folds the minute from the best tape that still holds a trade in it. */
async function refoldMinute(
  tx: WriteTransaction,
  at: {
    instrument: InstrumentState
    minute: number
    span: { least: number; greatest: number }
    row: MinuteRow
  },
): Promise<{ facts: MinuteFacts; tapeId: number }> {
  const tapes = [...at.instrument.tapes.values()].sort((a, b) => {
    if (a.tapeId === 0 || b.tapeId === 0) return a.tapeId - b.tapeId
    return a.hash < b.hash ? -1 : 1
  })
  for (const tape of tapes) {
    // Ids of the tape folded here are bounded; another tape's may lie anywhere.
    const bounded = tape.tapeId === at.row.tape_id
    const trades = await tx.findTradesOfMinute({
      instrumentId: at.instrument.row.instrument_id,
      tapeId: tape.tapeId,
      fromUs: at.minute,
      toUs: at.minute + MINUTE_US,
      leastId: bounded ? at.span.least : 0,
      greatestId: bounded ? at.span.greatest : Number.MAX_SAFE_INTEGER,
    })
    if (trades.length > 0) return { facts: factsOfTrades(trades), tapeId: tape.tapeId }
  }
  return { facts: NO_FACTS, tapeId: 0 }
}

async function judge(
  rows: Map<number, MinuteRow>,
  state: SilverState,
  at: { tx: WriteTransaction; instrument: InstrumentState; span: Span },
): Promise<void> {
  const { instrument, span } = at
  const witnessed = instrument.hasVenueCandles
    ? await at.tx.findCandleCounts(instrument.row.instrument_id, span.fromUs, span.toUs)
    : new Map<number, number>()
  const expiredBeforeUs = state.cutoffs.candles
  const grounds: Grounds = { instrument, outages: state.outages, witnessed, expiredBeforeUs }
  judgeMinutes(rows, grounds, span)
}

/** Stores the rows that changed, and removes those that judging took away. */
async function storeRows(
  stored: ReadonlyMap<number, MinuteRow>,
  rows: ReadonlyMap<number, MinuteRow>,
  at: {
    state: SilverState
    tx: WriteTransaction
    instrument: InstrumentState
    work: Pick<MinuteWork, 'finalBeforeUs'>
  },
): Promise<void> {
  const { state, tx, instrument } = at
  const changed = changedRows(stored, rows, at)
  await tx.upsert('silver_candles_1m', changed)
  for (const { instrument_id, open_time_us, trade_count } of changed) {
    const isTraded = trade_count > 0
    const wasTraded = (stored.get(open_time_us)?.trade_count ?? 0) > 0
    if (isTraded !== wasTraded) state.activity.note(instrument_id, open_time_us, isTraded)
  }
  const gone = [...stored.keys()].filter((minute) => !rows.has(minute))
  if (gone.length === 0) return
  const { instrument_id } = instrument.row
  const keys = gone.map((open_time_us) => ({ instrument_id, open_time_us }))
  await tx.remove('silver_candles_1m', keys)
  // Readers of changes see no row of theirs: this total tells them that some are gone.
  await tx.count({ [MINUTES_REMOVED]: gone.length })
}

/** Rows that differ from what is stored, with the commit's number and their revision. */
function changedRows(
  stored: ReadonlyMap<number, MinuteRow>,
  rows: ReadonlyMap<number, MinuteRow>,
  at: { tx: WriteTransaction; work: Pick<MinuteWork, 'finalBeforeUs'> },
): MinuteRow[] {
  const changed: MinuteRow[] = []
  for (const [minute, row] of rows) {
    const before = stored.get(minute)
    if (before !== undefined && isSame(before, row)) continue
    const wasFinal = before !== undefined && minute + MINUTE_US <= at.work.finalBeforeUs
    const revision = wasFinal ? before.revision + 1 : (before?.revision ?? 0)
    changed.push({ ...row, revision, change_seq: at.tx.changeSeq })
  }
  return changed
}

function isSame(a: MinuteRow, b: MinuteRow): boolean {
  for (const name of Object.keys(b) as (keyof MinuteRow)[]) if (a[name] !== b[name]) return false
  return true
}
