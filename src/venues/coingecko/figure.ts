import { Buffer } from 'node:buffer'
import { FIELD } from '../../core/json/scan.ts'
import { canonicalDecimal } from '../../market/decimal.ts'
import type { RejectReason } from '../../market/event.ts'
import { parseEpochUs } from '../../market/time.ts'

/** Why a row was refused. */
export interface Fault {
  readonly reason: RejectReason
  readonly detail: string
}

/** Most digits that a figure may carry, as for any decimal. */
const DIGITS_MAX = 60

/**
 * Bytes, and the same as text: one letter for each byte, so that a part of the one is the same
 * part of the other. Cutting parts out of one text is a good deal quicker than decoding each.
 */
export interface Source {
  readonly bytes: Uint8Array
  /** `bytes[from, end)`, a letter for each byte. */
  readonly letters: string
  readonly from: number
  readonly end: number
  /** The whole buffer that `bytes` is a part of, and where in it they begin. */
  readonly view: DataView
  readonly shift: number
}

/** The buffer read last: a log is read in large blocks, views of each answer are not wanted. */
let block: Buffer = Buffer.alloc(0)
let view: DataView = new DataView(block.buffer)

/** Returns `bytes[start, end)` beside its letters. */
export function sourceOf(bytes: Uint8Array, start: number, end: number): Source {
  const { buffer, byteOffset: shift } = bytes
  if (buffer !== view.buffer) {
    block = Buffer.from(buffer)
    view = new DataView(buffer)
  }
  const letters = block.toString('latin1', shift + start, shift + end)
  return { bytes, letters, from: start, end, view, shift }
}

/** Returns the letters of `bytes[start, end)`: its text, where that is ASCII. */
export function lettersOf({ letters, from }: Source, start: number, end: number): string {
  return letters.slice(start - from, end - from)
}

/** Whether `bytes[start, end)` is the word `null`. */
export function isNull(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 4 &&
    bytes[start] === 0x6e &&
    bytes[start + 1] === 0x75 &&
    bytes[start + 2] === 0x6c &&
    bytes[start + 3] === 0x6c
  )
}

/**
 * Reads one bare JSON number, exponents included, as canonical decimal text with all of its
 * digits. Answers `null` for the word `null` and for a field that is absent, and `undefined`
 * for everything else: a number never comes in quotes here.
 */
export function readFigure(
  source: Source,
  kind: number,
  start: number,
  end: number,
): string | null | undefined {
  if (kind === FIELD.absent) return null
  if (kind === FIELD.literal) return isNull(source.bytes, start, end) ? null : undefined
  return kind === FIELD.number ? readDecimalText(source, start, end) : undefined
}

/** Reads an element of a list as {@link readFigure} reads a field. */
export function readElement(source: Source, start: number, end: number): string | null | undefined {
  const first = source.bytes[start] as number
  if (first === 0x6e) return isNull(source.bytes, start, end) ? null : undefined
  return readDecimalText(source, start, end)
}

/** Where the number that {@link passNumber} passed last has its parts. */
export const passed = {
  /** Where its digits before the point end. */
  point: 0,
  /** Where its canonical text ends, or {@link ODD}. */
  stop: 0,
}

/** Said of a number whose canonical text is no part of its source: see {@link oddText}. */
export const ODD = -1

/**
 * Returns the index after the number that begins at `start`, or -1 where there is none, and
 * notes in {@link passed} where its canonical text ends: all of it but for zeros at its end.
 */
export function passNumber(source: Source, start: number, end: number): number {
  const { bytes } = source
  const first = bytes[start] === 0x2d ? start + 1 : start
  let at = passDigits(bytes, first)
  if (at === first || (bytes[first] === 0x30 && at > first + 1)) return -1
  let last = at
  passed.point = at
  if (bytes[at] === 0x2e) {
    const places = at + 1
    at = passDigits(bytes, places)
    if (at === places) return -1
    last = at
    while (bytes[last - 1] === 0x30) last -= 1
    if (last === places) last -= 1
  }
  // Zero has a sign to lose.
  const isZero = last === first + 1 && bytes[first] === 0x30
  passed.stop = at - first > DIGITS_MAX || (isZero && first !== start) ? ODD : last
  if (at >= end) return at === end ? at : -1
  return ((bytes[at] as number) | 0x20) === 0x65 ? passExponent(bytes, at, end) : at
}

function passExponent(bytes: Uint8Array, start: number, end: number): number {
  const isSigned = bytes[start + 1] === 0x2b || bytes[start + 1] === 0x2d
  const first = isSigned ? start + 2 : start + 1
  const at = passDigits(bytes, first)
  passed.stop = ODD
  return at === first || at > end ? -1 : at
}

/**
 * Returns the index after the digits from `start` on, of which there may be none. In JSON that
 * is a list or an object some other byte follows any of them, before the end.
 */
function passDigits(bytes: Uint8Array, start: number): number {
  let at = start
  while (((bytes[at] as number) ^ 0x30) <= 9) at += 1
  return at
}

/**
 * Returns the text of the number in `[start, end)` that is canonical up to `stop`, or `ODD`;
 * `undefined` where it is too long.
 */
export function placedText(
  source: Source,
  start: number,
  stop: number,
  end: number,
): string | undefined {
  return stop === ODD ? oddText(source, start, end) : lettersOf(source, start, stop)
}

function readDecimalText(source: Source, start: number, end: number): string | undefined {
  const isNumber = passNumber(source, start, end) === end
  return placedText(source, start, isNumber ? passed.stop : ODD, end)
}

/**
 * Reads a number of any form, `9.76e-06` among them; `undefined` where it is too long, or none.
 */
export function oddText(source: Source, start: number, end: number): string | undefined {
  const small = smallText(source, start, end)
  return small ?? canonicalDecimal(lettersOf(source, start, end)) ?? undefined
}

/** What stands before the first digit of a number of so many zeros: above zero, and below. */
const ABOVE = Array.from({ length: 20 }, (_, zeros) => `0.${'0'.repeat(zeros)}`)
const BELOW = ABOVE.map((text) => `-${text}`)

/** Most digits after the point that are written out without much thought. */
const PLACES_MAX = 40

/**
 * Writes a number below one out, as `[-]D[.DDD]e-XX`, of which there are many; `null` where it
 * is of another form.
 */
function smallText(source: Source, start: number, end: number): string | null {
  const { bytes } = source
  const first = bytes[start] === 0x2d ? start + 1 : start
  const digit = (bytes[first] as number) - 0x30
  if (!(digit > 0 && digit <= 9)) return null
  const places = bytes[first + 1] === 0x2e ? first + 2 : first + 1
  let at = places
  while (at < end && ((bytes[at] as number) ^ 0x30) <= 9) at += 1
  const isSmall = ((bytes[at] as number) | 0x20) === 0x65 && bytes[at + 1] === 0x2d
  if (!isSmall || at - places > PLACES_MAX || (places === first + 1 && at !== places)) return null
  let last = at
  while (last > places && bytes[last - 1] === 0x30) last -= 1
  const zeros = Number(lettersOf(source, at + 2, end)) - 1
  const before = (first === start ? ABOVE : BELOW)[zeros]
  if (before === undefined) return null
  return before + lettersOf(source, first, first + 1) + lettersOf(source, places, last)
}

/** Reads a count of milliseconds as epoch microseconds, or answers `null`. */
export function readMsUs(source: Source, start: number, end: number): number | null {
  return parseEpochUs(lettersOf(source, start, end), 'ms')
}

/** Orders two canonical decimals that are not negative, by their texts: -1, 0 or 1. */
export function compareFigures(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0
  const aWhole = wholeDigits(a)
  const bWhole = wholeDigits(b)
  if (aWhole !== bWhole) return aWhole < bWhole ? -1 : 1
  // As long before the point, they are in the order of their letters.
  return a < b ? -1 : 1
}

function wholeDigits(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? text.length : point
}
