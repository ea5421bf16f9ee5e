import { assert } from '../core/assert.ts'
import { compareDecimal, type Decimal, decimalText, parseDecimal } from './decimal.ts'
import { scaledText } from './decimal-slot.ts'
import { addDecimalToSum, addToSum, type DecimalSum, sumDecimal } from './decimal-sum.ts'

/** Fifteen digits and a point: text as long or shorter is a safe integer and a scale. */
const SHORT_MAX = 16

const POINT = 0x2e
const ZERO = 0x30

/**
 * Adds decimal text to a sum, exactly, without a detour over bigints where it is short.
 *
 * For text that is known to be a decimal, such as that of a column: anything else is our mistake.
 */
export function addTextToSum(sum: DecimalSum, text: string): void {
  const { length } = text
  let mantissa = 0
  let point = length
  let at = length > SHORT_MAX ? -1 : 0
  while (at >= 0 && at < length) {
    const code = text.charCodeAt(at)
    const digit = code - ZERO
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit
    else if (code === POINT && point === length && at > 0 && at < length - 1) point = at
    else break
    at += 1
  }
  if (at === length && at > 0 && (point < length || length < SHORT_MAX)) {
    addToSum(sum, mantissa, point === length ? 0 : length - point - 1)
  } else {
    addDecimalToSum(sum, exactDecimal(text))
  }
}

/** Returns the canonical text of a sum so far. */
export function sumText(sum: Readonly<DecimalSum>): string {
  if (sum.spill !== 0n) return decimalText(sumDecimal(sum))
  let { mantissa, scale } = sum
  while (scale > 0 && mantissa % 10 === 0) {
    mantissa /= 10
    scale -= 1
  }
  return mantissa === 0 ? '0' : scaledText(mantissa, scale)
}

/**
 * Orders the canonical texts of two decimals by value: -1, 0 or 1, as `sort` wants it.
 *
 * Canonical text has neither padding nor exponent, so of two that are not negative the one with
 * more digits before the point is greater, and with as many the order of text is that of value.
 */
export function compareDecimalText(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0
  if (a.charCodeAt(0) < ZERO || b.charCodeAt(0) < ZERO) {
    return compareDecimal(exactDecimal(a), exactDecimal(b))
  }
  const difference = wholeDigits(a) - wholeDigits(b)
  if (difference !== 0) return difference < 0 ? -1 : 1
  return a < b ? -1 : 1
}

/** Reads text that is known to be a decimal, such as that of a column. */
export function exactDecimal(text: string): Decimal {
  const decimal = parseDecimal(text)
  assert(decimal !== null, 'a decimal column holds decimal text')
  return decimal
}

function wholeDigits(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? text.length : point
}
