import type { Product } from '../market/product.ts'
import type { VenueContext } from '../venue-sim.ts'
import type { Book, BookDiff } from './book.ts'
import { bookTickerText, createBook, depthText, joinDiffs } from './book.ts'
import { msOf } from './frames.ts'
import type { Streams } from './streams.ts'

const EVERY_US = 100_000
const SLOW_EVERY = 10

/** Moves the books ten times a second while anybody is connected, and tells what changed. */
export interface BookClock {
  tick(nowUs: number): void
}

/** The books of all products, each made when it is first asked for. */
export interface Books {
  of(product: string): Book
}

/** Returns books that stand still until a clock moves them. */
export function createBooks({ market, random }: VenueContext): Books {
  const books = new Map<string, Book>()
  return {
    of(product) {
      const book = books.get(product) ?? createBook(market.products.get(product)!, random)
      books.set(product, book)
      return book
    },
  }
}

/** Returns the clock of `books`. */
export function createBookClock(
  context: VenueContext,
  { streams, books }: { readonly streams: Streams; readonly books: Books },
): BookClock {
  const { market, symbolFaults } = context
  /** Diffs of the second under way, for those who listen once a second. */
  const slow = new Map<string, BookDiff>()
  const bestTold = new Map<string, string>()
  let nextUs = 0
  let steps = 0

  function tell(product: Product, stream: string, diff: BookDiff, nowUs: number): void {
    if (!streams.has(stream)) return
    // A diff that never comes breaks the chain of its stream.
    if (symbolFaults.take('book_corrupt', product.id) !== null) return
    streams.publish(stream, () => depthText(product, diff, msOf(nowUs)))
  }

  function tellBest(product: Product, book: Book, prefix: string): void {
    if (!streams.has(`${prefix}@bookTicker`)) return
    const { touch } = book
    const best = `${touch.bid} ${touch.ask}`
    if (bestTold.get(product.id) === best) return
    bestTold.set(product.id, best)
    streams.publish(`${prefix}@bookTicker`, () => bookTickerText(product, touch))
  }

  function step(product: Product, nowUs: number): void {
    const prefix = product.id.toLowerCase()
    const book = books.of(product.id)
    const diff = book.step()
    const held = slow.get(product.id)
    if (diff !== null) {
      tell(product, `${prefix}@depth@100ms`, diff, nowUs)
      slow.set(product.id, held === undefined ? diff : joinDiffs(held, diff))
      tellBest(product, book, prefix)
    }
    const joined = slow.get(product.id)
    if (steps % SLOW_EVERY !== 0 || joined === undefined) return
    slow.delete(product.id)
    tell(product, `${prefix}@depth`, joined, nowUs)
  }

  return {
    tick(nowUs) {
      if (nowUs < nextUs) return
      nextUs = nowUs - (nowUs % EVERY_US) + EVERY_US
      steps += 1
      for (const { product } of market.products.values()) step(product, nowUs)
    },
  }
}
