const ZERO = 48

/** Codes of a side: its index in SIDES. */
const BUY = 0
const SELL = 1
const UNKNOWN = 2

/** Words for the two sides, in lower case; a flag reads as "is the buyer". */
const SIDE_CODES: ReadonlyMap<string, number> = new Map([
  ['buy', BUY],
  ['b', BUY],
  ['true', BUY],
  ['t', BUY],
  ['1', BUY],
  ['sell', SELL],
  ['s', SELL],
  ['false', SELL],
  ['f', SELL],
  ['0', SELL],
  ['-1', SELL],
])

/** The longest of the words above. */
const SIDE_BYTES_MAX = 5

/**
 * Reads the taker's side as its code; what is no side is `unknown`, for a side only describes.
 *
 * A flag (`true`, `1`) means "is the buyer", so a column that says whether the buyer was the
 * maker is read with `maker`, as is one that names the maker's side.
 */
export function readSide(bytes: Uint8Array, start: number, end: number, maker: boolean): number {
  const code = sideCode(bytes, start, end)
  return code === UNKNOWN || !maker ? code : 1 - code
}

/**
 * Reads a whole number such as an id or a count, or -1 where it is none or is not exact.
 *
 * Takes the `.0` that some tools leave behind an id they once held as a float.
 */
export function readWhole(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  let value = 0
  for (; at < end; at += 1) {
    const digit = bytes[at]! - ZERO
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (at === start || value > Number.MAX_SAFE_INTEGER) return -1
  if (at === end) return value
  if (bytes[at] !== 46 || at + 1 === end) return -1
  for (at += 1; at < end; at += 1) if (bytes[at] !== ZERO) return -1
  return value
}

function sideCode(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length < 1 || length > SIDE_BYTES_MAX) return UNKNOWN
  let word = ''
  for (let at = start; at < end; at += 1) word += String.fromCharCode(bytes[at]!)
  return SIDE_CODES.get(word.toLowerCase()) ?? UNKNOWN
}
