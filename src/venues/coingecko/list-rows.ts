import { firstElement, nextElement, skipValue } from '../../core/json/scan.ts'
import { passed, passNumber, readElement, readMsUs, type Source } from './figure.ts'

/** Digits of a time in milliseconds from the year 2001 to 2286, and of its upper part. */
const MS_DIGITS = 13
const HIGH_DIGITS = 7
const LOW_FACTOR = 1_000_000

/** A list of a time in milliseconds and figures; filled again by each {@link readTimedRow}. */
export interface TimedRow {
  /** Epoch microseconds; `null` where it is no time. */
  timeUs: number | null
  /** `null` where the answer says so, `undefined` where it is no number. */
  readonly figures: (string | null | undefined)[]
  /** Index after the row read last, or -1 where that was none. */
  after: number
}

/** Returns room for a row of so many figures beside its time. */
export function createTimedRow(figures: number): TimedRow {
  return { timeUs: null, figures: new Array(figures).fill(null), after: -1 }
}

/** Where the parts of such a list stand; filled again by each {@link passTimedRow}. */
export interface TimedPlaces {
  /** Epoch microseconds. */
  timeUs: number
  /** Where each figure begins, has its point, and its canonical text ends, or `ODD`. */
  readonly starts: Int32Array
  readonly points: Int32Array
  readonly stops: Int32Array
  /** Index after each figure. */
  readonly ends: Int32Array
}

/** Returns room for the places of so many figures beside a time. */
export function createTimedPlaces(figures: number): TimedPlaces {
  const [starts, points] = [new Int32Array(figures), new Int32Array(figures)]
  const [stops, ends] = [new Int32Array(figures), new Int32Array(figures)]
  return { timeUs: 0, starts, points, stops, ends }
}

/**
 * Finds the parts of the row at `start`, of numbers without blanks, as nearly all are. Returns
 * the index after the row, or -1 for any other: {@link readTimedRow} is to read it then.
 */
export function passTimedRow(
  places: TimedPlaces,
  source: Source,
  start: number,
  end: number,
): number {
  const { bytes } = source
  if (start >= end || bytes[start] !== 0x5b) return -1
  const { starts, points, stops, ends } = places
  const first = start + 1
  // Thousands of seconds and what is below them, so that both are small integers on the way.
  const middle = first + HIGH_DIGITS
  let high = 0
  let at = first
  for (; at < middle; at += 1) {
    const digit = (bytes[at] as number) ^ 0x30
    if (digit > 9) return -1
    high = high * 10 + digit
  }
  let low = 0
  for (;;) {
    const digit = (bytes[at] as number) ^ 0x30
    if (digit > 9) break
    low = low * 10 + digit
    at += 1
  }
  if (at - first !== MS_DIGITS) return -1
  places.timeUs = (high * LOW_FACTOR + low) * 1000
  for (let column = 0; column < starts.length; column += 1) {
    if (bytes[at] !== 0x2c) return -1
    starts[column] = at + 1
    at = passNumber(source, at + 1, end)
    if (at < 0) return -1
    points[column] = passed.point
    stops[column] = passed.stop
    ends[column] = at
  }
  return at < end && bytes[at] === 0x5d ? at + 1 : -1
}

/**
 * Whether the figure of column `a` is at most that of column `b`, by their digits: both must be
 * canonical where they stand, and not negative.
 */
export function isAtMost(places: TimedPlaces, bytes: Uint8Array, a: number, b: number): boolean {
  const { starts, points, stops } = places
  let aAt = starts[a] as number
  let bAt = starts[b] as number
  const longer = (points[a] as number) - aAt - (points[b] as number) + bAt
  if (longer !== 0) return longer < 0
  // As long before the point, they are in the order of their letters.
  const aStop = stops[a] as number
  const bStop = stops[b] as number
  while (bytes[aAt] === bytes[bAt] && aAt < aStop) {
    aAt += 1
    bAt += 1
  }
  if (aAt >= aStop || bAt >= bStop) return aAt >= aStop
  return (bytes[aAt] as number) < (bytes[bAt] as number)
}

/** Reads the row at `start`, however it is written; false where it has not as many columns. */
export function readTimedRow(row: TimedRow, source: Source, start: number, end: number): boolean {
  const { bytes } = source
  const { figures } = row
  row.after = -1
  let at = firstElement(bytes, start, end)
  let after = -1
  for (let column = 0; column <= figures.length; column += 1) {
    if (column > 0) at = nextElement(bytes, after, end)
    after = at < 0 ? -1 : skipValue(bytes, at, end)
    if (after < 0) return false
    if (column === 0) row.timeUs = readMsUs(source, at, after)
    else figures[column - 1] = readElement(source, at, after)
  }
  row.after = endOfList(bytes, after, end)
  return row.after >= 0
}

/** Returns the index after the list whose last element ended at `at`, or -1 where it goes on. */
export function endOfList(bytes: Uint8Array, at: number, end: number): number {
  const place = skipBlanks(bytes, at, end)
  return bytes[place] === 0x5d && place < end ? place + 1 : -1
}

/** Returns the first index from `at` that is no white space, or `end`. */
export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let place = at
  while (place < end && (bytes[place] as number) <= 0x20) place += 1
  return place
}
