import type { BookTop, DepthBook } from '../market/depth-book.ts'
import { bookTop, createDepthBook } from '../market/depth-book.ts'
import { microsText } from '../market/text.ts'
import type { VenueContext } from '../venue-sim.ts'
import { bookSnapshotFrame, bookUpdateFrame, ZERO_TIME } from './book.ts'

const EVERY_US = 50_000
/** So many updates have no time. */
const TIMELESS_PART = 0.005

/** Levels lie so far apart, as a part of the price: it moves further in a second. */
const STRIDE_PART = 2e-5

/** Those who are told of a book. */
export interface BookListeners {
  /** Whether anybody follows a product's book. */
  has(product: string): boolean
  /** Tells everybody who follows it. */
  tell(product: string, frame: string): void
}

/** The books of all products, each made when somebody first asks for it. */
export interface Books {
  /** Returns the `snapshot` for one who begins to follow. */
  snapshot(product: string): string
  /** Moves the books that are followed every 50 ms, and tells what changed. */
  tick(nowUs: number): void
  /** The best of a book as it was told last; `null` of one that nobody ever asked for. */
  top(product: string): BookTop | null
}

/**
 * Returns books that nobody follows yet. Nothing is drawn for them until somebody does.
 *
 * While trading rests they follow the quotes and nothing else moves, so that they can be compared.
 */
export function createBooks(context: VenueContext, listeners: BookListeners): Books {
  const { market, random, symbolFaults } = context
  const books = new Map<string, DepthBook>()
  /** Books that stood still when the others were moved. */
  const idle = new Set<string>()
  let nextUs = 0

  function step(id: string, book: DepthBook): void {
    const changes = market.trading ? book.step() : book.follow()
    // An update that never comes leaves no trace: this channel has neither ids nor a checksum.
    if (changes === null || symbolFaults.take('book_corrupt', id) !== null) return
    const time = random.next() < TIMELESS_PART ? ZERO_TIME : microsText(market.timeUs)
    listeners.tell(id, bookUpdateFrame(market.products.get(id)!.product, changes, time))
  }

  return {
    snapshot(id) {
      const engine = market.products.get(id)!
      const stride = Math.max(1, Math.floor(engine.product.startTicks * STRIDE_PART))
      const book = books.get(id) ?? createDepthBook(engine, random, stride)
      books.set(id, book)
      // One that others follow must stay as it was told them.
      if (idle.delete(id)) book.follow()
      return bookSnapshotFrame(engine.product, book, market.timeUs)
    },
    tick(nowUs) {
      if (nowUs < nextUs) return
      nextUs = nowUs - (nowUs % EVERY_US) + EVERY_US
      for (const [id, book] of books) {
        if (listeners.has(id)) step(id, book)
        else idle.add(id)
      }
    },
    top(id) {
      const book = books.get(id)
      if (book === undefined) return null
      return bookTop(market.products.get(id)!, book.bestBid, book.bestAsk)
    },
  }
}
