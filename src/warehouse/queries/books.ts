import { formatTimeUs } from '../../market/bucket.ts'
import type { BookBreakRow, BookSecondRow } from '../schema.ts'
import type { Warehouse } from '../warehouse.ts'

/** Which seconds of a book are wanted. */
export interface BookQuery {
  readonly instrumentId: number
  /** Seconds that begin in `[fromUs, toUs)`. */
  readonly fromUs: number
  readonly toUs: number
  readonly limit: number
  /**
   * Which end of a longer span `limit` keeps.
   *
   * @default 'first'
   */
  readonly keep?: 'first' | 'last'
}

/** A book as it stood at the end of a second with updates, as people and programs read it. */
export type BookSecond = { readonly second: string } & Readonly<
  Omit<BookSecondRow, 'instrument_id' | 'second_us' | 'change_seq'>
>

/**
 * Returns the seconds of a book in order. One without updates is not there: what stood before it
 * stood on, unless the chain broke in between ({@link listBookBreaks}).
 */
export async function listBookSeconds(
  warehouse: Warehouse,
  query: BookQuery,
): Promise<BookSecond[]> {
  const { instrumentId, fromUs, toUs, limit, keep = 'first' } = query
  const rows = await warehouse.read((db) =>
    db
      .selectFrom('silver_book_seconds')
      .selectAll()
      .where('instrument_id', '=', instrumentId)
      .where('second_us', '>=', fromUs)
      .where('second_us', '<', toUs)
      .orderBy('second_us', keep === 'first' ? 'asc' : 'desc')
      .limit(limit)
      .execute(),
  )
  if (keep === 'last') rows.reverse()
  return rows.map(({ instrument_id: _, second_us, change_seq: __, ...rest }) => ({
    second: formatTimeUs(second_us),
    ...rest,
  }))
}

/** Which broken chains are wanted: of one instrument or one venue, or all. */
export interface BreakQuery {
  readonly instrumentId?: number | undefined
  readonly venue?: string | undefined
  /** Breaks in `[fromUs, toUs)`. */
  readonly fromUs: number
  readonly toUs: number
  readonly limit: number
  /**
   * Which end of a longer span `limit` keeps.
   *
   * @default 'first'
   */
  readonly keep?: 'first' | 'last'
}

/** A chain of updates that broke. */
export interface BookBreak {
  readonly time: string
  readonly venue: string
  readonly symbol: string
  readonly cause: BookBreakRow['cause']
  readonly detail: string
  readonly conn: string
  readonly frame: number
}

/** Returns broken chains in order of time. */
export async function listBookBreaks(
  warehouse: Warehouse,
  query: BreakQuery,
): Promise<BookBreak[]> {
  const { instrumentId, venue, fromUs, toUs, limit, keep = 'first' } = query
  const direction = keep === 'first' ? 'asc' : 'desc'
  const rows = await warehouse.read((db) => {
    let breaks = db
      .selectFrom('silver_book_breaks as b')
      .innerJoin('instruments as i', 'i.instrument_id', 'b.instrument_id')
      .select(['b.time_us', 'i.venue', 'i.symbol', 'b.cause', 'b.detail', 'b.conn', 'b.frame'])
      .where('b.time_us', '>=', fromUs)
      .where('b.time_us', '<', toUs)
    if (instrumentId !== undefined) breaks = breaks.where('b.instrument_id', '=', instrumentId)
    if (venue !== undefined) breaks = breaks.where('i.venue', '=', venue)
    return breaks
      .orderBy('b.time_us', direction)
      .orderBy('b.conn', direction)
      .orderBy('b.frame', direction)
      .limit(limit)
      .execute()
  })
  if (keep === 'last') rows.reverse()
  return rows.map(({ time_us, ...rest }) => ({ time: formatTimeUs(time_us), ...rest }))
}
