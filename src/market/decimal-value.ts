import { assert } from '../core/assert.ts'

/**
 * An exact decimal number: `mantissa / 10^scale`.
 *
 * Always canonical: `scale` is a whole number of at least 0, and the mantissa ends in no zero
 * while `scale` is above 0, so equal numbers have equal parts.
 */
export interface Decimal {
  readonly mantissa: bigint
  readonly scale: number
}

/** Most digits, and the greatest exponent either way, that text may carry. */
export const DIGITS_MAX = 60

/** Powers of ten that are exact as Numbers: `POWERS[k]` is 10^k, for k up to 22. */
export const POWERS: readonly number[] = Array.from({ length: 23 }, (_, k) => Number(`1e${k}`))

const BIG_POWERS: readonly bigint[] = Array.from({ length: 160 }, (_, k) => 10n ** BigInt(k))

/** Returns 10^`exponent` exactly, for a whole exponent of at least 0. */
export function powerOfTen(exponent: number): bigint {
  return BIG_POWERS[exponent] ?? 10n ** BigInt(exponent)
}

/** Returns the canonical decimal that equals `mantissa / 10^scale`. */
export function createDecimal(mantissa: bigint, scale: number): Decimal {
  assert(Number.isSafeInteger(scale) && scale >= 0, 'scale is a whole number, at least 0')
  let rest = mantissa
  let places = scale
  if (rest === 0n) return { mantissa: 0n, scale: 0 }
  // By eights first: text padded to many places is common, one division per zero is slow.
  while (places >= 8 && rest % 100_000_000n === 0n) {
    rest /= 100_000_000n
    places -= 8
  }
  while (places > 0 && rest % 10n === 0n) {
    rest /= 10n
    places -= 1
  }
  return { mantissa: rest, scale: places }
}
