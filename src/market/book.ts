/** What an order book's message begins with. */
export interface BookMessage {
  symbol: string
  /** `snapshot`: what is held is thrown away first. */
  kind: 'snapshot' | 'update'
  /** Update ids covered, inclusive (Binance `U` and `u`); of a snapshot its last. Else `null`. */
  firstId: number | null
  lastId: number | null
  /** CRC32 of the best levels after this message (Kraken), else `null`. */
  checksum: number | null
  /** How many levels of a side are told at most, where the message says; else `null`. */
  depth: number | null
}

/**
 * One level of a book, pointing at the venue's own decimals: `bytes[priceStart, priceEnd)` and
 * `bytes[sizeStart, sizeEnd)`. A size of zero, in any spelling, removes the level.
 */
export interface BookLevel {
  side: 'bid' | 'ask'
  bytes: Uint8Array
  priceStart: number
  priceEnd: number
  sizeStart: number
  sizeEnd: number
}

/**
 * Receives book messages: of each its beginning, then its levels in the order sent, then its
 * end. Both parameters are borrowed: read them before returning.
 */
export interface BookSink {
  begin(message: Readonly<BookMessage>): void
  level(level: Readonly<BookLevel>): void
  end(): void
}

/** Returns a level for a decoder to own and fill. */
export function createBookLevel(): BookLevel {
  const bytes = new Uint8Array(0)
  return { side: 'bid', bytes, priceStart: 0, priceEnd: 0, sizeStart: 0, sizeEnd: 0 }
}

/** Returns a message for a decoder to own and fill. */
export function createBookMessage(): BookMessage {
  return {
    symbol: '',
    kind: 'update',
    firstId: null,
    lastId: null,
    checksum: null,
    depth: null,
  }
}

/** A book whose chain of updates does not hold, and has to be begun anew. */
export interface BrokenBook {
  readonly venue: string
  readonly symbol: string
  /** The connection it comes over, and the last frame of it after which it was still broken. */
  readonly conn: string
  readonly frame: number
}
