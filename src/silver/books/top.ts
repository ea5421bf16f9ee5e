import { assert } from '../../core/assert.ts'
import {
  addDecimal,
  createDecimal,
  type Decimal,
  decimalText,
  divideDecimal,
  multiplyDecimal,
  parseDecimal,
  subtractDecimal,
} from '../../market/decimal.ts'
import type { BookSecondRow } from '../../warehouse/index.ts'
import type { BookSide, HeldSize } from './side.ts'

/** Levels of each side that are summed up. */
export const TOP_LEVELS = 10

/** Decimals of what is divided, rounded half-even. */
const PLACES = 18

/** The best levels of one side, best first; prices as they are. */
export interface Top {
  readonly prices: number[]
  readonly sizes: HeldSize[]
}

/** What a second's row says of the book. */
export type BookSummary = Omit<BookSecondRow, 'instrument_id' | 'second_us' | 'change_seq'>

/** Returns a top without levels. */
export function createTop(): Top {
  return { prices: [], sizes: [] }
}

/** Makes `top` what the best levels of `side` are now. */
export function copyTop(side: BookSide, top: Top): void {
  const { keys, sizes } = side
  const count = Math.min(TOP_LEVELS, keys.length)
  top.prices.length = count
  top.sizes.length = count
  for (let rank = 0, at = keys.length - 1; rank < count; rank += 1, at -= 1) {
    top.prices[rank] = Math.abs(keys[at] as number)
    top.sizes[rank] = sizes[at] as HeldSize
  }
}

/** Sums up a book by its best levels, in exact decimals; what an empty side leaves open is null. */
export function summarize(bids: Top, asks: Top, updates: number): BookSummary {
  const bid = bestOf(bids)
  const ask = bestOf(asks)
  return {
    bid: bid && decimalText(bid.price),
    bid_size: bid && decimalText(bid.size),
    ask: ask && decimalText(ask.price),
    ask_size: ask && decimalText(ask.size),
    bid_depth: decimalText(depthOf(bids)),
    ask_depth: decimalText(depthOf(asks)),
    ...(bid && ask ? relate(bid, ask) : { spread: null, imbalance: null, microprice: null }),
    updates,
  }
}

interface Best {
  readonly price: Decimal
  readonly size: Decimal
}

function bestOf({ prices: [price], sizes: [size] }: Top): Best | null {
  if (price === undefined || size === undefined) return null
  return { price: exact(price), size: exact(size) }
}

function relate(bid: Best, ask: Best) {
  const sizes = addDecimal(bid.size, ask.size)
  // Each price weighs as much as the other side is large: the thin side is the nearer one.
  const weighed = addDecimal(
    multiplyDecimal(bid.price, ask.size),
    multiplyDecimal(ask.price, bid.size),
  )
  const imbalance = divideDecimal(subtractDecimal(bid.size, ask.size), sizes, PLACES)
  return {
    spread: decimalText(subtractDecimal(ask.price, bid.price)),
    imbalance: decimalText(imbalance),
    microprice: decimalText(divideDecimal(weighed, sizes, PLACES)),
  }
}

function depthOf({ sizes }: Top): Decimal {
  let sum = createDecimal(0n, 0)
  for (const size of sizes) sum = addDecimal(sum, exact(size))
  return sum
}

/** A Number's shortest text is the decimal it was read from. */
function exact(value: HeldSize): Decimal {
  const decimal = parseDecimal(String(value))
  assert(decimal !== null, 'what is held was read from a decimal')
  return decimal
}
