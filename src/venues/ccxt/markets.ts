import { canonicalDecimal, decimalText } from '../../market/decimal.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import { decimalOf, fieldsOf, refuse } from './unified.ts'

/** How a market's precision is told: as decimals to count, or as the step itself. */
const DECIMAL_PLACES = 2
const TICK_SIZE = 4

const SYMBOL = /^[\x21-\x7e]{1,64}$/

/**
 * Returns the spot markets among those of a list, as listings.
 *
 * Contracts are left out: the library counts their trades in contracts, not in units of the base.
 *
 * @param precisionMode the library's code of how `markets` tell their precision.
 */
export function listingsOf(markets: readonly unknown[], precisionMode: unknown): Listing[] {
  return markets.flatMap((value) => {
    const market = fieldsOf(value)
    if (market === null || (market.spot !== true && market.type !== 'spot')) return []
    const { symbol, base, quote } = market
    if (typeof symbol !== 'string' || !SYMBOL.test(symbol)) return []
    if (typeof base !== 'string' || typeof quote !== 'string') return []
    const precision = fieldsOf(market.precision)
    const listing: Listing = {
      ...{ symbol, kind: 'spot' as const, base, quote, multiplier: 1 },
      priceStep: stepOf(precision?.price, precisionMode),
      sizeStep: stepOf(precision?.amount, precisionMode),
      // Many venues do not say; only a plain no is one.
      active: market.active !== false,
    }
    return [listing]
  })
}

/** Decodes the markets that were chosen: `{"precisionMode": 4, "markets": […]}`. */
export function decodeMarkets(value: unknown, _record: RawRecord, sink: EventSink): FrameKind {
  const told = fieldsOf(value)
  if (told === null || !Array.isArray(told.markets)) {
    return refuse(sink, { reason: 'malformed', detail: 'the payload lists no markets' })
  }
  const listings = listingsOf(told.markets, told.precisionMode)
  for (const listing of listings) sink.listing(listing)
  return listings.length > 0 ? 'event' : 'raw_only'
}

function stepOf(precision: unknown, mode: unknown): string | null {
  const decimal = decimalOf(precision)
  if (decimal === null || decimal.mantissa < 0n) return null
  const text = decimalText(decimal)
  if (mode === TICK_SIZE) return decimal.mantissa === 0n ? null : text
  // Significant digits are no step.
  return mode === DECIMAL_PLACES ? canonicalDecimal(`1e-${text}`) : null
}
