import type { Random } from '../../src/core/random.ts'
import { drawUnits } from './price-walk.ts'
import type { ProductMarket } from './product-market.ts'
import { decimalText } from './text.ts'

/** A level: price in ticks, and its size in units, 0 where it is gone. */
export type DepthLevel = readonly [ticks: number, units: number]

/** The levels of each side that are different now, by ticks. */
export interface DepthChanges {
  readonly bids: ReadonlyMap<number, number>
  readonly asks: ReadonlyMap<number, number>
}

/**
 * A book that moves around its market's quotes. It is scenery, not the working of the orders
 * behind the trades, but it is one: its changes and its levels agree, and its best prices are
 * those that trades begin from.
 */
export interface DepthBook {
  readonly bestBid: DepthLevel
  readonly bestAsk: DepthLevel
  /** Moves it once and returns what changed, `null` where nothing did. */
  step(): DepthChanges | null
  /** Follows the quotes without moving any other level; what changed, as {@link step} does. */
  follow(): DepthChanges | null
  /** The best levels of each side, best first. */
  levels(limit: number): {
    readonly bids: readonly DepthLevel[]
    readonly asks: readonly DepthLevel[]
  }
}

/** The best of a venue's book of one product, as it was told last. Canonical decimals. */
export interface BookTop {
  readonly bid: string
  readonly bid_size: string
  readonly ask: string
  readonly ask_size: string
}

type Changes = Map<number, number>

/** One side of the book: `away` is -1 for bids and 1 for asks, the way from the touch. */
interface Side {
  readonly away: -1 | 1
  readonly levels: Map<number, number>
}

const LEVELS = 120
/** Levels of a side at most: those that the touch left behind gather. */
const LEVELS_MAX = 2 * LEVELS + 1
const CHANGES_MAX = 6

function bestFirst({ away, levels }: Side): readonly DepthLevel[] {
  return [...levels].toSorted((a, b) => (a[0] - b[0]) * away)
}

function best({ away, levels }: Side): DepthLevel {
  const ticks = [...levels.keys()].reduce((a, b) => ((b - a) * away < 0 ? b : a))
  return [ticks, levels.get(ticks)!]
}

function set({ levels }: Side, changes: Changes, [ticks, units]: DepthLevel): void {
  if (ticks < 1 || (levels.get(ticks) ?? 0) === units) return
  if (units === 0) levels.delete(ticks)
  else levels.set(ticks, units)
  changes.set(ticks, units)
}

/** Returns the best of both sides of a product's book, as text. */
export function bookTop({ product }: ProductMarket, bid: DepthLevel, ask: DepthLevel): BookTop {
  const { priceDecimals, sizeDecimals } = product
  return {
    bid: decimalText(bid[0], priceDecimals),
    bid_size: decimalText(bid[1], sizeDecimals),
    ask: decimalText(ask[0], priceDecimals),
    ask_size: decimalText(ask[1], sizeDecimals),
  }
}

/**
 * Returns a book around the quotes of `market`, full from the start. Its levels are drawn
 * `stride` ticks apart: where that is less than prices move in a moment, the book is thin.
 */
export function createDepthBook(market: ProductMarket, random: Random, stride = 1): DepthBook {
  const { product, quotes } = market
  const bids: Side = { away: -1, levels: new Map() }
  const asks: Side = { away: 1, levels: new Map() }
  const touchOf = (side: Side) => (side.away < 0 ? quotes.bidTicks : quotes.askTicks)
  const draw = (ticks: number) => drawUnits(random, product, Math.max(1, ticks))

  // The touch follows the quotes: what they crossed is gone, and so is what lies too far off.
  function follow(side: Side, changes: Changes): void {
    const touch = touchOf(side)
    for (const ticks of [...side.levels.keys()]) {
      const distance = (ticks - touch) * side.away
      if (distance < 0 || distance > 2 * LEVELS * stride) set(side, changes, [ticks, 0])
    }
    set(side, changes, [touch, side.away < 0 ? quotes.bidUnits : quotes.askUnits])
    if (side.levels.size <= LEVELS_MAX) return
    for (const [ticks] of bestFirst(side).slice(LEVELS_MAX)) set(side, changes, [ticks, 0])
  }

  function flicker(side: Side, changes: Changes): void {
    const away = random.int(1, LEVELS - 1) * stride
    const ticks = touchOf(side) + away * side.away
    set(side, changes, [ticks, random.next() < 0.4 ? 0 : draw(ticks)])
  }

  function move(flickers: number): DepthChanges | null {
    const changed = { bids: new Map<number, number>(), asks: new Map<number, number>() }
    follow(bids, changed.bids)
    follow(asks, changed.asks)
    for (let left = flickers; left > 0; left -= 1) {
      if (random.next() < 0.5) flicker(bids, changed.bids)
      else flicker(asks, changed.asks)
    }
    return changed.bids.size + changed.asks.size === 0 ? null : changed
  }

  for (const side of [bids, asks]) {
    const changes: Changes = new Map()
    follow(side, changes)
    for (let step = 1; step < LEVELS; step += 1) {
      const ticks = touchOf(side) + step * stride * side.away
      set(side, changes, [ticks, draw(ticks)])
    }
  }

  return {
    get bestBid() {
      return best(bids)
    },
    get bestAsk() {
      return best(asks)
    },
    step: () => move(random.int(0, CHANGES_MAX)),
    follow: () => move(0),
    levels: (limit) => ({
      bids: bestFirst(bids).slice(0, limit),
      asks: bestFirst(asks).slice(0, limit),
    }),
  }
}
