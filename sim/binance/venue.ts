import { bookTop } from '../market/depth-book.ts'
import type { VenueContext, VenueSim } from '../venue-sim.ts'
import { aggregatesOf } from './aggregates.ts'
import { BinanceFeed } from './feed.ts'
import { createBinanceRest } from './rest.ts'
import { createState } from './state.ts'

/** Returns Binance.US: streams raw and combined, and REST. */
export function createBinance(context: VenueContext): VenueSim {
  const state = createState(context)
  const feed = new BinanceFeed(context, state)
  return {
    id: 'binance-us',
    feeds: [feed],
    rest: createBinanceRest(context, state),
    feedAt: (path) => (/^\/(stream|ws)(\/|$)/.test(path) ? feed : null),
    prints: aggregatesOf,
    bookTop(product) {
      const { bid, ask } = state.books.of(product).touch
      return bookTop(context.market.products.get(product)!, bid, ask)
    },
  }
}
