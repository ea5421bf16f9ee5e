import { compareDecimal, type Decimal, parseDecimal } from '../market/decimal.ts'
import type { TradeColumns } from '../market/trade-columns.ts'
import type { QuarantineRow, RivalRow, TradeRow, WriteTransaction } from '../warehouse/index.ts'
import type { Batch } from './batch.ts'
import { minuteOf } from './minute-row.ts'
import { displaces, holds, overlap, type Range, rangeOf } from './ranges.ts'
import type { TapeState } from './state.ts'
import { touch } from './state.ts'

/** Two reports of one trade may differ by this much in time before they disagree. */
const TIME_TOLERANCE_US = 1000

/** A venue may gather an aggregate for a while; its trades lie within this of its time. */
const GATHER_US_MAX = 1_000_000

/** Index in SIDES of a taker whose side is not told. */
const UNKNOWN_SIDE = 2

/** A minute to fold anew from its stored trades, `tradeId` among them. */
export interface Refold {
  readonly tape: TapeState
  readonly minute: number
  readonly tradeId: number
}

/** What settling reports of trades already held came to. */
export interface Settled {
  /** Reports that changed nothing, were no better than the standing one, or stand no more. */
  readonly duplicates: number
  /** Reports of trades that were deleted on purpose: nothing is left to compare them with. */
  readonly expired: number
  /** Trades stored less those that stand no more: below zero where an aggregate replaced some. */
  readonly accepted: number
  /** Minutes whose standing trades changed, to be folded anew. */
  readonly refold: readonly Refold[]
  readonly conflicts: readonly QuarantineRow[]
}

/** What settling has come to so far, and what it is done with. */
interface Work {
  readonly tx: WriteTransaction
  readonly refold: Refold[]
  readonly conflicts: QuarantineRow[]
  duplicates: number
  expired: number
  accepted: number
}

/** A report of ids some of which were held before it. */
interface Report {
  readonly tape: TapeState
  readonly trade: TradeRow
  readonly dialect: string
}

/**
 * Settles each report of ids held before against what stands: of reports of the same ids the
 * least by (ws < rest < import, canonical text), whatever order they came in; of reports that
 * share ids but are not of the same ones the longer, which an aggregate is beside its trades.
 * Facts that differ are a conflict, and so are ranges of which neither holds the other.
 */
export async function settleRepeats(
  tx: WriteTransaction,
  options: {
    batch: Batch
    text: string
    logId: number
    repeats: readonly { readonly tape: TapeState; readonly row: number }[]
    /** Trades before it were deleted, and are not brought back. */
    expiredBeforeUs: number
  },
): Promise<Settled> {
  const { batch, text, logId } = options
  const work: Work = { tx, refold: [], conflicts: [], duplicates: 0, expired: 0, accepted: 0 }
  for (const { tape, row } of options.repeats) {
    if ((batch.trades.eventTimeUs[row] as number) < options.expiredBeforeUs) {
      work.expired += 1
      continue
    }
    const trade = tradeRowAt(batch.trades, row, { tape, text, logId })
    const report = { tape, trade, dialect: venueAt(batch, row) }
    const held = await tx.findTrade(trade.instrument_id, trade.tape_id, trade.trade_id)
    if (held !== undefined && held.last_id === trade.last_id) await settleSame(work, report, held)
    else await settleRange(work, report)
  }
  for (const { tape, minute } of work.refold) touch(tape.instrument, minute, minute + 1)
  return work
}

/** Settles a report of the very ids that a standing one has. */
async function settleSame(work: Work, report: Report, held: TradeRow): Promise<void> {
  const { tape, trade } = report
  work.duplicates += 1
  if (disagree(held, trade)) work.conflicts.push(conflictOf(held, report))
  if (!standsBefore(trade, held)) return
  await work.tx.upsert('silver_trades', [trade])
  if (trade.event_time_us !== held.event_time_us) tape.coverage.retime(trade.trade_id)
  work.refold.push(refoldOf(tape, held), refoldOf(tape, trade))
}

/**
 * Settles a report of ids that other ranges share, or that were held by a verdict alone.
 *
 * A range stands unless some reported one displaces it. What a longer one holds whole may be
 * forgotten, since that displaces whatever the shorter one would; what is displaced without
 * being held goes on displacing, and is remembered as a rival.
 */
async function settleRange(work: Work, report: Report): Promise<void> {
  const { tape, trade } = report
  const range = rangeOf(trade)
  const { instrument_id: instrumentId, tape_id: tapeId } = trade
  const near = await work.tx.findTradesOver({ instrumentId, tapeId, ...range })
  const rivals = tape.rivals.filter((rival) => overlap(rival, range))
  const others = [...near.map(rangeOf), ...rivals]
  for (const held of near) {
    if (contradict(held, trade)) work.conflicts.push(conflictOf(held, report))
    if (displaces(range, rangeOf(held))) await displace(work, report, held)
  }
  const held = others.some((other) => holds(other, range))
  if (!held)
    await forgetRivals(
      work,
      tape,
      rivals.filter((rival) => holds(range, rival)),
    )
  if (others.some((other) => displaces(other, range))) {
    work.duplicates += 1
    if (!held) await remember(work, tape, range)
    return
  }
  work.accepted += 1
  await work.tx.upsert('silver_trades', [trade])
  tape.coverage.retime(trade.trade_id)
  work.refold.push(refoldOf(tape, trade))
}

/** Takes a standing trade away for a longer report; a rival remains unless that holds it whole. */
async function displace(work: Work, { tape, trade }: Report, held: TradeRow): Promise<void> {
  work.accepted -= 1
  work.duplicates += 1
  await work.tx.remove('silver_trades', [held])
  tape.coverage.retime(held.trade_id)
  work.refold.push(refoldOf(tape, held))
  if (!holds(rangeOf(trade), rangeOf(held))) await remember(work, tape, rangeOf(held))
}

async function remember(work: Work, tape: TapeState, range: Range): Promise<void> {
  tape.rivals.push(range)
  await work.tx.upsert('silver_rivals', [rivalRow(tape, range)])
}

async function forgetRivals(work: Work, tape: TapeState, gone: readonly Range[]): Promise<void> {
  for (const rival of gone) tape.rivals.splice(tape.rivals.indexOf(rival), 1)
  await work.tx.remove(
    'silver_rivals',
    gone.map((rival) => rivalRow(tape, rival)),
  )
}

function rivalRow(tape: TapeState, { firstId, lastId }: Range): RivalRow {
  const { instrument_id } = tape.instrument.row
  return { instrument_id, tape_id: tape.tapeId, first_id: firstId, last_id: lastId }
}

function refoldOf(tape: TapeState, trade: TradeRow): Refold {
  return { tape, minute: minuteOf(trade.event_time_us), tradeId: trade.trade_id }
}

/** Builds the row a report would be stored as. */
function tradeRowAt(
  trades: TradeColumns,
  row: number,
  options: { tape: TapeState; text: string; logId: number },
): TradeRow {
  const { tape, text } = options
  const tradeId = trades.tradeId[row] as number
  const firstId = trades.firstId[row] as number
  const lastId = trades.lastId[row] as number
  const priceEnd = trades.priceEnd[row] as number
  return {
    instrument_id: tape.instrument.row.instrument_id,
    tape_id: tape.tapeId,
    trade_id: tradeId,
    first_id: firstId === tradeId ? null : firstId,
    last_id: lastId === tradeId ? null : lastId,
    event_time_us: trades.eventTimeUs[row] as number,
    price: text.substring(trades.priceStart[row] as number, priceEnd),
    size: text.substring(priceEnd, trades.sizeEnd[row]),
    side: trades.side[row] as number,
    trade_count: trades.tradeCount[row] as number,
    origin: trades.origin[row] as number,
    received_time_us: trades.receivedTimeUs[row] as number,
    log_id: options.logId,
    pos: trades.pos[row] as number,
    item: trades.item[row] as number,
  }
}

function venueAt(batch: Batch, row: number): string {
  return batch.keys[batch.trades.key[row] as number]?.venue ?? ''
}

function disagree(a: TradeRow, b: TradeRow): boolean {
  return (
    a.price !== b.price ||
    a.size !== b.size ||
    a.side !== b.side ||
    Math.abs(a.event_time_us - b.event_time_us) >= TIME_TOLERANCE_US
  )
}

/** Whether ranges that share ids cannot both be true: one must hold the other, and agree. */
function contradict(held: TradeRow, report: TradeRow): boolean {
  const [a, b] = [rangeOf(held), rangeOf(report)]
  if (!holds(a, b) && !holds(b, a)) return true
  const [whole, part] = holds(a, b) ? [held, report] : [report, held]
  const sides = [whole.side, part.side]
  return (
    whole.price !== part.price ||
    (whole.side !== part.side && !sides.includes(UNKNOWN_SIDE)) ||
    compareDecimal(exact(part.size), exact(whole.size)) > 0 ||
    Math.abs(whole.event_time_us - part.event_time_us) >= GATHER_US_MAX
  )
}

function exact(text: string): Decimal {
  return parseDecimal(text) as Decimal
}

/** Whether `a` is the lesser by (origin, canonical text), and so is the one to stand. */
function standsBefore(a: TradeRow, b: TradeRow): boolean {
  if (a.origin !== b.origin) return a.origin < b.origin
  return canonicalText(a) < canonicalText(b)
}

function canonicalText(trade: TradeRow): string {
  const { event_time_us, price, size, side, first_id, last_id, trade_count } = trade
  return JSON.stringify([event_time_us, price, size, side, first_id, last_id, trade_count])
}

function conflictOf(held: TradeRow, { trade, dialect }: Report): QuarantineRow {
  const tell = (row: TradeRow) => {
    const ids = row.last_id === null ? `${row.trade_id}` : `${row.trade_id} to ${row.last_id}`
    return `${ids}: ${row.price} x ${row.size} at ${row.event_time_us}`
  }
  return {
    log_id: trade.log_id,
    pos: trade.pos,
    item: trade.item,
    reason: 'conflict',
    detail: `held trade ${tell(held)}; reported ${tell(trade)}`,
    sample: '',
    dialect,
    state: 'held',
    received_time_us: trade.received_time_us,
  }
}
