import { skipValue } from '../../core/json/scan.ts'
import type { Source } from './figure.ts'
import { skipBlanks } from './list-rows.ts'

/** Answered where the bytes differ from the layout. */
export const NO_MATCH = -1

/** Most members of a row that are learned, and most bytes between two of their values. */
const MEMBERS_MAX = 64
const JOINT_BYTES_MAX = 128
const WORDS_MAX = JOINT_BYTES_MAX / 4

/**
 * How the rows of a page are written: what stands between their values, to the letter. Learned
 * from one row, and compared with those after it, which nearly always are written alike. Only a
 * memo: a row that differs in the least is read without it.
 */
export interface Layout {
  /** Members of a row; 0 where nothing was learned. */
  count: number
  /** Which of the wanted names the member `i` has, or -1. */
  readonly fields: Int8Array
  /** Bytes from the end of the value before the member `i`, or the row's start, to its value. */
  readonly lengths: Uint8Array
  /** The same as words of four, `WORDS_MAX` apart; the last overlaps the one before it. */
  readonly words: Int32Array
  /** What ends a row. */
  tail: Uint8Array
}

/** Returns a layout that no row has. */
export function createLayout(): Layout {
  return {
    count: 0,
    fields: new Int8Array(MEMBERS_MAX),
    lengths: new Uint8Array(MEMBERS_MAX),
    words: new Int32Array(MEMBERS_MAX * WORDS_MAX),
    tail: new Uint8Array(0),
  }
}

/**
 * Learns how the object `[start, end)` is written. Learns nothing of one that gives a wanted
 * name twice, or is longer than any row seen. Its names must be free of escapes.
 */
export function learnLayout(
  layout: Layout,
  source: Source,
  range: { readonly start: number; readonly end: number },
  names: ReadonlyMap<string, number>,
): void {
  const { bytes, letters, from } = source
  const { start, end } = range
  layout.count = 0
  let count = 0
  let joint = start
  let at = skipBlanks(bytes, start + 1, end)
  const seen = new Set<number>()
  while (bytes[at] === 0x22) {
    const keyEnd = skipValue(bytes, at, end)
    const key = letters.slice(at + 1 - from, keyEnd - 1 - from)
    const value = skipBlanks(bytes, skipBlanks(bytes, keyEnd, end) + 1, end)
    const field = names.get(key) ?? -1
    const isTooLong = count === MEMBERS_MAX || value - joint > JOINT_BYTES_MAX
    if (isTooLong || seen.has(field)) return
    if (field >= 0) seen.add(field)
    learnJoint(layout, source, { member: count, start: joint, end: value })
    layout.fields[count] = field
    count += 1
    joint = skipValue(bytes, value, end)
    const comma = skipBlanks(bytes, joint, end)
    if (bytes[comma] !== 0x2c) break
    at = skipBlanks(bytes, comma + 1, end)
  }
  layout.tail = bytes.slice(joint, end)
  layout.count = count
}

function learnJoint(
  { lengths, words }: Layout,
  { view, shift }: Source,
  { member, start, end }: { member: number; start: number; end: number },
): void {
  const length = end - start
  lengths[member] = length
  const first = member * WORDS_MAX
  // Two quotes, a colon, and a comma or brace: no joint is shorter than a word.
  const last = length - 4
  for (let at = 0; at < last; at += 4) {
    words[first + at / 4] = view.getInt32(start + at + shift, true)
  }
  words[first + Math.ceil(last / 4)] = view.getInt32(start + last + shift, true)
}

/** Returns the index of the value of member `i`, whose joint must stand at `at`. */
export function passJoint(layout: Layout, source: Source, member: number, at: number): number {
  const { lengths, words } = layout
  const { view, shift, end } = source
  const length = lengths[member] as number
  if (at + length > end) return NO_MATCH
  let word = member * WORDS_MAX
  const last = at + length - 4 + shift
  for (let place = at + shift; place < last; place += 4) {
    if (view.getInt32(place, true) !== words[word]) return NO_MATCH
    word += 1
  }
  return view.getInt32(last, true) === words[word] ? at + length : NO_MATCH
}

/** Returns the index after the row whose last value ended at `at`. */
export function passTail({ tail }: Layout, bytes: Uint8Array, at: number, end: number): number {
  if (at + tail.length > end) return NO_MATCH
  for (let i = 0; i < tail.length; i += 1) if (bytes[at + i] !== tail[i]) return NO_MATCH
  return at + tail.length
}

/** Returns the index after a value that nobody wants, or {@link NO_MATCH}. */
export function passValue({ bytes, letters, from }: Source, start: number, end: number): number {
  const first = bytes[start] as number
  if (first === 0x22) {
    // The letters are searched a good deal faster than bytes are compared.
    const quote = letters.indexOf('"', start + 1 - from) + from
    const isEnd = quote > start && quote < end && bytes[quote - 1] !== 0x5c
    return isEnd ? quote + 1 : skipValue(bytes, start, end)
  }
  return skipValue(bytes, start, end)
}
