import type { BookSource } from '../../venues/book-source.ts'
import { findVenue, isBookChannel } from '../../venues/index.ts'
import { venueOf } from '../dialect.ts'

/** Other houses whose books are read as those of a venue: the same engine's words. */
const READ_AS: Readonly<Record<string, string>> = { binance: 'binance-us' }

/** Returns how the books in a record are read, or `null` where it carries none. */
export function bookSourceOf(dialect: string, channel: string): BookSource | null {
  if (!isBookChannel(channel)) return null
  const source = bookSourceById(venueOf(dialect))
  return source?.channels.includes(channel) ? source : null
}

/** Returns how a venue's books are read, or `null` where they are not. */
export function bookSourceById(venue: string): BookSource | null {
  return findVenue(READ_AS[venue] ?? venue)?.books ?? null
}
