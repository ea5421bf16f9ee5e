import type { TradeColumns } from '../market/trade-columns.ts'
import type { QuarantineRow, TradeRow, WriteTransaction } from '../warehouse/index.ts'
import type { Batch } from './batch.ts'
import { minuteOf } from './minute-row.ts'
import type { TapeState } from './state.ts'
import { touch } from './state.ts'

/** Two reports of one trade may differ by this much in time before they disagree. */
const TIME_TOLERANCE_US = 1000

/** A minute to fold anew from its stored trades, `tradeId` among them. */
export interface Refold {
  readonly tape: TapeState
  readonly minute: number
  readonly tradeId: number
}

/** What settling reports of trades already held came to. */
export interface Settled {
  /** Reports that changed nothing or were no better than the standing one. */
  readonly duplicates: number
  /** Trades stored after all: their ids were held by a verdict, not by a trade. */
  readonly accepted: number
  /** Minutes whose standing trades changed, to be folded anew. */
  readonly refold: readonly Refold[]
  readonly conflicts: readonly QuarantineRow[]
}

/**
 * Settles each repeated report against the standing trade: the least by (ws < rest < import,
 * canonical text) stands, whatever order they came in; differing facts are a conflict.
 */
export async function settleRepeats(
  tx: WriteTransaction,
  options: {
    batch: Batch
    text: string
    logId: number
    repeats: readonly { readonly tape: TapeState; readonly row: number }[]
  },
): Promise<Settled> {
  const { batch, text, logId } = options
  const refold: Refold[] = []
  const conflicts: QuarantineRow[] = []
  let duplicates = 0
  let accepted = 0
  const standing = new Map<string, TradeRow>()
  for (const { tape, row } of options.repeats) {
    const report = tradeRowAt(batch.trades, row, { tape, text, logId })
    const name = `${report.instrument_id} ${report.tape_id} ${report.trade_id}`
    const held =
      standing.get(name) ??
      (await tx.findTrade(report.instrument_id, report.tape_id, report.trade_id))
    if (held === undefined) {
      accepted += 1
      await tx.upsert('silver_trades', [report])
      standing.set(name, report)
      tape.coverage.retime(report.first_id ?? report.trade_id)
      refold.push(refoldOf(tape, report))
      continue
    }
    duplicates += 1
    if (disagree(held, report)) conflicts.push(conflictOf(held, report, venueAt(batch, row)))
    if (!standsBefore(report, held)) continue
    await tx.upsert('silver_trades', [report])
    standing.set(name, report)
    if (report.event_time_us !== held.event_time_us) {
      tape.coverage.retime(report.first_id ?? report.trade_id)
    }
    refold.push(refoldOf(tape, held), refoldOf(tape, report))
  }
  for (const { tape, minute } of refold) touch(tape.instrument, minute, minute + 1)
  return { duplicates, accepted, refold, conflicts }
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

/** Whether `a` is the lesser by (origin, canonical text), and so is the one to stand. */
function standsBefore(a: TradeRow, b: TradeRow): boolean {
  if (a.origin !== b.origin) return a.origin < b.origin
  return canonicalText(a) < canonicalText(b)
}

function canonicalText(trade: TradeRow): string {
  const { event_time_us, price, size, side, first_id, last_id, trade_count } = trade
  return JSON.stringify([event_time_us, price, size, side, first_id, last_id, trade_count])
}

function conflictOf(held: TradeRow, report: TradeRow, dialect: string): QuarantineRow {
  const tell = (row: TradeRow) => `${row.price} x ${row.size} at ${row.event_time_us}`
  return {
    log_id: report.log_id,
    pos: report.pos,
    item: report.item,
    reason: 'conflict',
    detail: `trade ${report.trade_id}: held ${tell(held)}, reported ${tell(report)}`,
    sample: '',
    dialect,
    state: 'held',
    received_time_us: report.received_time_us,
  }
}
