import { DIGITS_MAX } from './decimal-value.ts'

/**
 * A small decimal in plain Numbers, filled again and again so that reading allocates nothing.
 *
 * Its value is `mantissa / 10^scale`; the mantissa is a safe integer without trailing fraction
 * zeros, and never `-0`. `digits` counts its significant digits, 0 for zero.
 */
export interface DecimalSlot {
  mantissa: number
  scale: number
  digits: number
}

/** Significant digits that {@link readDecimal} holds exactly: 10^15 is below 2^53. */
export const SLOT_DIGITS_MAX = 15

/** Returns a slot that holds zero. */
export function createDecimalSlot(): DecimalSlot {
  return { mantissa: 0, scale: 0, digits: 0 }
}

/**
 * Reads plain decimal text, `bytes[start, end)`, into `slot`, and says whether it could.
 *
 * Plain is an optional minus, digits, and perhaps a point with more digits. Answers `false`
 * for everything else, right or wrong, an exponent and more than 15 significant digits among
 * it; the slot is then meaningless and the caller asks `parseDecimal` of the text.
 */
export function readDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
  slot: DecimalSlot,
): boolean {
  // Longer than the longest that `parseDecimal` takes: let it be the one to refuse.
  if (end - start > DIGITS_MAX) return false
  let at = start
  const negative = at < end && bytes[at] === 0x2d
  if (negative) at += 1
  // Leading zeros carry nothing, but one digit must stand before the point.
  const wholeStart = at
  while (at < end && bytes[at] === 0x30) at += 1
  const firstDigit = at
  let mantissa = 0
  let digit = 0
  while (at < end) {
    digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) break
    mantissa = mantissa * 10 + digit
    at += 1
  }
  if (at === wholeStart) return false
  let digits = at - firstDigit
  let scale = 0
  if (at < end) {
    const point = at
    if (bytes[at] !== 0x2e || at + 1 === end) return false
    let last = end
    while (bytes[last - 1] === 0x30) last -= 1
    at += 1
    if (digits === 0) while (at < last && bytes[at] === 0x30) at += 1
    const firstPlace = at
    while (at < last) {
      digit = (bytes[at] as number) - 0x30
      if (digit < 0 || digit > 9) return false
      mantissa = mantissa * 10 + digit
      at += 1
    }
    // The zeros trimmed from the end stop at the point at the latest.
    if (last > point + 1) scale = last - point - 1
    digits += at - firstPlace
  }
  if (digits > SLOT_DIGITS_MAX) return false
  slot.mantissa = negative && mantissa !== 0 ? -mantissa : mantissa
  slot.scale = scale
  slot.digits = digits
  return true
}

/** A small decimal in Numbers, with its canonical text appended to bytes of the caller's. */
export interface DecimalCopy {
  mantissa: number
  scale: number
  text: Uint8Array
  /** Bytes of `text` in use; the next text begins there. */
  length: number
}

/**
 * Reads as {@link readDecimal} does, and in the same pass appends the canonical text.
 *
 * Takes less than that: no sign, and zeros before the first digit only where one stands alone
 * before the point. Answers `false` for the rest, with nothing appended.
 */
export function copyDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
  copy: DecimalCopy,
): boolean {
  const { text } = copy
  const from = copy.length
  const count = end - start
  // Sixteen bytes are fifteen digits and a point: no count of digits need be kept.
  if (count > SLOT_DIGITS_MAX + 1 || count === 0) return false
  let point = -1
  let mantissa = 0
  for (let at = 0; at < count; at += 1) {
    const byte = bytes[start + at] as number
    const digit = byte - 0x30
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit
    else if (byte === 0x2e && point < 0 && at > 0) point = at
    else return false
    text[from + at] = byte
  }
  const whole = point < 0 ? count : point
  if (whole > 1 && text[from] === 0x30) return false
  if (point < 0) {
    if (count > SLOT_DIGITS_MAX) return false
    copy.scale = 0
    copy.length = from + count
  } else {
    let last = count - 1
    if (last === point) return false
    while (text[from + last] === 0x30) {
      mantissa /= 10
      last -= 1
    }
    copy.scale = last - point
    copy.length = from + (last === point ? point : last + 1)
  }
  copy.mantissa = mantissa
  return true
}

/**
 * Returns the canonical text of `mantissa / 10^scale` for a safe integer mantissa.
 *
 * Trailing fraction zeros of the mantissa must already be gone, as {@link readDecimal} leaves it.
 */
export function scaledText(mantissa: number, scale: number): string {
  if (scale === 0) return String(mantissa)
  const negative = mantissa < 0
  const digits = String(negative ? -mantissa : mantissa).padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}
