import type { Decimal } from './decimal-value.ts'
import { createDecimal, POWERS, powerOfTen } from './decimal-value.ts'

/**
 * A running exact sum of decimals.
 *
 * It stays in Numbers while every step is a safe integer, and moves what it holds into a
 * bigint when a step would not be: the value is `mantissa / 10^scale + spill / 10^spillScale`.
 * Owned by whoever created it; only the functions of this module change it.
 */
export interface DecimalSum {
  mantissa: number
  scale: number
  spill: bigint
  spillScale: number
}

/** Returns a sum of nothing. */
export function createSum(): DecimalSum {
  return { mantissa: 0, scale: 0, spill: 0n, spillScale: 0 }
}

/** Makes `sum` zero again, for use by another series. */
export function resetSum(sum: DecimalSum): void {
  sum.mantissa = 0
  sum.scale = 0
  sum.spill = 0n
  sum.spillScale = 0
}

/** Adds `mantissa / 10^scale`; the mantissa is a safe integer. */
export function addToSum(sum: DecimalSum, mantissa: number, scale: number): void {
  let addend = mantissa
  if (scale !== sum.scale) {
    const places = scale - sum.scale
    if (places > 0) {
      raiseScale(sum, scale)
    } else {
      // Rounding carries no product past 2^53 back below it: a safe result is exact.
      addend = places < -22 ? Number.NaN : mantissa * (POWERS[-places] as number)
      if (!Number.isSafeInteger(addend)) {
        spillInto(sum, BigInt(mantissa), scale)
        return
      }
    }
  }
  const total = sum.mantissa + addend
  if (Number.isSafeInteger(total)) {
    sum.mantissa = total
    return
  }
  spillInto(sum, BigInt(sum.mantissa), sum.scale)
  sum.mantissa = addend
}

/** Adds the exact product of two decimals given as safe integers and scales. */
export function addProductToSum(
  sum: DecimalSum,
  mantissa: number,
  scale: number,
  byMantissa: number,
  byScale: number,
): void {
  const product = mantissa * byMantissa
  if (Number.isSafeInteger(product)) addToSum(sum, product, scale + byScale)
  else spillInto(sum, BigInt(mantissa) * BigInt(byMantissa), scale + byScale)
}

/** Adds a decimal of any length. */
export function addDecimalToSum(sum: DecimalSum, decimal: Decimal): void {
  const small = Number(decimal.mantissa)
  if (Number.isSafeInteger(small)) addToSum(sum, small, decimal.scale)
  else spillInto(sum, decimal.mantissa, decimal.scale)
}

/** Returns the sum so far, exactly; the sum itself is left as it was. */
export function sumDecimal(sum: Readonly<DecimalSum>): Decimal {
  if (sum.spill === 0n) return createDecimal(BigInt(sum.mantissa), sum.scale)
  const scale = Math.max(sum.scale, sum.spillScale)
  const small = BigInt(sum.mantissa) * powerOfTen(scale - sum.scale)
  return createDecimal(small + sum.spill * powerOfTen(scale - sum.spillScale), scale)
}

/** Brings the Number part to a higher scale, or empties it into the spill where that is unsafe. */
function raiseScale(sum: DecimalSum, scale: number): void {
  const places = scale - sum.scale
  const raised = places > 22 ? Number.NaN : sum.mantissa * (POWERS[places] as number)
  if (Number.isSafeInteger(raised)) {
    sum.mantissa = raised
  } else {
    spillInto(sum, BigInt(sum.mantissa), sum.scale)
    sum.mantissa = 0
  }
  sum.scale = scale
}

function spillInto(sum: DecimalSum, mantissa: bigint, scale: number): void {
  if (scale > sum.spillScale) {
    sum.spill *= powerOfTen(scale - sum.spillScale)
    sum.spillScale = scale
  }
  sum.spill += mantissa * powerOfTen(sum.spillScale - scale)
}
