import { assert } from '../core/assert.ts'
import type { Decimal } from './decimal-value.ts'
import { createDecimal, DIGITS_MAX, powerOfTen } from './decimal-value.ts'

export {
  copyDecimal,
  createDecimalSlot,
  type DecimalCopy,
  type DecimalSlot,
  readDecimal,
  scaledText,
} from './decimal-slot.ts'
export {
  addDecimalToSum,
  addProductToSum,
  addToSum,
  createSum,
  type DecimalSum,
  resetSum,
  sumDecimal,
} from './decimal-sum.ts'
export { createDecimal, type Decimal } from './decimal-value.ts'

const DECIMAL_TEXT = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/** Longest text worth looking at: the digits, sign, point and an exponent, with room to spare. */
const TEXT_MAX = DIGITS_MAX + 12

/**
 * Reads decimal text exactly, or answers `null` where it is none.
 *
 * Takes what a JSON number may look like, an exponent included, and leading zeros besides.
 * Refuses a leading plus, spaces, `NaN`, `Infinity`, hexadecimal, an empty or missing part on
 * either side of the point, more than 60 digits, and exponents beyond 60 either way.
 *
 * @example
 * parseDecimal('3.844E-5') // { mantissa: 3844n, scale: 8 }
 * parseDecimal('1e400') // null
 */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > TEXT_MAX) return null
  const match = DECIMAL_TEXT.exec(text)
  if (match === null) return null
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match
  if (whole.length + fraction.length > DIGITS_MAX) return null
  const exponent = Number(exponentText)
  if (exponent > DIGITS_MAX || exponent < -DIGITS_MAX) return null
  const digits = BigInt(whole + fraction)
  const mantissa = sign === '-' ? -digits : digits
  const scale = fraction.length - exponent
  return scale >= 0
    ? createDecimal(mantissa, scale)
    : createDecimal(mantissa * powerOfTen(-scale), 0)
}

/** Returns the one canonical text of a decimal: no exponent, no padding, no `-0`. */
export function decimalText(decimal: Decimal): string {
  const { mantissa, scale } = decimal
  if (scale === 0) return mantissa.toString()
  const negative = mantissa < 0n
  const digits = (negative ? -mantissa : mantissa).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** Returns the canonical form of decimal text, or `null` where it is none. */
export function canonicalDecimal(text: string): string | null {
  const decimal = parseDecimal(text)
  return decimal === null ? null : decimalText(decimal)
}

/** Returns `a + b`, exactly. */
export function addDecimal(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return createDecimal(mantissaAt(a, scale) + mantissaAt(b, scale), scale)
}

/** Returns `a - b`, exactly. */
export function subtractDecimal(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return createDecimal(mantissaAt(a, scale) - mantissaAt(b, scale), scale)
}

/** Returns `a * b`, exactly. */
export function multiplyDecimal(a: Decimal, b: Decimal): Decimal {
  return createDecimal(a.mantissa * b.mantissa, a.scale + b.scale)
}

/** Orders two decimals by value: -1, 0 or 1, as `sort` wants it. */
export function compareDecimal(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const scale = Math.max(a.scale, b.scale)
  const left = mantissaAt(a, scale)
  const right = mantissaAt(b, scale)
  if (left === right) return 0
  return left < right ? -1 : 1
}

/**
 * Returns `a / b` rounded half-even to at most `scale` decimals.
 *
 * The divisor must not be zero.
 */
export function divideDecimal(a: Decimal, b: Decimal, scale: number): Decimal {
  assert(b.mantissa !== 0n, 'the divisor is not zero')
  assert(Number.isSafeInteger(scale) && scale >= 0, 'scale is a whole number, at least 0')
  const shift = scale + b.scale - a.scale
  const above = shift >= 0 ? a.mantissa * powerOfTen(shift) : a.mantissa
  const below = shift >= 0 ? b.mantissa : b.mantissa * powerOfTen(-shift)
  return createDecimal(divideHalfEven(above, below), scale)
}

/** Returns `decimal` rounded half-even to at most `scale` decimals. */
export function roundDecimal(decimal: Decimal, scale: number): Decimal {
  assert(Number.isSafeInteger(scale) && scale >= 0, 'scale is a whole number, at least 0')
  if (decimal.scale <= scale) return decimal
  const dropped = powerOfTen(decimal.scale - scale)
  return createDecimal(divideHalfEven(decimal.mantissa, dropped), scale)
}

/**
 * Tells whether a decimal fits a database column of `digits` digits, `scale` of them decimals.
 *
 * As in SQL's `decimal(digits, scale)`, `digits - scale` places are left before the point.
 */
export function fitsDecimal(decimal: Decimal, digits: number, scale: number): boolean {
  assert(digits >= scale && scale >= 0, 'a column has at least as many digits as decimals')
  if (decimal.scale > scale) return false
  const size = decimal.mantissa < 0n ? -decimal.mantissa : decimal.mantissa
  return size < powerOfTen(digits - scale + decimal.scale)
}

function mantissaAt(decimal: Decimal, scale: number): bigint {
  return decimal.mantissa * powerOfTen(scale - decimal.scale)
}

/** Divides rounding to the nearest, ties to the even quotient. */
function divideHalfEven(above: bigint, below: bigint): bigint {
  const negative = above < 0n !== below < 0n
  const dividend = above < 0n ? -above : above
  const divisor = below < 0n ? -below : below
  const whole = dividend / divisor
  const twice = (dividend % divisor) * 2n
  const up = twice > divisor || (twice === divisor && (whole & 1n) === 1n)
  const rounded = up ? whole + 1n : whole
  return negative ? -rounded : rounded
}
