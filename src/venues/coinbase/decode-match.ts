import { readSymbol } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'
import type { TradeSlot } from '../../market/trade.ts'

/**
 * The text between two values of a match frame, eight bytes to a word.
 *
 * A word is compared as a double: two of them are equal only if their bits are, since ASCII
 * text never spells a zero or a NaN.
 */
interface Joint {
  readonly length: number
  readonly words: Float64Array
}

const HEAD = createJoint('{"type":"match","trade_id":')
const MAKER = createJoint(',"maker_order_id":"')
const TAKER = createJoint('","taker_order_id":"')
const SIDE = createJoint('","side":"')
const SIZE = createJoint('","size":"')
const PRICE = createJoint('","price":"')
const PRODUCT = createJoint('","product_id":"')
const SEQUENCE = createJoint('","sequence":')
const TIME = createJoint(',"time":"')

const UUID_LENGTH = 36
const BUY = 0x797562
const SELL = 0x6c6c6573

/** A view of the buffer read last: a log is read in large blocks, a view for each frame is not. */
let viewed: DataView = new DataView(new ArrayBuffer(0))

/**
 * Reads a `match` frame written exactly as Coinbase writes it today, straight from its bytes.
 *
 * Answers `false`, with the slot in an unknown state, for anything that differs in the least:
 * other keys, another order, white space, escapes, unusual numbers. The scanner reads those.
 * Where it answers `true` it has seen every byte that could have changed the answer.
 */
export function readMatch(bytes: Uint8Array, start: number, end: number, slot: TradeSlot): boolean {
  if (bytes.buffer !== viewed.buffer) viewed = new DataView(bytes.buffer)
  const view = viewed
  // From here on `at` counts in the view, and `shift` leads back to `bytes`.
  const shift = bytes.byteOffset
  const stop = end + shift
  let at = start + shift
  if (at + 60 > stop || !isAt(view, HEAD, at)) return false
  at += HEAD.length
  let id = 0
  // Three fours and three ones at most: fifteen digits are exact in a Number.
  for (let i = 0; i < 3; i += 1) {
    const four = fourDigits(view, at)
    if (four < 0) break
    id = id * 10_000 + four
    at += 4
  }
  for (let i = 0; i < 3; i += 1) {
    const digit = view.getUint8(at) ^ 0x30
    if (digit > 9) break
    id = id * 10 + digit
    at += 1
  }
  if (id === 0) return false
  // Maker and taker, the side and the key of the size have a fixed width but for the side.
  if (at + 150 > stop || !isAt(view, MAKER, at)) return false
  at += MAKER.length
  if (!isQuoteless(view, at) || !isAt(view, TAKER, at + UUID_LENGTH)) return false
  at += UUID_LENGTH + TAKER.length
  if (!isQuoteless(view, at) || !isAt(view, SIDE, at + UUID_LENGTH)) return false
  at += UUID_LENGTH + SIDE.length
  const sideWord = view.getInt32(at, true)
  if (sideWord === SELL) {
    // The maker sold, so the taker bought: sides are stored as the taker's.
    slot.side = 0
    at += 4
  } else if ((sideWord & 0xffffff) === BUY) {
    slot.side = 1
    at += 3
  } else {
    return false
  }
  if (!isAt(view, SIZE, at)) return false
  at += SIZE.length
  slot.sizeStart = at - shift
  at = skipDecimal(view, at, stop)
  slot.sizeEnd = at - shift
  if (at + 40 > stop || !isAt(view, PRICE, at)) return false
  at += PRICE.length
  slot.priceStart = at - shift
  at = skipDecimal(view, at, stop)
  slot.priceEnd = at - shift
  return at + 40 <= stop && readTail(bytes, at - shift, end, id, slot)
}

/** Reads on from after the price: the product, the sequence and the time. */
function readTail(
  bytes: Uint8Array,
  start: number,
  end: number,
  id: number,
  slot: TradeSlot,
): boolean {
  const view = viewed
  const shift = bytes.byteOffset
  if (!isAt(view, PRODUCT, start + shift)) return false
  let at = start + PRODUCT.length
  const symbolStart = at
  while (at < end && bytes[at] !== 0x22) at += 1
  const symbol = readSymbol(bytes, symbolStart, at)
  if (symbol === null || at + 40 > end || !isAt(view, SEQUENCE, at + shift)) return false
  at += SEQUENCE.length
  while (at < end && ((bytes[at] as number) ^ 0x30) <= 9) at += 1
  if (at + 20 > end || !isAt(view, TIME, at + shift)) return false
  at += TIME.length
  if (bytes[end - 2] !== 0x22 || bytes[end - 1] !== 0x7d) return false
  // Reading a time looks at each of its bytes, so no quote hides before the last.
  const timeUs = readTimeUs(bytes, at, end - 2)
  if (!(timeUs > 0)) return false
  slot.bytes = bytes
  slot.symbol = symbol
  slot.tradeId = id
  slot.firstId = id
  slot.lastId = id
  slot.eventTimeUs = timeUs
  return true
}

function createJoint(text: string): Joint {
  const bytes = new TextEncoder().encode(text)
  const words: number[] = []
  const source = new DataView(bytes.buffer)
  for (let at = 0; at + 8 <= text.length; at += 8) words.push(source.getFloat64(at, true))
  // The last word overlaps the one before it, so that no byte is left over.
  words.push(source.getFloat64(text.length - 8, true))
  return { length: text.length, words: Float64Array.from(words) }
}

/** Tells whether the joint's text stands at `at`. */
function isAt(view: DataView, joint: Joint, at: number): boolean {
  const words = joint.words
  const last = words.length - 1
  for (let i = 0; i < last; i += 1) {
    if (view.getFloat64(at + i * 8, true) !== words[i]) return false
  }
  return view.getFloat64(at + joint.length - 8, true) === words[last]
}

/**
 * Tells that no quote stands in the 36 bytes at `at`, and no backslash at their end.
 *
 * Of the bits 8, 16 and 64, a quote (0x22) has none, while each digit, letter and hyphen has
 * one. Four bytes are asked at once: all three bits are brought to the place of 16 and joined.
 */
function isQuoteless(view: DataView, at: number): boolean {
  const all =
    anyOfThree(view.getInt32(at, true)) &
    anyOfThree(view.getInt32(at + 4, true)) &
    anyOfThree(view.getInt32(at + 8, true)) &
    anyOfThree(view.getInt32(at + 12, true)) &
    anyOfThree(view.getInt32(at + 16, true)) &
    anyOfThree(view.getInt32(at + 20, true)) &
    anyOfThree(view.getInt32(at + 24, true)) &
    anyOfThree(view.getInt32(at + 28, true)) &
    anyOfThree(view.getInt32(at + 32, true))
  return (all & 0x10101010) === 0x10101010 && view.getUint8(at + UUID_LENGTH - 1) !== 0x5c
}

function anyOfThree(word: number): number {
  return word | (word << 1) | (word >> 2)
}

/** Returns the number that the four bytes at `at` spell, or a negative one if they do not. */
function fourDigits(view: DataView, at: number): number {
  const digits = view.getInt32(at, true) ^ 0x30303030
  // Six more than nine carries into the upper half of a byte.
  if (((digits | (digits + 0x06060606)) & 0xf0f0f0f0) !== 0) return -1
  const pairs = Math.imul(digits, 10) + (digits >>> 8)
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff)
}

/** Returns the index of the first byte from `start` that is neither a digit nor a point. */
function skipDecimal(view: DataView, start: number, stop: number): number {
  let at = start
  while (at < stop) {
    const byte = view.getUint8(at)
    if (byte < 0x2e || byte > 0x39 || byte === 0x2f) break
    at += 1
  }
  return at
}
