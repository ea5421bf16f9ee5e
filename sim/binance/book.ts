import type { Random } from '../../src/core/random.ts'
import type { DepthChanges, DepthLevel } from '../market/depth-book.ts'
import { createDepthBook } from '../market/depth-book.ts'
import type { Product } from '../market/product.ts'
import type { ProductMarket } from '../market/product-market.ts'
import { priceText, sizeText } from './frames.ts'

/** What became different since some update. */
export interface BookDiff extends DepthChanges {
  /** Ids of the first and last change, as `U` and `u`. */
  readonly firstId: number
  readonly lastId: number
}

/** The best level of each side, in ticks and units. */
export interface BookTouch {
  readonly updateId: number
  readonly bid: DepthLevel
  readonly ask: DepthLevel
}

/** A book whose changes are numbered. */
export interface Book {
  readonly lastUpdateId: number
  readonly touch: BookTouch
  /** Moves it once and returns what changed, `null` where nothing did. */
  step(): BookDiff | null
  /** The best levels of each side, best first, as text pairs of price and size. */
  levels(limit: number): { readonly bids: string; readonly asks: string }
}

const FIRST_UPDATE_ID = 4_100_000

function levelsText(product: Product, levels: Iterable<DepthLevel>): string {
  const pair = ([ticks, units]: DepthLevel) =>
    `["${priceText(product, ticks)}","${sizeText(product, units)}"]`
  return `[${[...levels].map(pair).join(',')}]`
}

/** Returns a `depthUpdate`; sizes are absolute, and zero where a level is gone. */
export function depthText(product: Product, diff: BookDiff, eventMs: number): string {
  return (
    `{"e":"depthUpdate","E":${eventMs},"s":"${product.id}","U":${diff.firstId},` +
    `"u":${diff.lastId},"b":${levelsText(product, diff.bids)},` +
    `"a":${levelsText(product, diff.asks)}}`
  )
}

/** Returns a `bookTicker`: it has neither a type nor a time. */
export function bookTickerText(product: Product, { updateId, bid, ask }: BookTouch): string {
  return (
    `{"u":${updateId},"s":"${product.id}","b":"${priceText(product, bid[0])}",` +
    `"B":"${sizeText(product, bid[1])}","a":"${priceText(product, ask[0])}",` +
    `"A":"${sizeText(product, ask[1])}"}`
  )
}

/** Returns a book around the quotes of `market`, full from the start. */
export function createBook(market: ProductMarket, random: Random): Book {
  const { product } = market
  const depth = createDepthBook(market, random)
  let lastUpdateId = FIRST_UPDATE_ID
  return {
    get lastUpdateId() {
      return lastUpdateId
    },
    get touch() {
      return { updateId: lastUpdateId, bid: depth.bestBid, ask: depth.bestAsk }
    },
    step() {
      const changed = depth.step()
      if (changed === null) return null
      const firstId = lastUpdateId + 1
      lastUpdateId += changed.bids.size + changed.asks.size
      return { firstId, lastId: lastUpdateId, ...changed }
    },
    levels(limit) {
      const { bids, asks } = depth.levels(limit)
      return { bids: levelsText(product, bids), asks: levelsText(product, asks) }
    },
  }
}

/** Returns two diffs that follow each other as one. */
export function joinDiffs(earlier: BookDiff, later: BookDiff): BookDiff {
  return {
    firstId: earlier.firstId,
    lastId: later.lastId,
    bids: new Map([...earlier.bids, ...later.bids]),
    asks: new Map([...earlier.asks, ...later.asks]),
  }
}
