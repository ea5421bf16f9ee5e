import { isUtf8 as isUtf8Bytes } from 'node:buffer'

/** Deepest nesting that counts as JSON here; what nests deeper is nobody's market data. */
export const JSON_DEPTH_MAX = 1024

const OBJECT = 1
const ARRAY = 2

/** What encloses the value being read. Shared: validation is synchronous and never re-entered. */
const enclosing = new Uint8Array(JSON_DEPTH_MAX)

/** Bytes that stand for themselves in a string: not a quote, a backslash or a control. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
)

/**
 * Tells whether `bytes[start, end)` is one JSON value on one line: RFC 8259 without a raw
 * carriage return or line feed anywhere, between values or after them.
 *
 * Allocates nothing and does not recurse. Nesting deeper than {@link JSON_DEPTH_MAX} is
 * answered with `false`. Bytes above 127 are taken as they are: ask {@link isUtf8} as well.
 */
export function isOneLineJson(bytes: Uint8Array, start: number, end: number): boolean {
  return isJsonValue(bytes, start, end, 0)
}

/** Tells the same as {@link isOneLineJson}, but lets line breaks stand between values. */
export function isJson(bytes: Uint8Array, start: number, end: number): boolean {
  return isJsonValue(bytes, start, end, 1)
}

/** Tells whether `bytes[start, end)` is valid UTF-8. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end && (bytes[at] as number) < 0x80) at += 1
  // ASCII is the rule; the rest is for the runtime, which needs a view of its own.
  return at === end || isUtf8Bytes(bytes.subarray(at, end))
}

/** @param breaks 1 where line breaks may stand between values, else 0. */
function isJsonValue(bytes: Uint8Array, start: number, end: number, breaks: number): boolean {
  let depth = 0
  let at = start
  for (;;) {
    // A value is due at `at`.
    at = skipSpace(bytes, at, end, breaks)
    if (at >= end) return false
    const byte = bytes[at] as number
    if (byte === 0x22) {
      at = skipString(bytes, at + 1, end)
    } else if (byte === 0x7b || byte === 0x5b) {
      const next = skipSpace(bytes, at + 1, end, breaks)
      if (next >= end) return false
      // `}` follows `{`, and `]` follows `[`, by two.
      if (bytes[next] === byte + 2) {
        at = next + 1
      } else {
        if (depth === JSON_DEPTH_MAX) return false
        enclosing[depth] = byte === 0x7b ? OBJECT : ARRAY
        depth += 1
        at = byte === 0x7b ? skipKey(bytes, next, end, breaks) : next
        if (at < 0) return false
        continue
      }
    } else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      at = skipNumber(bytes, at, end)
    } else {
      at = skipLiteral(bytes, at, end)
    }
    if (at < 0) return false
    // A value has ended: close what it ends, then go on to the next value, or be done.
    for (;;) {
      at = skipSpace(bytes, at, end, breaks)
      if (depth === 0) return at === end
      if (at >= end) return false
      const after = bytes[at] as number
      const kind = enclosing[depth - 1]
      if (after === 0x2c) {
        at =
          kind === OBJECT
            ? skipKey(bytes, skipSpace(bytes, at + 1, end, breaks), end, breaks)
            : at + 1
        if (at < 0) return false
        break
      }
      if (after !== (kind === OBJECT ? 0x7d : 0x5d)) return false
      depth -= 1
      at += 1
    }
  }
}

/** Returns the first index from `at` that is no white space. */
function skipSpace(bytes: Uint8Array, start: number, end: number, breaks: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at] as number
    if (byte > 0x20) break
    if (byte !== 0x20 && byte !== 0x09 && (breaks === 0 || (byte !== 0x0a && byte !== 0x0d))) break
    at += 1
  }
  return at
}

/** Returns the index after a key and its colon, or -1. */
function skipKey(bytes: Uint8Array, start: number, end: number, breaks: number): number {
  if (start >= end || bytes[start] !== 0x22) return -1
  let at = skipString(bytes, start + 1, end)
  if (at < 0) return -1
  at = skipSpace(bytes, at, end, breaks)
  return at < end && bytes[at] === 0x3a ? at + 1 : -1
}

/** Returns the index after the closing quote of the string that began before `start`, or -1. */
function skipString(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at] as number
    if (PLAIN[byte] === 1) {
      at += 1
    } else if (byte === 0x22) {
      return at + 1
    } else if (byte === 0x5c) {
      at = skipEscape(bytes, at + 1, end)
      if (at < 0) return -1
    } else {
      return -1
    }
  }
  return -1
}

/** Returns the index after what a backslash escapes, or -1. */
function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1
  switch (bytes[at]) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 1
    case 0x75: // u
      if (at + 5 > end) return -1
      for (let i = at + 1; i < at + 5; i += 1) if (!isHex(bytes[i] as number)) return -1
      return at + 5
    default:
      return -1
  }
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66)
}

/** Returns the index after the number at `start`, or -1. */
function skipNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  if (bytes[at] === 0x2d) at += 1
  if (at < end && bytes[at] === 0x30) {
    // Nothing but a point or an exponent follows a leading zero.
    at += 1
  } else {
    at = skipDigits(bytes, at, end)
    if (at < 0) return -1
  }
  if (at < end && bytes[at] === 0x2e) {
    at = skipDigits(bytes, at + 1, end)
    if (at < 0) return -1
  }
  if (at < end && ((bytes[at] as number) | 0x20) === 0x65) {
    at += 1
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at += 1
    at = skipDigits(bytes, at, end)
  }
  return at
}

/** Returns the index after one or more digits, or -1. */
function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && ((bytes[at] as number) ^ 0x30) <= 9) at += 1
  return at === start ? -1 : at
}

const TRUE = Uint8Array.from([0x74, 0x72, 0x75, 0x65])
const FALSE = Uint8Array.from([0x66, 0x61, 0x6c, 0x73, 0x65])
const NULL = Uint8Array.from([0x6e, 0x75, 0x6c, 0x6c])

/** Returns the index after `true`, `false` or `null`, or -1. */
function skipLiteral(bytes: Uint8Array, start: number, end: number): number {
  const byte = bytes[start]
  const word = byte === 0x74 ? TRUE : byte === 0x66 ? FALSE : NULL
  if (start + word.length > end) return -1
  for (let i = 0; i < word.length; i += 1) if (bytes[start + i] !== word[i]) return -1
  return start + word.length
}
