import type { VenueContext } from '../venue-sim.ts'
import type { Books } from './books.ts'
import { createBooks } from './books.ts'
import type { DayTotals } from './day-totals.ts'
import { createDayTotals } from './day-totals.ts'
import type { Pair, Pairs } from './pair.ts'
import { createPairs } from './pair.ts'
import type { System } from './system.ts'
import { createSystem } from './system.ts'

/** What sockets and REST of the venue both look at. */
export interface Kraken {
  readonly pairs: Pairs
  readonly books: Books
  readonly system: System
  /** What a pair's ticker sums up. */
  totals(pair: Pair): DayTotals
}

/** Returns the venue behind its services. */
export function createKrakenState({ market, random }: VenueContext): Kraken {
  const totals = new Map([...market.candles].map(([id, fold]) => [id, createDayTotals(fold)]))
  return {
    pairs: createPairs(market),
    books: createBooks(random),
    system: createSystem(),
    totals: (pair) => totals.get(pair.product.id)!(),
  }
}
