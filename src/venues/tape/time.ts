import type { EpochUnit } from '../../market/time.ts'
import { parseTimeUs, readTimeUs } from '../../market/time.ts'

/** How a file writes its times; `auto` tells ISO text by its signs and a number by its size. */
export type TimeUnit = EpochUnit | 'iso' | 'auto'

const ZERO = 48
const POINT = 46
const MINUS = 45

/** Decimal places between a unit and the microsecond. */
const PLACES: Readonly<Record<EpochUnit, number>> = { s: 6, ms: 3, us: 0, ns: -3 }

/** Beyond this, one more digit could leave the safe integers. */
const ROOM_FOR_A_DIGIT = 900_719_925_474_098

/** ISO 8601 as files really write it: seconds and zone may be missing, and the zone short. */
const LOOSE_ISO =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)? ?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?$/

/**
 * Reads a time in `bytes[start, end)` as epoch microseconds, floored, or -1 where it is none.
 *
 * Numbers are read from their digits, fraction and exponent included, so that seconds with
 * seven decimals or nineteen digits of nanoseconds lose nothing to a float. Times before 1970
 * are refused. Text without a zone is UTC.
 *
 * @example
 * '1618677817.0206160' as s      // 1618677817020616
 * '2023-09-05T16:00:01.281719Z'  // 1693929601281719
 */
export function readTapeTimeUs(
  bytes: Uint8Array,
  start: number,
  end: number,
  unit: TimeUnit = 'auto',
): number {
  if (unit === 'iso') return isoTimeUs(bytes, start, end)
  if (unit !== 'auto') return epochTimeUs(bytes, start, end, unit)
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!
    // `T`, `t` and `-` stand in ISO text and in no time written as a plain number.
    if (byte === 84 || byte === 116 || byte === MINUS) return isoTimeUs(bytes, start, end)
  }
  return epochTimeUs(bytes, start, end, 'auto')
}

/** Reads a date or date-time such as `2016-10-07` as epoch microseconds, or -1. */
export function dateUs(text: string): number {
  const match = LOOSE_ISO.exec(text)
  if (match === null) return -1
  const [, date, minutes = '00:00', seconds = ':00', zone] = match
  const timeUs = parseTimeUs(`${date}T${minutes}${seconds}${fullZone(zone)}`)
  return timeUs === null || timeUs < 0 ? -1 : timeUs
}

function isoTimeUs(bytes: Uint8Array, start: number, end: number): number {
  const timeUs = readTimeUs(bytes, start, end)
  if (timeUs >= 0) return timeUs
  // Not RFC 3339, or before 1970. The longest text worth a second look is 40 bytes.
  if (!Number.isNaN(timeUs) || end - start > 40) return -1
  return dateUs(new TextDecoder().decode(bytes.subarray(start, end)))
}

/** Returns a zone as RFC 3339 wants it: `Z` or `+HH:MM`. */
function fullZone(zone: string | undefined): string {
  if (zone === undefined || zone.length === 1 || zone === 'UTC') return 'Z'
  if (zone.length === 3) return `${zone}:00`
  return zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
}

function epochTimeUs(
  bytes: Uint8Array,
  start: number,
  end: number,
  unit: EpochUnit | 'auto',
): number {
  let at = start
  while (at < end && bytes[at] === ZERO) at += 1
  const leadingZeros = at - start
  while (at < end && isDigit(bytes[at]!)) at += 1
  const whole = at - start
  if (whole === 0) return -1
  if (at < end && bytes[at] === POINT) {
    const fractionStart = at + 1
    at = fractionStart
    while (at < end && isDigit(bytes[at]!)) at += 1
    if (at === fractionStart) return -1
  }
  const digitsEnd = at
  const exponent = at === end ? 0 : readExponent(bytes, at, end)
  if (exponent === null) return -1
  const places = PLACES[unit === 'auto' ? unitOf(whole - leadingZeros + exponent) : unit]
  return takeDigits(bytes, start, digitsEnd, whole + exponent + places)
}

/** Units differ by a thousand, and a date this side of the year 5138 fits only one of them. */
function unitOf(wholeDigits: number): EpochUnit {
  if (wholeDigits <= 11) return 's'
  if (wholeDigits <= 14) return 'ms'
  return wholeDigits <= 17 ? 'us' : 'ns'
}

/** Reads the first `count` digits as one number, as if zeros followed; -1 if it is too big. */
function takeDigits(bytes: Uint8Array, start: number, end: number, count: number): number {
  let value = 0
  let taken = 0
  for (let at = start; at < end && taken < count; at += 1) {
    const byte = bytes[at]!
    if (byte === POINT) continue
    if (value > ROOM_FOR_A_DIGIT) return -1
    value = value * 10 + (byte - ZERO)
    taken += 1
  }
  for (; taken < count && value > 0; taken += 1) {
    if (value > ROOM_FOR_A_DIGIT) return -1
    value *= 10
  }
  return value
}

/** Reads `e+18` and the like; `null` where it is no exponent, or none a time could have. */
function readExponent(bytes: Uint8Array, start: number, end: number): number | null {
  const text = new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 8)))
  return /^[eE][+-]?\d{1,3}$/.test(text) ? Number(text.slice(1)) : null
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 57
}
