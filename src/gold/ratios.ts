import {
  createDecimal,
  type Decimal,
  decimalText,
  divideDecimal,
  multiplyDecimal,
  subtractDecimal,
} from '../market/decimal.ts'
import { exactDecimal } from '../market/decimal-text.ts'

/** Decimals of whatever is divided, rounded half-even; as many as an average price has. */
const RATIO_SCALE = 18

const HUNDRED = createDecimal(100n, 0)

/** Returns `to - from`, exactly. */
export function differenceText(from: string, to: string): string {
  return decimalText(subtractDecimal(exactDecimal(to), exactDecimal(from)))
}

/**
 * Returns `100 * (to - from) / from`, 18 decimals, half-even; or `null` from zero, which no
 * change is a part of.
 */
export function changePctText(from: string, to: string): string | null {
  const base = exactDecimal(from)
  if (base.mantissa === 0n) return null
  const change = subtractDecimal(exactDecimal(to), base)
  return decimalText(divideDecimal(multiplyDecimal(HUNDRED, change), base, RATIO_SCALE))
}

/** Returns `part / whole`, 18 decimals, half-even; or `null` of nothing, or where part is. */
export function shareText(part: string | null, whole: string | null): string | null {
  return part === null || whole === null
    ? null
    : quotientText(exactDecimal(part), exactDecimal(whole))
}

/** Returns `100 * part / whole` as {@link shareText} does. */
export function sharePctText(part: string | null, whole: string | null): string | null {
  if (part === null || whole === null) return null
  return quotientText(multiplyDecimal(HUNDRED, exactDecimal(part)), exactDecimal(whole))
}

/** Returns `sum / count`, 18 decimals, half-even; or `null` of none. */
export function meanText(sum: Decimal, count: number): string | null {
  return quotientText(sum, createDecimal(BigInt(count), 0))
}

function quotientText(part: Decimal, whole: Decimal): string | null {
  if (whole.mantissa === 0n) return null
  return decimalText(divideDecimal(part, whole, RATIO_SCALE))
}
