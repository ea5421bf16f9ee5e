import { createDecimalSlot, readDecimal, scaledText } from '../../market/decimal.ts'

/**
 * A decimal as it was read before: of a bar that is sent again and again most prices stand.
 *
 * Bounded, and only a memo: what it answers follows from the bytes alone.
 */
export interface DecimalMemo {
  /** Canonical text. */
  text: string
  /** The double nearest to it: for order alone, never to be kept. */
  size: number
}

const PLACES = 2048
/** Longer texts are read anew each time. */
const WIDTH = 16

const keys = new Uint8Array(PLACES * WIDTH)
const lengths = new Uint8Array(PLACES)
const memos: DecimalMemo[] = Array.from({ length: PLACES }, () => ({ text: '', size: 0 }))
const long: DecimalMemo = { text: '', size: 0 }
const slot = createDecimalSlot()

/**
 * Returns the decimal `bytes[start, end)` spells, or `null` where it takes a longer way: with an
 * exponent, with more than 15 digits, or not at all. Valid until the next call.
 *
 * Decimals of 15 digits or fewer are told apart by the doubles nearest to them.
 */
export function recallDecimal(bytes: Uint8Array, start: number, end: number): DecimalMemo | null {
  const length = end - start
  if (length < 1) return null
  if (length > WIDTH) return fill(long, bytes, start, end)
  let hash = length
  for (let at = start; at < end; at += 1) hash = Math.imul(hash, 31) + (bytes[at] as number)
  const place = (hash ^ (hash >>> 11)) & (PLACES - 1)
  const key = place * WIDTH
  const memo = memos[place] as DecimalMemo
  if (lengths[place] === length) {
    let at = 0
    while (at < length && keys[key + at] === bytes[start + at]) at += 1
    if (at === length) return memo
  }
  // Until it is whole, the place belongs to no text.
  lengths[place] = 0
  if (fill(memo, bytes, start, end) === null) return null
  for (let at = 0; at < length; at += 1) keys[key + at] = bytes[start + at] as number
  lengths[place] = length
  return memo
}

const POWERS = Array.from({ length: 64 }, (_, power) => 10 ** power)

function fill(
  memo: DecimalMemo,
  bytes: Uint8Array,
  start: number,
  end: number,
): DecimalMemo | null {
  if (!readDecimal(bytes, start, end, slot)) return null
  memo.text = scaledText(slot.mantissa, slot.scale)
  memo.size = slot.mantissa / (POWERS[slot.scale] as number)
  return memo
}
