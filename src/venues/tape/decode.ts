import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import type { Decoder } from '../venue.ts'
import type { ColumnPlan, ColumnProblem } from './columns.ts'
import { fieldsOf, planColumns } from './columns.ts'
import { readCsvLine } from './csv.ts'
import { createJsonLineReader } from './jsonl.ts'
import { createKlineReader, intervalOfChannel } from './klines.ts'
import type { LineFault } from './lines.ts'
import { createLineRanges, isBlankLine, LINE_BYTES_MAX } from './lines.ts'
import type { Row } from './row.ts'
import { createTradeReader } from './trades.ts'

/** Tells whether a dialect is one of a file that somebody brought: `any-venue/csv`. */
export function isTapeDialect(dialect: string): boolean {
  return /\/(?:csv|jsonl|klines)$/.test(dialect)
}

/**
 * Decodes a block of lines of an imported file, for any venue.
 *
 * The dialect tells trades (`…/csv`, `…/jsonl`) from candles (`…/klines`); the record's
 * request holds the file's columns and the map to our fields. Each line stands for itself: one
 * that cannot be read is refused, and the others are kept. Blank lines are passed over and
 * not numbered. An event's `item` is its line's ordinal in the block.
 */
export const decodeTape: Decoder = (record, sink) => {
  const plan = planOf(record)
  if ('problem' in plan) return refuseBlock(sink, plan.problem)
  const symbolColumn = plan.columnOf[fieldsOf(plan.kind).indexOf('symbol')]!
  if (record.symbol === null && symbolColumn < 0) return refuseBlock(sink, 'no symbol is given')
  return readLines(record, plan, sink)
}

function readLines(record: RawRecord, plan: ColumnPlan, sink: EventSink): FrameKind {
  const { bytes, end } = record
  const csv = record.request?.header !== undefined
  const readLine = csv ? readCsvLine : createJsonLineReader(plan.columns)
  const trades = plan.kind === 'trades'
  const readRow = trades
    ? createTradeReader()
    : createKlineReader(intervalOfChannel(record.channel))
  const ranges = createLineRanges(plan.columns.length)
  const symbolBytes = new Uint8Array(0)
  const row: Row = { record, plan, ranges, item: 0, lineAt: 0, symbol: '', symbolBytes }
  let read = 0
  for (let at = record.start; at < end; ) {
    const stop = readLine(bytes, at, end, ranges)
    if (ranges.count <= 1 && isBlankLine(bytes, at, stop)) {
      at = stop + 1
      continue
    }
    row.lineAt = at
    const fault = stop - at >= LINE_BYTES_MAX ? tooLong(at) : ranges.fault
    if (fault !== null) {
      const offset = fault.at - record.start
      sink.reject({ item: row.item, reason: fault.reason, detail: fault.detail, offset })
    } else {
      const rejection = readRow(row, sink)
      if (rejection === null) read += 1
      else sink.reject(rejection)
    }
    row.item += 1
    at = stop + 1
  }
  if (read > 0) return 'event'
  return row.item > 0 ? 'rejected' : 'raw_only'
}

function planOf(record: RawRecord): ColumnPlan | ColumnProblem {
  const { request } = record
  if (request?.columns === undefined) return { problem: 'the record holds no column map' }
  if (request.columns.trade_id === undefined && request.file === undefined) {
    return { problem: 'the record names no file to number its lines by' }
  }
  const kind = record.dialect.endsWith('/klines') ? 'klines' : 'trades'
  return planColumns(kind, request.columns, request.header ?? null)
}

function tooLong(at: number): LineFault {
  return { reason: 'malformed', detail: 'the line is longer than 1 MiB', at }
}

/** Refuses a record none of whose lines can be read, as one rejection. */
function refuseBlock(sink: EventSink, problem: string): FrameKind {
  sink.reject({ item: 0, reason: 'malformed', detail: problem.slice(0, 200), offset: 0 })
  return 'rejected'
}
