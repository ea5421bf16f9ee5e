import {
  FIELD,
  type FieldScanner,
  firstElement,
  NO_ELEMENT,
  NOT_SCANNED,
  nextElement,
  skipValue,
} from '../core/json/scan.ts'
import type { BookLevel, BookSink } from '../market/book.ts'

/** Most elements of a row that are looked at. */
const CELLS = 3

const QUOTE = 0x22
const CLOSING_BRACKET = 0x5d

/** Where the first elements of a row stand: of text, what is between its quotes. */
export interface BookRow {
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** How many of the first three there are. */
  count: number
}

/** Returns a row for a decoder to own and fill. */
export function createBookRow(): BookRow {
  return { starts: new Int32Array(CELLS), ends: new Int32Array(CELLS), count: 0 }
}

/**
 * Notes the first three elements of the array at `start`, and returns the index after the array,
 * or {@link NOT_SCANNED} where there is none.
 */
export function readBookRow(row: BookRow, bytes: Uint8Array, start: number, end: number): number {
  let after = start
  let at = firstElement(bytes, start, end)
  for (row.count = 0; at >= 0; at = nextElement(bytes, after, end)) {
    after = skipValue(bytes, at, end)
    if (after === NOT_SCANNED) return NOT_SCANNED
    if (row.count === CELLS) continue
    const isText = bytes[at] === QUOTE
    row.starts[row.count] = isText ? at + 1 : at
    row.ends[row.count] = isText ? after - 1 : after
    row.count += 1
  }
  if (at === NOT_SCANNED) return NOT_SCANNED
  // Blanks before the bracket: pass over the whole row again, which is as good.
  return bytes[after] === CLOSING_BRACKET ? after + 1 : skipValue(bytes, start, end)
}

/** Points a level at the price in a row's cell and the size in the next. */
export function pointLevel(level: BookLevel, { starts, ends }: BookRow, cell: number): void {
  level.priceStart = starts[cell] as number
  level.priceEnd = ends[cell] as number
  level.sizeStart = starts[cell + 1] as number
  level.sizeEnd = ends[cell + 1] as number
}

const row = createBookRow()

/**
 * Tells `sink` the levels of a field that holds rows `[price, size, …]` of the side that `level`
 * says; false where it holds anything else.
 */
export function readBookRows(
  scanner: FieldScanner,
  field: number,
  level: BookLevel,
  sink: BookSink,
): boolean {
  if (scanner.kinds[field] !== FIELD.array) return false
  const { bytes } = level
  const end = scanner.ends[field] as number
  let at = firstElement(bytes, scanner.starts[field] as number, end)
  while (at >= 0) {
    const after = readBookRow(row, bytes, at, end)
    if (after === NOT_SCANNED || row.count < 2) return false
    pointLevel(level, row, 0)
    sink.level(level)
    at = nextElement(bytes, after, end)
  }
  return at === NO_ELEMENT
}
