import { assert } from '../core/assert.ts'

const SECOND_US = 1_000_000
const MINUTE_US = 60 * SECOND_US
const DAY_US = 24 * 60 * MINUTE_US

/** Longest time text worth reading; the rest is somebody's mistake or attack. */
const TEXT_MAX = 64

/** Units in which a venue or a file counts time since the epoch. */
export type EpochUnit = 's' | 'ms' | 'us' | 'ns'

const UNIT_DIGITS: Readonly<Record<EpochUnit, number>> = { s: 6, ms: 3, us: 0, ns: -3 }

/** The day {@link readTimeUs} saw last, as `yyyymmdd`, and its start: a memo, not state. */
let memoDay = 19700101
let memoStartUs = 0

/**
 * Reads RFC 3339 text, `bytes[start, end)`, as whole epoch microseconds.
 *
 * Takes any width of fraction, none included, and floors it to the microsecond; `T`, `t` or a
 * space before the time; `Z`, `z` or an offset such as `+02:00` after it. Answers `NaN` for
 * everything else, among it a date that does not exist and one whose microseconds pass 2^53
 * (before 1684, after 2255). Allocates nothing.
 */
export function readTimeUs(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 20 || end - start > TEXT_MAX) return Number.NaN
  const separator = (bytes[start + 10] as number) | 0x20
  if (
    bytes[start + 4] !== 0x2d ||
    bytes[start + 7] !== 0x2d ||
    (separator !== 0x74 && bytes[start + 10] !== 0x20) ||
    bytes[start + 13] !== 0x3a ||
    bytes[start + 16] !== 0x3a
  ) {
    return Number.NaN
  }
  const century = twoDigits(bytes, start)
  const year = twoDigits(bytes, start + 2)
  const month = twoDigits(bytes, start + 5)
  const day = twoDigits(bytes, start + 8)
  const hour = twoDigits(bytes, start + 11)
  const minute = twoDigits(bytes, start + 14)
  const second = twoDigits(bytes, start + 17)
  // One test for seven pairs: a pair that is no number is negative, and so is the whole.
  if ((century | year | month | day | hour | minute | second) < 0) return Number.NaN
  // A leap second counts as the second after it.
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN
  const dayUs = startOfDayUs((century * 100 + year) * 10_000 + month * 100 + day)
  const wholeUs = dayUs + (hour * 3600 + minute * 60 + second) * SECOND_US
  const timeUs = wholeUs + fractionAndZoneUs(bytes, start + 19, end)
  return Number.isSafeInteger(timeUs) ? timeUs : Number.NaN
}

const scratch = new Uint8Array(TEXT_MAX + 8)
const encoder = new TextEncoder()

/** Reads RFC 3339 text exactly, as {@link readTimeUs} does, or answers `null`. */
export function parseTimeUs(text: string): number | null {
  if (text.length > TEXT_MAX) return null
  const { written } = encoder.encodeInto(text, scratch)
  const timeUs = readTimeUs(scratch, 0, written)
  return Number.isNaN(timeUs) ? null : timeUs
}

const EPOCH_TEXT = /^(-?[0-9]{1,20})(?:\.([0-9]{1,18}))?$/

/**
 * Reads a count of `unit`s since the epoch as epoch microseconds, or answers `null`.
 *
 * Exact from its digits, a fraction included, and floored to the microsecond. Answers `null`
 * for what is no such number, or lies beyond a safe integer.
 *
 * @example
 * parseEpochUs('1693929601.2817195', 's') // 1693929601281719
 */
export function parseEpochUs(text: string, unit: EpochUnit): number | null {
  const match = EPOCH_TEXT.exec(text)
  if (match === null) return null
  const [, whole = '', fraction = ''] = match
  const digits = UNIT_DIGITS[unit]
  const scaled = BigInt(whole + fraction) * 10n ** BigInt(digits + 3)
  const divisor = 10n ** BigInt(fraction.length + 3)
  const quotient = scaled / divisor
  const floored = scaled < 0n && scaled % divisor !== 0n ? quotient - 1n : quotient
  const timeUs = Number(floored)
  return Number.isSafeInteger(timeUs) ? timeUs : null
}

/**
 * Returns epoch microseconds as RFC 3339 in UTC: with milliseconds, or with microseconds where
 * the time is not a whole millisecond.
 *
 * @example
 * formatTimeUs(1_790_689_558_500_000) // 2026-09-29T13:45:58.500Z
 */
export function formatTimeUs(timeUs: number): string {
  assert(Number.isSafeInteger(timeUs), 'time is whole epoch microseconds')
  const milliseconds = Math.floor(timeUs / 1000)
  const rest = timeUs - milliseconds * 1000
  assert(Math.abs(milliseconds) <= 8.64e15, 'time is one a calendar knows')
  const text = new Date(milliseconds).toISOString()
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/** Reads two digits, or answers a negative number. */
function twoDigits(bytes: Uint8Array, at: number): number {
  // `^ 0x30` turns a digit into its value and anything else into 10 or more.
  const tens = (bytes[at] as number) ^ 0x30
  const ones = (bytes[at + 1] as number) ^ 0x30
  return tens > 9 || ones > 9 ? -1 : tens * 10 + ones
}

/** Returns the start of a day given as `yyyymmdd`, or `NaN` where no calendar has it. */
function startOfDayUs(day: number): number {
  if (day === memoDay) return memoStartUs
  const year = Math.trunc(day / 10_000)
  const month = Math.trunc(day / 100) % 100
  const date = day % 100
  if (month < 1 || month > 12 || date < 1 || date > daysInMonth(year, month)) return Number.NaN
  // Days from the civil calendar, counting years from March so that February comes last.
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.trunc((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1
  const leapDays = Math.trunc(yearOfEra / 4) - Math.trunc(yearOfEra / 100)
  memoStartUs = (era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468) * DAY_US
  memoDay = day
  return memoStartUs
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Reads what follows the whole second: the fraction, floored, less the offset of the zone. */
function fractionAndZoneUs(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  let fractionUs = 0
  if (bytes[at] === 0x2e) {
    at += 1
    const first = at
    while (at < end) {
      const digit = (bytes[at] as number) ^ 0x30
      if (digit > 9) break
      // Places past the sixth weigh nothing: that is the floor.
      if (at < first + 6) fractionUs = fractionUs * 10 + digit
      at += 1
    }
    if (at === first) return Number.NaN
    for (let places = at - first; places < 6; places += 1) fractionUs *= 10
  }
  if (at + 1 === end && ((bytes[at] as number) | 0x20) === 0x7a) return fractionUs
  const sign = bytes[at]
  if (at + 6 !== end || (sign !== 0x2b && sign !== 0x2d) || bytes[at + 3] !== 0x3a) {
    return Number.NaN
  }
  const hours = twoDigits(bytes, at + 1)
  const minutes = twoDigits(bytes, at + 4)
  if (hours < 0 || minutes < 0 || hours > 23 || minutes > 59) return Number.NaN
  const offsetUs = (hours * 60 + minutes) * MINUTE_US
  return sign === 0x2b ? fractionUs - offsetUs : fractionUs + offsetUs
}
