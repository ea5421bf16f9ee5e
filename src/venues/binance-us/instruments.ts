import { canonicalDecimal } from '../../market/decimal.ts'
import type { Rejection } from '../../market/event.ts'
import type { Listing } from '../../market/instrument.ts'
import type { RawRecord } from '../../market/record.ts'
import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import { isRecord, isSymbolRow, parseJson, type SymbolRow } from './wire.ts'

/** An asset quoted in lots of many units: the true asset, and how many. */
interface Scaled {
  readonly base: string
  readonly multiplier: number
}

/**
 * Assets that are quoted in lots, by the venue's name of the lot.
 *
 * A table, not a rule: a name that begins with a number may be just a name (1INCH), and a wrong
 * guess is a price wrong by a thousand. A lot that is missing here is an asset of its own.
 */
const SCALED: Readonly<Record<string, Scaled>> = {
  '1000REKT': { base: 'REKT', multiplier: 1000 },
  '1000MOG': { base: 'MOG', multiplier: 1000 },
  '1000SATS': { base: 'SATS', multiplier: 1000 },
  '1000CAT': { base: 'CAT', multiplier: 1000 },
  '1000CHEEMS': { base: 'CHEEMS', multiplier: 1000 },
  '1MWOJAK': { base: 'WOJAK', multiplier: 1_000_000 },
  '1MBABYDOGE': { base: 'BABYDOGE', multiplier: 1_000_000 },
}

const LOT_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(SCALED).map(([lot, { base }]) => [base, lot]),
)

/** Returns the likely symbol of a pair, where no listing is at hand: `BTCUSD`, `1000REKTUSDT`. */
export function spell(base: string, quote: string): string {
  return `${LOT_OF.get(base) ?? base}${quote}`
}

/** What a listing came to, in the order of its rows. */
export interface ReadListings {
  readonly listings: readonly Listing[]
  readonly rejections: readonly Rejection[]
}

const SYMBOL = /^[!#-[\]-~]+$/

/** Reads the symbols of `exchangeInfo`, or answers `null` where the record is none. */
export function readListings(record: RawRecord): ReadListings | null {
  const value = parseJson(record.bytes.subarray(record.start, record.end))
  const rows = isRecord(value) ? value.symbols : undefined
  if (!Array.isArray(rows)) return null
  const listings: Listing[] = []
  const rejections: Rejection[] = []
  rows.forEach((row: unknown, item) => {
    if (!isSymbolRow(row)) {
      const detail = 'a row names no symbol, base and quote'
      rejections.push({ item, reason: 'missing_field', detail, offset: 0 })
    } else if (row.symbol.length > SYMBOL_BYTES_MAX || !SYMBOL.test(row.symbol)) {
      const detail = 'a row has no symbol of printable letters'
      rejections.push({ item, reason: 'bad_symbol', detail, offset: 0 })
    } else {
      listings.push(toListing(row))
    }
  })
  return { listings, rejections }
}

function toListing(row: SymbolRow): Listing {
  const scaled = Object.hasOwn(SCALED, row.baseAsset) ? SCALED[row.baseAsset] : undefined
  return {
    symbol: row.symbol,
    kind: 'spot',
    base: scaled?.base ?? row.baseAsset,
    quote: row.quoteAsset,
    multiplier: scaled?.multiplier ?? 1,
    priceStep: stepOf(row, 'PRICE_FILTER', 'tickSize'),
    sizeStep: stepOf(row, 'LOT_SIZE', 'stepSize'),
    // Every other status (BREAK, HALT, PRE_TRADING …) means that it cannot be traded now.
    active: row.status === 'TRADING',
  }
}

/** Returns a step out of the symbol's filters; a step of 0 stands for "none is kept". */
function stepOf({ filters }: SymbolRow, filterType: string, key: string): string | null {
  if (!Array.isArray(filters)) return null
  const list: readonly unknown[] = filters
  const filter = list.filter(isRecord).find((one) => one.filterType === filterType)
  const text = filter?.[key]
  const step = typeof text === 'string' ? canonicalDecimal(text) : null
  return step === '0' ? null : step
}
