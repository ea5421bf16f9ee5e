import { firstElement, nextElement, skipValue } from '../../core/json/scan.ts'

/** More columns than a row of any of Kraken's lists has. */
const COLUMNS_MAX = 16

/** Where the columns of a row stand in bytes, without their quotes; filled again and again. */
export interface Columns {
  readonly starts: Int32Array
  readonly ends: Int32Array
  count: number
  /** Whether every column is what it seems: no string among them holds an escape. */
  plain: boolean
}

/** Returns empty columns for a reader to own. */
export function createColumns(): Columns {
  const [starts, ends] = [new Int32Array(COLUMNS_MAX), new Int32Array(COLUMNS_MAX)]
  return { starts, ends, count: 0, plain: true }
}

/**
 * Notes where the columns of the list at `start` stand, the first sixteen of them.
 *
 * Returns whether there is a list. Columns beyond what a row had last are empty.
 */
export function readColumns(
  columns: Columns,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  columns.count = 0
  columns.plain = true
  columns.starts.fill(0)
  columns.ends.fill(0)
  let at = firstElement(bytes, start, end)
  if (at === -1) return false
  while (at >= 0) {
    const after = skipValue(bytes, at, end)
    if (after < 0) return false
    if (columns.count < COLUMNS_MAX) note(columns, bytes, at, after)
    at = nextElement(bytes, after, end)
  }
  return at !== -1
}

function note(columns: Columns, bytes: Uint8Array, start: number, end: number): void {
  const quote = bytes[start] === 0x22 ? 1 : 0
  columns.starts[columns.count] = start + quote
  columns.ends[columns.count] = end - quote
  columns.count += 1
  if (quote === 0) return
  for (let at = start + 1; at < end; at += 1) if (bytes[at] === 0x5c) columns.plain = false
}
