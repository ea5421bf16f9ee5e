import { plainJson } from '../../core/json/plain.ts'
import { firstElement, isJson, NOT_SCANNED, nextElement, skipValue } from '../../core/json/scan.ts'
import { positionOf } from './columns.ts'
import type { LineRanges } from './lines.ts'
import { isBlankLine, lineEnd } from './lines.ts'

const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91

/** Reads the line at `start` into ranges and returns where it ends. */
export type ReadLine = (bytes: Uint8Array, start: number, end: number, ranges: LineRanges) => number

/** Notes the values of a line whose JSON begins at `start`; says `false` where it has escapes. */
type Walk = (ranges: LineRanges, start: number, end: number) => boolean

/**
 * Returns a reader of JSON Lines: one object or array a line.
 *
 * Columns are the keys of an object, or the places in an array. A number's range is its digits
 * as written, a string's is what stands between its quotes. Of a key that comes twice the last
 * counts, as `JSON.parse` has it; `null` is no value.
 */
export function createJsonLineReader(columns: readonly string[]): ReadLine {
  const walkObject = createObjectWalk(columns)
  const walkArray = createArrayWalk(columns)
  return (bytes, start, end, ranges) => {
    const stop = lineEnd(bytes, start, end)
    ranges.bytes = bytes
    ranges.count = columns.length
    ranges.extraAt = -1
    ranges.escaped = false
    ranges.fault = null
    // The walks trust their input, so the line is proven to be JSON first.
    if (!isJson(bytes, start, stop)) {
      if (isBlankLine(bytes, start, stop)) ranges.count = 0
      else ranges.fault = { reason: 'not_json', detail: 'the line is not JSON', at: start }
      return stop
    }
    const at = skipBlanks(bytes, start, stop)
    if (bytes[at] !== OPEN_BRACE && bytes[at] !== OPEN_BRACKET) {
      const detail = 'the line is neither an object nor an array'
      ranges.fault = { reason: 'malformed', detail, at: start }
      return stop
    }
    const walk = bytes[at] === OPEN_BRACE ? walkObject : walkArray
    if (!walk(ranges, at, stop)) {
      const plain = plainJson(bytes, at, stop)
      if (plain !== null) {
        ranges.bytes = plain
        walk(ranges, 0, plain.length)
      }
    }
    return stop
  }
}

/** Returns the names a line has: the keys of its object, or `c0`, `c1` … of its array. */
export function jsonNames(line: Uint8Array): string[] | null {
  if (!isJson(line, 0, line.length)) return null
  const value: unknown = JSON.parse(new TextDecoder().decode(line))
  if (typeof value !== 'object' || value === null) return null
  return Array.isArray(value) ? value.map((_, index) => `c${index}`) : Object.keys(value)
}

function createObjectWalk(columns: readonly string[]): Walk {
  const keys = columns.map((column) => new TextEncoder().encode(column))
  return (ranges, start, end) => {
    const { bytes } = ranges
    ranges.starts.fill(-1)
    let plain = true
    let at = skipBlanks(bytes, start + 1, end)
    while (at < end && bytes[at] !== CLOSE_BRACE) {
      const keyEnd = skipValue(bytes, at, end)
      if (hasEscape(bytes, at, keyEnd)) plain = false
      const column = keyColumn(keys, bytes, at + 1, keyEnd - 1)
      // Over the colon and the blanks on both its sides.
      const valueStart = skipBlanks(bytes, skipBlanks(bytes, keyEnd, end) + 1, end)
      const valueEnd = skipValue(bytes, valueStart, end)
      if (valueEnd === NOT_SCANNED) return true
      if (column >= 0 && !note(ranges, column, valueStart, valueEnd)) plain = false
      at = skipBlanks(bytes, valueEnd, end)
      if (bytes[at] === COMMA) at = skipBlanks(bytes, at + 1, end)
    }
    return plain
  }
}

function createArrayWalk(columns: readonly string[]): Walk {
  const places = columns.map(positionOf)
  return (ranges, start, end) => {
    const { bytes } = ranges
    ranges.starts.fill(-1)
    let plain = true
    let at = firstElement(bytes, start, end)
    for (let index = 0; at >= 0; index += 1) {
      const valueEnd = skipValue(bytes, at, end)
      if (valueEnd === NOT_SCANNED) return true
      const column = places.indexOf(index)
      if (column >= 0 && !note(ranges, column, at, valueEnd)) plain = false
      at = nextElement(bytes, valueEnd, end)
    }
    return plain
  }
}

/** Notes one value, and says whether its bytes are its text. */
function note(ranges: LineRanges, column: number, start: number, end: number): boolean {
  const { bytes } = ranges
  const text = bytes[start] === QUOTE
  // Only `null` begins with an n.
  ranges.starts[column] = bytes[start] === 110 ? -1 : text ? start + 1 : start
  ranges.ends[column] = text ? end - 1 : end
  return !text || !hasEscape(bytes, start, end)
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] === BACKSLASH) return true
  return false
}

function keyColumn(
  keys: readonly Uint8Array[],
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  for (let column = 0; column < keys.length; column += 1) {
    const key = keys[column]!
    if (key.length !== end - start) continue
    let at = 0
    while (at < key.length && key[at] === bytes[start + at]) at += 1
    if (at === key.length) return column
  }
  return -1
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! <= 32) at += 1
  return at
}
