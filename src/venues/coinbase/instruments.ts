import { canonicalDecimal } from '../../market/decimal.ts'
import type { Rejection } from '../../market/event.ts'
import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import {
  type AdvancedProductRow,
  isAdvancedProductRow,
  isProductRow,
  isRecord,
  type ProductRow,
} from './wire.ts'

/** What a listing came to, in the order of its rows. */
export interface ReadListings {
  readonly listings: readonly Listing[]
  readonly rejections: readonly Rejection[]
}

const SYMBOL = /^[!#-[\]-~]+$/

/**
 * Reads the products of a listing, the Exchange's or Advanced Trade's, or answers `null` where
 * the record is none. Base and quote are the venue's own fields.
 */
export function readListings(record: RawRecord): ReadListings | null {
  const { bytes, start, end } = record
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))
  } catch {
    return null
  }
  const rows = isRecord(value) ? value.products : value
  if (!Array.isArray(rows)) return null
  const listings: Listing[] = []
  const rejections: Rejection[] = []
  rows.forEach((row: unknown, item) => {
    const listing = isProductRow(row)
      ? toListing(row)
      : isAdvancedProductRow(row)
        ? toAdvancedListing(row)
        : null
    if (listing === null) {
      const detail = 'a row names no product, base and quote'
      rejections.push({ item, reason: 'missing_field', detail, offset: 0 })
    } else if (listing.symbol.length > SYMBOL_BYTES_MAX || !SYMBOL.test(listing.symbol)) {
      const detail = 'a product has no symbol of printable letters'
      rejections.push({ item, reason: 'bad_symbol', detail, offset: 0 })
    } else {
      listings.push(listing)
    }
  })
  return { listings, rejections }
}

function toListing(row: ProductRow): Listing {
  return {
    symbol: row.id,
    kind: 'spot',
    base: row.base_currency,
    quote: row.quote_currency,
    multiplier: 1,
    priceStep: step(row.quote_increment),
    sizeStep: step(row.base_increment),
    active: isActive(row),
  }
}

function toAdvancedListing(row: AdvancedProductRow): Listing {
  return {
    symbol: row.product_id,
    kind: row.product_type === 'FUTURE' ? 'future' : 'spot',
    base: row.base_currency_id,
    quote: row.quote_currency_id,
    multiplier: 1,
    priceStep: step(row.price_increment),
    sizeStep: step(row.base_increment),
    active: isActive(row),
  }
}

/** A status the venue does not give says nothing against trading. */
function isActive(row: {
  readonly status?: unknown
  readonly trading_disabled?: unknown
}): boolean {
  const online = row.status === undefined || row.status === 'online'
  return online && row.trading_disabled !== true
}

function step(text: unknown): string | null {
  return typeof text === 'string' ? canonicalDecimal(text) : null
}
