import type { Level } from './book.ts'
import type { DepthUpdate } from './books.ts'

/**
 * Returns the same update with a wrong quantity at the best bid: whoever applies it holds a book
 * that does not have the checksum told, until it subscribes anew.
 */
export function spoiltUpdate(update: DepthUpdate): DepthUpdate {
  const { ticks, units } = update.now.bids[0]!
  const { bids, asks } = update.levels
  return { ...update, levels: { bids: [...bids, { ticks, units: units + 1 }], asks } }
}

// What is removed has nothing to stutter about.
function stuttered(levels: readonly Level[]): readonly Level[] {
  const first = levels.find((level) => level.units > 0)
  return first === undefined ? levels : [{ ...first, units: first.units * 2 }, ...levels]
}

/** Returns the same update with a price told twice: the later quantity is the one that holds. */
export function stutteredUpdate(update: DepthUpdate): DepthUpdate {
  const { bids, asks } = update.levels
  return { ...update, levels: { bids: stuttered(bids), asks: stuttered(asks) } }
}
