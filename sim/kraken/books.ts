import type { Random } from '../../src/core/random.ts'
import type { Book, Depth } from './book.ts'
import { createBook, depthChanges } from './book.ts'
import type { Pair } from './pair.ts'

/** What the clients of one depth of one pair are told, and what their book is after it. */
export interface DepthUpdate {
  readonly depth: number
  readonly levels: Depth
  readonly now: Depth
}

/** The books of all pairs, made when first asked for. */
export interface Books {
  /**
   * What a newcomer of this depth is told: the book as the others of this depth hold it. From
   * then on {@link Books.move} tells this depth too.
   */
  join(pair: Pair, depth: number): Depth
  /** Forgets the depths that nobody follows any more. */
  prune(isFollowed: (pair: Pair, depth: number) => boolean): void
  /** Pairs that somebody follows. */
  readonly followed: Iterable<Pair>
  /** Moves a pair's book and returns what each depth that is followed is told of it. */
  move(pair: Pair): readonly DepthUpdate[]
  /** The best `count` levels for one who does not follow. */
  look(pair: Pair, count: number): Depth
}

/** Returns books whose levels are drawn from `random`. */
export function createBooks(random: Random): Books {
  const books = new Map<Pair, Book>()
  /** What the clients of each depth hold. */
  const told = new Map<Pair, Map<number, Depth>>()

  // A book nobody follows stands still, so it is brought up to the market before it is shown.
  function bookOf(pair: Pair): Book {
    const book = books.get(pair) ?? createBook(pair.engine, random)
    books.set(pair, book)
    if (!told.has(pair)) book.move()
    return book
  }

  return {
    join(pair, depth) {
      const book = bookOf(pair)
      const depths = told.get(pair) ?? new Map<number, Depth>()
      told.set(pair, depths)
      const held = depths.get(depth) ?? book.top(depth)
      depths.set(depth, held)
      return held
    },
    prune(isFollowed) {
      for (const [pair, depths] of told) {
        for (const depth of depths.keys()) if (!isFollowed(pair, depth)) depths.delete(depth)
        if (depths.size === 0) told.delete(pair)
      }
    },
    get followed() {
      return told.keys()
    },
    move(pair) {
      const book = bookOf(pair)
      book.move()
      const depths = told.get(pair) ?? new Map<number, Depth>()
      return [...depths].map(([depth, held]) => {
        const now = book.top(depth)
        depths.set(depth, now)
        return { depth, levels: depthChanges(held, now, depth), now }
      })
    },
    look: (pair, count) => bookOf(pair).top(count),
  }
}
