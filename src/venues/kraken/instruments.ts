import { canonicalDecimal } from '../../market/decimal.ts'
import type { Rejection } from '../../market/event.ts'
import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import { assetName } from './names.ts'
import { readEnvelope } from './rest-error.ts'
import { type AssetPair, isAssetPair, isRecord } from './wire.ts'

/** What a listing came to, in the order of its rows. */
export interface ReadListings {
  readonly listings: readonly Listing[]
  readonly rejections: readonly Rejection[]
}

/** More decimals than any pair has. */
const DECIMALS_MAX = 18

const SYMBOL_TEXT = /^[!#-[\]-~]+$/

/**
 * Reads the pairs of `GET /AssetPairs`, or answers `null` where the record is none.
 *
 * With `assetVersion=1` the keys are the symbols of the current WebSocket. Without it the keys
 * are older names, and the symbol is made of base and quote; dark pools (`.d`), which trade the
 * same two, are another market and left out. `wsname` is a name of the older WebSocket.
 */
export function readListings(record: RawRecord): ReadListings | null {
  const envelope = readEnvelope(record.bytes, record.start, record.end)
  if (envelope === null || !isRecord(envelope.result)) return null
  const listings: Listing[] = []
  const rejections: Rejection[] = []
  Object.entries(envelope.result).forEach(([key, row], item) => {
    if (key.endsWith('.d')) return
    const symbol = isAssetPair(row) ? symbolOf(key, row) : null
    if (!isAssetPair(row) || symbol === null) {
      const detail = 'a row names no base and quote'
      rejections.push({ item, reason: 'missing_field', detail, offset: 0 })
    } else if (symbol.length > SYMBOL_BYTES_MAX || !SYMBOL_TEXT.test(symbol)) {
      const detail = 'a pair has no symbol of printable letters'
      rejections.push({ item, reason: 'bad_symbol', detail, offset: 0 })
    } else {
      listings.push(toListing(symbol, row))
    }
  })
  return listings.length + rejections.length === 0 ? null : { listings, rejections }
}

function symbolOf(key: string, row: AssetPair): string {
  return key.includes('/') ? key : `${assetName(row.base)}/${assetName(row.quote)}`
}

function toListing(symbol: string, row: AssetPair): Listing {
  return {
    symbol,
    kind: 'spot',
    base: assetName(row.base),
    quote: assetName(row.quote),
    multiplier: 1,
    priceStep: stepText(row.tick_size) ?? stepOf(row.pair_decimals),
    sizeStep: stepOf(row.lot_decimals),
    // Listings of some years ago gave no status: that says nothing against trading.
    active: row.status === undefined || row.status === 'online',
  }
}

function stepText(text: unknown): string | null {
  return typeof text === 'string' ? canonicalDecimal(text) : null
}

function stepOf(decimals: unknown): string | null {
  const isCount = typeof decimals === 'number' && Number.isInteger(decimals) && decimals >= 0
  return isCount && decimals <= DECIMALS_MAX ? canonicalDecimal(`1e-${decimals}`) : null
}
