import type { DepthLevel } from '../market/depth-book.ts'
import { bookTop } from '../market/depth-book.ts'
import type { VenueContext, VenueSim } from '../venue-sim.ts'
import type { Level } from './book.ts'
import { KrakenFeed } from './feed.ts'
import { createKrakenState } from './kraken.ts'
import { createKrakenRest } from './rest.ts'

/** Path of the WebSocket feed; there is none of version 1. */
const FEED_PATH = '/v2'

/** Returns Kraken: the public WebSocket v2 feed and the public REST methods. */
export function createKraken(context: VenueContext): VenueSim {
  const kraken = createKrakenState(context)
  const feed = new KrakenFeed(context, kraken)
  return {
    id: 'kraken',
    feeds: [feed],
    rest: createKrakenRest(context, kraken),
    feedAt: (path) => (path === FEED_PATH ? feed : null),
    // One message tells everything a taker's order met.
    prints: (fills) => [fills],
    bookTop(product) {
      const pair = kraken.pairs.ofProduct(product)
      if (![...kraken.books.followed].includes(pair)) return null
      const { bids, asks } = kraken.books.look(pair, 1)
      const level = ({ ticks, units }: Level): DepthLevel => [ticks, units]
      return bookTop(pair.engine, level(bids[0]!), level(asks[0]!))
    },
  }
}
