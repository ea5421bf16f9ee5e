import type { Rejection, RejectReason } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import type { ColumnPlan } from './columns.ts'
import type { LineRanges } from './lines.ts'

/** Longest symbol believed; real ones have less than a third of it. */
const SYMBOL_BYTES_MAX = 64

/** Longest piece of a bad value shown in a rejection. */
const SHOWN_MAX = 60

/** What the readers of a line share: where its columns are, and what the record says of all. */
export interface Row {
  readonly record: RawRecord
  readonly plan: ColumnPlan
  readonly ranges: LineRanges
  /** Ordinal of the line within its block, from 0: the `item` of what is read from it. */
  item: number
  /** Offset of the line within the record's bytes. */
  lineAt: number
  /** The symbol read last and its bytes, since a file seldom changes it. */
  symbol: string
  symbolBytes: Uint8Array
}

/** Returns the index of a field's column, or -1 where the line has no value for it. */
export function columnWithValue(row: Row, field: number): number {
  const column = row.plan.columnOf[field]!
  if (column < 0) return -1
  const start = row.ranges.starts[column]!
  return start >= 0 && row.ranges.ends[column]! > start ? column : -1
}

/** Returns the refusal of the line at hand because of one field. */
export function refuse(row: Row, field: number, reason: RejectReason, why: string): Rejection {
  const column = row.plan.columnOf[field] ?? -1
  const spec = row.plan.specs[field]
  const { bytes, starts, ends } = row.ranges
  const start = column < 0 ? -1 : starts[column]!
  const held = start >= 0 && bytes === row.record.bytes
  const name = spec === null || spec === undefined ? 'the line' : `column "${spec.column}"`
  const value = start < 0 ? '' : ` "${shown(bytes, start, ends[column]!)}"`
  return {
    item: row.item,
    reason,
    detail: `${name.slice(0, 80)}${value} ${why}`,
    offset: (held ? start : row.lineAt) - row.record.start,
  }
}

/**
 * Returns the line's symbol: of its own column where there is one, else the record's; or `null`
 * where it is empty, overlong or not printable text.
 */
export function readSymbol(row: Row, field: number): string | null {
  const column = row.plan.columnOf[field]!
  if (column < 0) return row.record.symbol
  const start = row.ranges.starts[column]!
  const end = row.ranges.ends[column]!
  const length = end - start
  if (start < 0 || length < 1 || length > SYMBOL_BYTES_MAX) return null
  const { bytes } = row.ranges
  if (length === row.symbolBytes.length && sameBytes(bytes, start, row.symbolBytes)) {
    return row.symbol
  }
  const slice = new Uint8Array(bytes.subarray(start, end))
  const raw = new TextDecoder().decode(slice)
  const text = row.ranges.escaped ? raw.replaceAll('""', '"') : raw
  // U+FFFD stands for bytes that are not UTF-8; control and format characters have no place.
  if (/[\p{C}\p{Z}\uFFFD]/u.test(text)) return null
  row.symbol = text
  row.symbolBytes = slice
  return text
}

function sameBytes(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let at = 0; at < wanted.length; at += 1) {
    if (bytes[start + at] !== wanted[at]) return false
  }
  return true
}

function shown(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + SHOWN_MAX)))
}
