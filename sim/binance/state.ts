import type { Fill } from '../market/ledger.ts'
import type { VenueContext } from '../venue-sim.ts'
import type { Aggregates } from './aggregates.ts'
import { createAggregates } from './aggregates.ts'
import type { Books } from './book-clock.ts'
import { createBooks } from './book-clock.ts'
import type { AggregateFacts } from './frames.ts'

/** What sockets and REST of the venue both look at. */
export interface State {
  readonly aggregates: ReadonlyMap<string, Aggregates>
  readonly books: Books
  /** Number of a product in the listing. */
  ordinal(product: string): number
  /** Number of the aggregate a trade belongs to. */
  aggIdOf(fill: Fill): number
  /** What an aggregate adds up to. */
  facts(product: string, aggId: number): AggregateFacts
}

// Aggregates are counted apart from trades; about as many of them as of orders.
const AGGREGATES_PER_TRADE = 0.7

/** Returns the venue behind its services. */
export function createState(context: VenueContext): State {
  const { products } = context.market
  const aggregates = new Map(
    [...products].map(([id, { product, ledger }]) => {
      const firstId = Math.floor(product.firstTradeId * AGGREGATES_PER_TRADE)
      return [id, createAggregates(ledger.tape, firstId)]
    }),
  )
  const ordinals = new Map([...products.keys()].map((id, index) => [id, index]))
  return {
    aggregates,
    books: createBooks(context),
    ordinal: (product) => ordinals.get(product)!,
    aggIdOf(fill) {
      const { tape } = products.get(fill.product.id)!.ledger
      return aggregates.get(fill.product.id)!.idOfIndex(tape.indexOfId(fill.tradeId))
    },
    facts(product, aggId) {
      const { tape } = products.get(product)!.ledger
      const { from, end } = aggregates.get(product)!.at(aggId)
      let units = 0
      for (let index = from; index < end; index += 1) units += tape.at(index).units
      return { aggId, firstId: tape.idAt(from), lastId: tape.idAt(end - 1), units }
    },
  }
}
