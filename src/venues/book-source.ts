import type { BookSink } from '../market/book.ts'
import type { RawRecord } from '../market/record.ts'
import type { RestRequest } from './venue.ts'

/**
 * How a venue's order books are read: data and pure functions. The fold that holds a book is
 * silver's; the collector only captures.
 */
export interface BookSource {
  /** Channels whose records carry books, snapshots over REST among them. */
  readonly channels: readonly string[]
  /** Levels of each side that are kept at most. */
  readonly depth: number
  /**
   * What of a book the venue tells. `window`: its best levels alone; one that comes back among
   * them is told again, one that falls out is not (Kraken). `changes`: every change of any
   * level, so that what was once dropped is not known again (Coinbase, Binance).
   */
  readonly tells: 'window' | 'changes'
  /** The request for a snapshot, where one does not come over the socket by itself. */
  snapshot(symbol: string): RestRequest | null
  /**
   * Reads one record of those channels; pure and total. Returns false where it cannot be read
   * as what it claims to be; what is no book message (an ack, a heartbeat) is read as nothing.
   */
  decode(record: RawRecord, sink: BookSink): boolean
}
