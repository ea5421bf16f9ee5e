import { assert } from '../assert.ts'
import { plainJson } from './plain.ts'

export { plainJson } from './plain.ts'
export { isJson, isOneLineJson, isUtf8, JSON_DEPTH_MAX } from './validate.ts'

/**
 * What a field was found to be. `string` is text without escapes, `escaped` is text with some:
 * its range holds the source, not the text.
 */
export const FIELD = {
  absent: 0,
  string: 1,
  escaped: 2,
  number: 3,
  /** `true`, `false` or `null`. */
  literal: 4,
  object: 5,
  array: 6,
} as const

/** Answered where a scan cannot go on: the bytes are no such thing, or need `JSON.parse`. */
export const NOT_SCANNED = -1

/** Answered by {@link firstElement} and {@link nextElement} after the last element. */
export const NO_ELEMENT = -2

/** Most names that one scanner looks for. */
const NAMES_MAX = 32
const TABLE_SIZE = 256
const NAME_BYTES_MAX = 48
/** Factors tried for a hash that tells the names apart. */
const FACTORS = 1000

/**
 * The wanted fields of an object, and where the last scan found them.
 *
 * `kinds[i]`, `starts[i]` and `ends[i]` tell of `names[i]`. The range of a string is what
 * stands between its quotes; of anything else, the whole value. Owned by one decoder and
 * overwritten by each scan.
 */
export interface FieldScanner {
  readonly names: readonly string[]
  readonly kinds: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Index after the object scanned last. */
  after: number
  /** The names' bytes, `NAME_BYTES_MAX` apart, and their lengths. */
  readonly nameBytes: Uint8Array
  readonly nameLengths: Uint8Array
  /** Index + 1 of the first name with a hash, or 0. */
  readonly table: Uint8Array
  /** Index + 1 of the next name with the same hash as a name, or 0: hardly any has one. */
  readonly next: Uint8Array
  readonly factor: number
}

/** Returns a scanner of these field names: ASCII, at most 32 of at most 48 letters. */
export function createFieldScanner(names: readonly string[]): FieldScanner {
  const count = names.length
  assert(count > 0 && count <= NAMES_MAX, 'a scanner looks for 1 to 32 names')
  const nameBytes = new Uint8Array(count * NAME_BYTES_MAX)
  names.forEach((name, index) => {
    assert(/^[\x21-\x7e]{1,48}$/.test(name), 'a field name is 1 to 48 ASCII letters')
    for (let i = 0; i < name.length; i += 1) {
      nameBytes[index * NAME_BYTES_MAX + i] = name.charCodeAt(i)
    }
  })
  const nameLengths = Uint8Array.from(names, (name) => name.length)
  assert(new Set(names).size === count, 'no two names of a scanner are equal')
  // The factor under which the fewest names share a hash; nearly always none do.
  let best: NameTable | null = null
  for (let factor = 1; factor < FACTORS && best?.shared !== 0; factor += 1) {
    const tried = tableOf({ nameBytes, nameLengths, factor })
    if (best === null || tried.shared < best.shared) best = tried
  }
  const { table, next, factor } = best as NameTable
  const kinds = new Uint8Array(count)
  const [starts, ends] = [new Int32Array(count), new Int32Array(count)]
  return { names, kinds, starts, ends, after: 0, nameBytes, nameLengths, table, next, factor }
}

interface NameTable extends Pick<FieldScanner, 'table' | 'next' | 'factor'> {
  /** Names whose hash another name before them has. */
  readonly shared: number
}

function tableOf(of: Pick<FieldScanner, 'nameBytes' | 'nameLengths' | 'factor'>): NameTable {
  const { nameBytes, nameLengths, factor } = of
  const table = new Uint8Array(TABLE_SIZE)
  const next = new Uint8Array(nameLengths.length)
  let shared = 0
  nameLengths.forEach((length, index) => {
    const hash = hashOf(nameBytes, index * NAME_BYTES_MAX, length, factor)
    const first = table[hash] as number
    next[index] = first
    table[hash] = index + 1
    if (first !== 0) shared += 1
  })
  return { table, next, factor, shared }
}

/** Hashes a name by its length and two of its bytes, which tells a venue's field names apart. */
function hashOf(bytes: Uint8Array, start: number, length: number, factor: number): number {
  const first = bytes[start] as number
  const middle = bytes[start + (length >> 1)] as number
  return (Math.imul(first, factor) + Math.imul(middle, 7) + length) & (TABLE_SIZE - 1)
}

/**
 * Walks one level of the object at `start` and notes the wanted fields in `scanner`.
 *
 * Returns the index after the object's brace. White space may stand before the object. Of a
 * key given twice the last stands, as in `JSON.parse`. Returns {@link NOT_SCANNED} where there
 * is no object, or where a key holds an escape: see {@link scanObject}. The bytes
 * must be valid JSON: other bytes are answered with some range inside them, or not at all.
 */
export function scanFields(
  scanner: FieldScanner,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const kinds = scanner.kinds
  for (let i = 0; i < kinds.length; i += 1) kinds[i] = 0
  let at = skipBlank(bytes, start, end)
  if (at >= end || bytes[at] !== 0x7b) return NOT_SCANNED
  at = skipBlank(bytes, at + 1, end)
  if (at < end && bytes[at] === 0x7d) {
    scanner.after = at + 1
    return at + 1
  }
  while (at < end && bytes[at] === 0x22) {
    const keyStart = at + 1
    at = plainEnd(bytes, keyStart, end)
    if (at < end && bytes[at] === 0x5c) return NOT_SCANNED
    const field = fieldOf(scanner, bytes, keyStart, at)
    at = skipBlank(bytes, at + 1, end)
    if (at >= end || bytes[at] !== 0x3a) return NOT_SCANNED
    at = skipBlank(bytes, at + 1, end)
    if (at >= end) return NOT_SCANNED
    const valueStart = at
    let kind = kindAt(bytes, at)
    if (kind === FIELD.string) {
      at = plainEnd(bytes, at + 1, end)
      if (at < end && bytes[at] === 0x5c) {
        kind = FIELD.escaped
        at = skipText(bytes, at, end) - 1
      }
      if (at < 0 || at >= end) return NOT_SCANNED
      if (field >= 0) note(scanner, field, kind, valueStart + 1, at)
      at += 1
    } else {
      at = skipValue(bytes, at, end)
      if (at < 0) return NOT_SCANNED
      if (field >= 0) note(scanner, field, kind, valueStart, at)
    }
    at = skipBlank(bytes, at, end)
    if (at >= end) return NOT_SCANNED
    if (bytes[at] === 0x7d) {
      scanner.after = at + 1
      return at + 1
    }
    if (bytes[at] !== 0x2c) return NOT_SCANNED
    at = skipBlank(bytes, at + 1, end)
  }
  return NOT_SCANNED
}

/**
 * Notes the wanted fields of the object at `start` in `scanner`, by whatever way it takes.
 *
 * Returns the bytes that the scanner's ranges count in: `bytes` itself, or a rewritten copy
 * where the object held escapes; a string that is `escaped` even there holds a quote, a
 * backslash or a control character. Returns `null` where there is no object. `scanner.after`
 * is the index after the object, in `bytes`.
 */
export function scanObject(
  scanner: FieldScanner,
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array | null {
  if (scanFields(scanner, bytes, start, end) !== NOT_SCANNED && !hasEscaped(scanner.kinds)) {
    return bytes
  }
  const from = skipBlank(bytes, start, end)
  const stop = from < end && bytes[from] === 0x7b ? skipValue(bytes, from, end) : NOT_SCANNED
  const plain = stop === NOT_SCANNED ? null : plainJson(bytes, from, stop)
  if (plain === null || scanFields(scanner, plain, 0, plain.length) === NOT_SCANNED) return null
  scanner.after = stop
  return plain
}

function hasEscaped(kinds: Uint8Array): boolean {
  for (let i = 0; i < kinds.length; i += 1) if (kinds[i] === FIELD.escaped) return true
  return false
}

function note(s: FieldScanner, field: number, kind: number, start: number, end: number): void {
  s.kinds[field] = kind
  s.starts[field] = start
  s.ends[field] = end
}

/** Returns the index of the first quote or backslash from `start`, or `end`. */
function plainEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at]
    if (byte === 0x22 || byte === 0x5c) break
    at += 1
  }
  return at
}

/** Returns the index of the name `bytes[start, end)` among those wanted, or -1. */
function fieldOf(scanner: FieldScanner, bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length === 0 || length > NAME_BYTES_MAX) return -1
  const hash = hashOf(bytes, start, length, scanner.factor)
  let field = (scanner.table[hash] as number) - 1
  while (field >= 0) {
    const isOfLength = scanner.nameLengths[field] === length
    if (isOfLength && isNamed(scanner, field, bytes, start)) return field
    field = (scanner.next[field] as number) - 1
  }
  return -1
}

/** Whether the bytes from `start` on spell a name, of whose length they are. */
function isNamed(scanner: FieldScanner, field: number, bytes: Uint8Array, start: number): boolean {
  const from = field * NAME_BYTES_MAX
  const length = scanner.nameLengths[field] as number
  for (let i = 0; i < length; i += 1) {
    if (bytes[start + i] !== scanner.nameBytes[from + i]) return false
  }
  return true
}

/** Returns the kind of the value at `at`, by its first byte. */
function kindAt(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 0x22:
      return FIELD.string
    case 0x7b:
      return FIELD.object
    case 0x5b:
      return FIELD.array
    case 0x74:
    case 0x66:
    case 0x6e:
      return FIELD.literal
    default:
      return FIELD.number
  }
}

/**
 * Returns the index after the value that begins at `start`, or {@link NOT_SCANNED}.
 *
 * Nested values are passed over by counting brackets outside of strings, however deep.
 */
export function skipValue(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]
  if (first === 0x22) return skipText(bytes, start + 1, end)
  let at = start
  if (first !== 0x7b && first !== 0x5b) {
    while (at < end) {
      const byte = bytes[at] as number
      if (byte === 0x2c || byte === 0x7d || byte === 0x5d || byte <= 0x20) break
      at += 1
    }
    return at === start ? NOT_SCANNED : at
  }
  let depth = 0
  while (at < end) {
    const byte = bytes[at] as number
    at += 1
    if (byte === 0x22) {
      at = skipText(bytes, at, end)
      if (at < 0) return NOT_SCANNED
    } else if ((byte | 0x20) === 0x7b) {
      depth += 1
    } else if ((byte | 0x20) === 0x7d) {
      depth -= 1
      if (depth === 0) return at
    }
  }
  return NOT_SCANNED
}

/** Returns the index after the closing quote of the string that began before `start`. */
function skipText(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at] as number
    at += 1
    if (byte === 0x22) return at
    if (byte === 0x5c) at += 1
  }
  return NOT_SCANNED
}

/**
 * Returns the start of the first element of the array at `start`, {@link NO_ELEMENT} if it is
 * empty, or {@link NOT_SCANNED} if there is no array.
 */
export function firstElement(bytes: Uint8Array, start: number, end: number): number {
  let at = skipBlank(bytes, start, end)
  if (at >= end || bytes[at] !== 0x5b) return NOT_SCANNED
  at = skipBlank(bytes, at + 1, end)
  if (at >= end) return NOT_SCANNED
  return bytes[at] === 0x5d ? NO_ELEMENT : at
}

/** Returns the start of the element after one that ended before `at`, as {@link firstElement}. */
export function nextElement(bytes: Uint8Array, start: number, end: number): number {
  let at = skipBlank(bytes, start, end)
  if (at >= end) return NOT_SCANNED
  if (bytes[at] === 0x5d) return NO_ELEMENT
  if (bytes[at] !== 0x2c) return NOT_SCANNED
  at = skipBlank(bytes, at + 1, end)
  return at >= end ? NOT_SCANNED : at
}

/** Returns the first index from `start` that is no white space. */
function skipBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const byte = bytes[at] as number
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break
    at += 1
  }
  return at
}
