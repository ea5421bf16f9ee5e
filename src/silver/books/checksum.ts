import { crc32 } from 'node:zlib'
import { assert } from '../../core/assert.ts'
import { parseDecimal } from '../../market/decimal.ts'
import { POWERS } from '../../market/decimal-value.ts'
import type { BookSide, HeldSize } from './side.ts'

/** Levels of a side that a checksum covers. */
const LEVELS = 10

/** Places that are tried beyond those seen: no pair is written with more. */
const PRICE_TRIES = 6
const SIZE_TRIES = 10

/** Below it a Number times a power of ten is nearest to the whole number that is meant. */
const EXACT_MAX = 2 ** 50

/** How many decimals a pair's prices and sizes are written with. */
export interface Precision {
  readonly price: number
  readonly size: number
}

/**
 * Returns the checksum of the best levels of both sides: CRC-32 of the asks, best first, then
 * the bids, of each the digits of price and size, written with the pair's fixed number of
 * decimals, without the point and without zeros at the front.
 */
export function bookChecksum(bids: BookSide, asks: BookSide, precision: Precision): number {
  return crc32(digitsOfSide(asks, precision) + digitsOfSide(bids, precision))
}

/**
 * Returns the precision that makes the checksum right, or `null` where none does.
 *
 * The wire need not say it: bare numbers lose the zeros at their end. It is at least what was
 * seen, and of the few dozen there may be each has one chance in four thousand million to be
 * wrong and look right.
 */
export function findPrecision(
  bids: BookSide,
  asks: BookSide,
  wanted: { readonly checksum: number; readonly least: Precision },
): Precision | null {
  const { checksum, least } = wanted
  for (let price = least.price; price <= least.price + PRICE_TRIES; price += 1) {
    for (let size = least.size; size <= least.size + SIZE_TRIES; size += 1) {
      if (bookChecksum(bids, asks, { price, size }) === checksum) return { price, size }
    }
  }
  return null
}

function digitsOfSide({ keys, sizes }: BookSide, precision: Precision): string {
  let digits = ''
  const last = Math.max(0, keys.length - LEVELS)
  for (let at = keys.length - 1; at >= last; at -= 1) {
    digits += digitsOf(Math.abs(keys[at] as number), precision.price)
    digits += digitsOf(sizes[at] as HeldSize, precision.size)
  }
  return digits
}

/** Returns the digits of `value` times ten to the power of `scale`, a whole number. */
function digitsOf(value: HeldSize, scale: number): string {
  if (typeof value === 'number') {
    const whole = value * (POWERS[scale] as number)
    if (whole < EXACT_MAX) return String(Math.round(whole))
  }
  const decimal = parseDecimal(String(value))
  assert(decimal !== null && decimal.scale <= scale, 'a size is a decimal of no more places')
  return String(decimal.mantissa * 10n ** BigInt(scale - decimal.scale))
}
