import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import { type CoinRow, isCoinRow } from './wire.ts'

/** Returns what is said of a coin: its id names it, its ticker (not unique) is its base. */
export function listingOf({ id, symbol }: Pick<CoinRow, 'id' | 'symbol'>): Listing {
  return {
    symbol: id,
    kind: 'coin',
    base: symbol.toUpperCase(),
    quote: 'USD',
    multiplier: 1,
    priceStep: null,
    sizeStep: null,
    active: true,
  }
}

/**
 * Reads the coins of `GET /coins/list` or of a page of `GET /coins/markets`; none where the
 * record is neither. Rows without an id and a ticker are passed over.
 */
export function readListings({ bytes, start, end }: RawRecord): readonly Listing[] {
  let rows: unknown
  try {
    rows = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))
  } catch {
    return []
  }
  if (!Array.isArray(rows)) return []
  return rows
    .filter(isCoinRow)
    .filter(({ id }) => id !== '' && id.length <= SYMBOL_BYTES_MAX)
    .map(listingOf)
}
