import { crc32 } from 'node:zlib'

/** One level of a book as the wire has it: both texts with all the pair's decimals. */
export interface LevelText {
  readonly price: string
  readonly qty: string
}

const LEVELS_CHECKED = 10

function digits(text: string): string {
  return text.replace('.', '').replace(/^0+/, '')
}

/**
 * Returns the CRC32 of a book: over the best ten levels of each side whatever the depth, asks
 * from the lowest and then bids from the highest, price and quantity of each without dot and
 * leading zeros.
 */
export function bookChecksum(asks: readonly LevelText[], bids: readonly LevelText[]): number {
  const text = [...asks.slice(0, LEVELS_CHECKED), ...bids.slice(0, LEVELS_CHECKED)]
    .map(({ price, qty }) => digits(price) + digits(qty))
    .join('')
  return crc32(text)
}
