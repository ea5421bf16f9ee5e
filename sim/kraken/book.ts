import type { Random } from '../../src/core/random.ts'
import type { ProductMarket } from '../market/product-market.ts'

/** A price level; replaced, never changed, so that views can be compared by identity. */
export interface Level {
  readonly ticks: number
  readonly units: number
}

/** The best levels of both sides, best first. */
export interface Depth {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** One product's order book. */
export interface Book {
  /** The best `count` levels of each side now. */
  top(count: number): Depth
  /** Follows the market's best prices and changes a few levels near them. */
  move(): void
}

// Deeper than the deepest subscription, so that a thousand levels are there after a sweep.
const LEVELS = 1100
const CHANGES_MAX = 4
const REMOVED_PART = 0.3

/** One side: `sign` is 1 where better prices are lower. */
interface Side {
  readonly sign: 1 | -1
  levels: Level[]
}

// Index of the first level that is not better than `ticks`.
function find(side: Side, ticks: number): number {
  let low = 0
  let high = side.levels.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (side.levels[middle]!.ticks * side.sign < ticks * side.sign) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Returns a book that was never moved.
 *
 * The book is scenery, as the depth behind the touch: its best prices are the market's, its other
 * levels are drawn, and no trade consumes them.
 */
export function createBook(engine: ProductMarket, random: Random): Book {
  const bids: Side = { sign: -1, levels: [] }
  const asks: Side = { sign: 1, levels: [] }

  const drawUnits = () => {
    const { bidUnits, askUnits } = engine.quotes
    return 1 + Math.floor(random.exponential((bidUnits + askUnits) / 2))
  }

  function refill(side: Side): void {
    while (side.levels.length < LEVELS) {
      const ticks = side.levels.at(-1)!.ticks + side.sign * (1 + Math.floor(random.exponential(1)))
      if (ticks < 1) break
      side.levels.push({ ticks, units: drawUnits() })
    }
    if (side.levels.length > LEVELS) side.levels.length = LEVELS
  }

  function follow(side: Side, best: number, units: number): void {
    side.levels.splice(0, find(side, best))
    if (side.levels[0]?.ticks !== best) side.levels.unshift({ ticks: best, units })
  }

  function change(side: Side): void {
    const best = side.levels[0]!.ticks
    const ticks = best + side.sign * Math.floor(random.exponential(6))
    if (ticks < 1) return
    const at = find(side, ticks)
    const there = side.levels[at]?.ticks === ticks
    const goes = there && ticks !== best && random.next() < REMOVED_PART
    if (goes) side.levels.splice(at, 1)
    else side.levels.splice(at, there ? 1 : 0, { ticks, units: drawUnits() })
  }

  function move(): void {
    const { bidTicks, askTicks, bidUnits, askUnits } = engine.quotes
    follow(bids, bidTicks, bidUnits)
    follow(asks, askTicks, askUnits)
    for (let i = random.int(1, CHANGES_MAX); i > 0; i -= 1) {
      change(random.next() < 0.5 ? bids : asks)
    }
    refill(bids)
    refill(asks)
  }

  return {
    top: (count) => ({ bids: bids.levels.slice(0, count), asks: asks.levels.slice(0, count) }),
    move,
  }
}

type SideChanges = (told: readonly Level[], now: readonly Level[]) => readonly Level[]

const removed = (level: Level): Level => ({ ticks: level.ticks, units: 0 })

// Both lists run from the best price on; levels are the same only if they are the same object.
function sideChanges(sign: 1 | -1, depth: number): SideChanges {
  return (told, now) => {
    const changes: Level[] = []
    let at = 0
    for (const level of now) {
      for (; at < told.length && told[at]!.ticks * sign < level.ticks * sign; at += 1) {
        changes.push(removed(told[at]!))
      }
      if (told[at] !== level) changes.push(level)
      if (told[at]?.ticks === level.ticks) at += 1
    }
    // What is left is worse than all that is there: from a full side it fell out without a word.
    return now.length === depth ? changes : [...changes, ...told.slice(at).map(removed)]
  }
}

/**
 * Returns the levels that turn a client's `told` into `now`, cut to `depth`: absolute quantities,
 * zero for removed levels, and no word for those that fell out of the depth.
 */
export function depthChanges(told: Depth, now: Depth, depth: number): Depth {
  return {
    bids: sideChanges(-1, depth)(told.bids, now.bids),
    asks: sideChanges(1, depth)(told.asks, now.asks),
  }
}
