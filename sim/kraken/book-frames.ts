import { decimalText, microsText } from '../market/text.ts'
import type { Depth, Level } from './book.ts'
import type { LevelText } from './checksum.ts'
import { bookChecksum } from './checksum.ts'
import type { FrameType } from './frames.ts'
import { fixedText } from './numbers.ts'
import type { Pair } from './pair.ts'

/** Returns a level with all decimals of its pair: its zeros count in the checksum. */
function levelText(pair: Pair, level: Level): LevelText {
  const { priceDecimals, sizeDecimals } = pair.product
  return {
    price: fixedText(decimalText(level.ticks, priceDecimals), priceDecimals),
    qty: fixedText(decimalText(level.units, sizeDecimals), sizeDecimals),
  }
}

/** Returns the checksum of a pair's book as a client of any depth should have it. */
function checksumOf(pair: Pair, now: Depth): number {
  const texts = (levels: readonly Level[]) =>
    levels.slice(0, 10).map((level) => levelText(pair, level))
  return bookChecksum(texts(now.asks), texts(now.bids))
}

/**
 * Returns a `book` message: `levels` as they are told, and the checksum of the book `now` is.
 * In a snapshot both are the same.
 */
export function bookFrame(
  type: FrameType,
  pair: Pair,
  of: { readonly levels: Depth; readonly now: Depth; readonly timeUs: number },
): string {
  const side = (levels: readonly Level[]) =>
    levels
      .map((level) => levelText(pair, level))
      .map(({ price, qty }) => `{"price":${price},"qty":${qty}}`)
      .join(',')
  return (
    `{"channel":"book","type":"${type}","data":[{"symbol":"${pair.symbol}",` +
    `"bids":[${side(of.levels.bids)}],"asks":[${side(of.levels.asks)}],` +
    `"checksum":${checksumOf(pair, of.now)},"timestamp":"${microsText(of.timeUs)}"}]}`
  )
}
