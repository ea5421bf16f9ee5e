import type { RejectReason } from '../../market/event.ts'

/** A line may be this long, in bytes, less one; a longer one was cut by the import. */
export const LINE_BYTES_MAX = 1_048_576

/** How far, in bytes from its line's start, a quoted field may reach over line breaks. */
export const QUOTED_BYTES_MAX = 65_536

const NEWLINE = 10
const QUOTE = 34
const COMMA = 44

/** Where the columns of one line stand; filled again for each line. */
export interface LineRanges {
  /** What `starts` and `ends` point into. */
  bytes: Uint8Array
  /** By column; -1 where the line has none. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Columns seen, which may be more than there is room for. */
  count: number
  /** Where the first column stands that there is no room for and that is not empty, or -1. */
  extraAt: number
  /** Whether a quoted field holds doubled quotes, so that its text is not its bytes. */
  escaped: boolean
  /** Why the line makes no sense as a line, or `null`. */
  fault: LineFault | null
}

/** What is wrong with a line as a whole, and at which offset of the bytes it was read from. */
export interface LineFault {
  readonly reason: RejectReason
  readonly detail: string
  readonly at: number
}

/** Returns ranges with room for `columns` columns. */
export function createLineRanges(columns: number): LineRanges {
  return {
    bytes: new Uint8Array(0),
    starts: new Int32Array(columns),
    ends: new Int32Array(columns),
    count: 0,
    extraAt: -1,
    escaped: false,
    fault: null,
  }
}

/** Returns the offset of the newline that ends the line at `start`, or `end` where none does. */
export function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  const at = bytes.indexOf(NEWLINE, start)
  return at < 0 || at > end ? end : at
}

/** Tells whether a line holds nothing but blanks; such lines are neither read nor numbered. */
export function isBlankLine(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (!isBlank(bytes[at]!)) return false
  return true
}

/**
 * Finds the columns of the CSV line at `start` and returns where the line ends: its newline,
 * or `end`.
 *
 * A field in quotes may hold commas, doubled quotes and line breaks (RFC 4180). Where quotes
 * do not close as they should, near enough, only the line up to the first newline is at fault
 * and the next is read afresh: one stray quote costs one line. Blanks around a field are not
 * part of it.
 */
export function scanCsvLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  ranges: LineRanges,
): number {
  const { starts, ends } = ranges
  const room = starts.length
  ranges.bytes = bytes
  ranges.extraAt = -1
  ranges.escaped = false
  ranges.fault = null
  let column = 0
  let at = start
  for (;;) {
    while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at += 1
    let fieldStart = at
    let fieldEnd: number
    if (at < end && bytes[at] === QUOTE) {
      fieldStart += 1
      fieldEnd = closingQuote(bytes, fieldStart, Math.min(end, start + QUOTED_BYTES_MAX), ranges)
      at = fieldEnd < 0 ? -1 : afterQuote(bytes, fieldEnd + 1, end)
      if (at < 0) {
        ranges.count = 0
        ranges.fault = {
          reason: 'malformed',
          detail: `the quote that opens column ${column + 1} does not close as it should`,
          at: fieldStart - 1,
        }
        return lineEnd(bytes, start, end)
      }
    } else {
      while (at < end && bytes[at] !== COMMA && bytes[at] !== NEWLINE) at += 1
      fieldEnd = at
      while (fieldEnd > fieldStart && isBlank(bytes[fieldEnd - 1]!)) fieldEnd -= 1
    }
    if (column < room) {
      starts[column] = fieldStart
      ends[column] = fieldEnd
    } else if (fieldEnd > fieldStart && ranges.extraAt < 0) {
      ranges.extraAt = fieldStart
    }
    column += 1
    if (at >= end || bytes[at] === NEWLINE) break
    at += 1
  }
  ranges.count = column
  return at
}

/** Returns a field's text, quotes undone; invalid UTF-8 becomes U+FFFD. */
export function fieldText(ranges: LineRanges, column: number): string {
  const slice = ranges.bytes.subarray(ranges.starts[column], ranges.ends[column])
  const text = new TextDecoder().decode(slice)
  return ranges.escaped ? text.replaceAll('""', '"') : text
}

/** Returns the offset of the quote that closes a field, or -1. */
function closingQuote(bytes: Uint8Array, start: number, limit: number, ranges: LineRanges): number {
  for (let at = start; at < limit; at += 1) {
    if (bytes[at] !== QUOTE) continue
    if (at + 1 >= limit || bytes[at + 1] !== QUOTE) return at
    ranges.escaped = true
    at += 1
  }
  return -1
}

/** Returns where the comma, newline or end after a closing quote stands; -1 if more follows. */
function afterQuote(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isBlank(bytes[at]!)) at += 1
  return at >= end || bytes[at] === COMMA || bytes[at] === NEWLINE ? at : -1
}

/** Space, tab, or the carriage return that some files put before each newline. */
function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13
}
