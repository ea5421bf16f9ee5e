import { createFieldScanner, FIELD, type FieldScanner } from '../../core/json/scan.ts'
import { readSymbol, SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'
import type { TradeSlot } from '../../market/trade.ts'
import { type Fault, fault, readWhole, wordOf } from '../scanned-field.ts'

export { type Fault, fault, wordOf } from '../scanned-field.ts'

/** Fields of a trade in each of Coinbase's formats; a scanner of trades begins with them. */
const TRADE_FIELDS = ['trade_id', 'price', 'size', 'side', 'product_id', 'time'] as const

/** Index of `trade_id` in a scanner of trades. */
export const TRADE_ID = 0
/** Index of `time` in a scanner of trades. */
export const TIME = 5
/** Index of the first field a scanner of trades was given besides. */
export const FIRST_OTHER = TRADE_FIELDS.length

const PRICE = 1
const SIZE = 2
const SIDE = 3
const PRODUCT_ID = 4

/** Returns a scanner of the fields of a trade, then of `others` from {@link FIRST_OTHER} on. */
export function createTradeScanner(others: readonly string[]): FieldScanner {
  return createFieldScanner([...TRADE_FIELDS, ...others])
}

/**
 * Fills `slot` from the fields of one trade, or returns what is wrong with it.
 *
 * Coinbase tells the maker's side; the slot gets the taker's. Price and size are passed on as
 * they are. `symbol` stands in where the trade names no product, as REST's do not.
 */
export function fillTrade(
  scanner: FieldScanner,
  bytes: Uint8Array,
  symbol: string | null,
  slot: TradeSlot,
): Fault | null {
  const { kinds, starts, ends } = scanner
  const id = readId(scanner, bytes, TRADE_ID)
  if (!(id > 0))
    return fault(scanner, TRADE_ID, {
      reason: 'bad_id',
      problem: 'is no whole number from 1 to 2^53',
    })
  for (let field = PRICE; field <= SIZE; field += 1) {
    if (kinds[field] !== FIELD.string && kinds[field] !== FIELD.number) {
      return fault(scanner, field, {
        reason: 'bad_decimal',
        problem: 'is neither text nor a number',
      })
    }
  }
  const side = readTakerSide(scanner, bytes)
  if (side < 0)
    return fault(scanner, SIDE, { reason: 'bad_side', problem: 'is neither buy nor sell' })
  const named = kinds[PRODUCT_ID] !== FIELD.absent || symbol === null
  const product = named ? readProduct(scanner, bytes) : symbol
  if (product === null) return symbolFault(scanner)
  const timeUs = readTime(scanner, bytes)
  if (!(timeUs > 0))
    return fault(scanner, TIME, { reason: 'bad_time', problem: 'is no RFC 3339 time after 1970' })
  slot.symbol = product
  slot.tradeId = id
  slot.firstId = id
  slot.lastId = id
  slot.eventTimeUs = timeUs
  slot.side = side
  slot.bytes = bytes
  slot.priceStart = starts[PRICE] as number
  slot.priceEnd = ends[PRICE] as number
  slot.sizeStart = starts[SIZE] as number
  slot.sizeEnd = ends[SIZE] as number
  return null
}

/** Reads a whole number up to 2^53 from digits, quoted or not; `NaN` for anything else. */
export function readId(scanner: FieldScanner, bytes: Uint8Array, field: number): number {
  const kind = scanner.kinds[field]
  if (kind !== FIELD.number && kind !== FIELD.string) return Number.NaN
  return readWhole(bytes, scanner.starts[field] as number, scanner.ends[field] as number)
}

/** Reads the product's symbol, or `null` where it is none. */
export function readProduct(scanner: FieldScanner, bytes: Uint8Array): string | null {
  if (scanner.kinds[PRODUCT_ID] !== FIELD.string) return null
  return readSymbol(bytes, scanner.starts[PRODUCT_ID] as number, scanner.ends[PRODUCT_ID] as number)
}

/** Reads the time in epoch microseconds; `NaN` where it is none. */
export function readTime(scanner: FieldScanner, bytes: Uint8Array): number {
  if (scanner.kinds[TIME] !== FIELD.string) return Number.NaN
  return readTimeUs(bytes, scanner.starts[TIME] as number, scanner.ends[TIME] as number)
}

/** Describes what is wrong with a product's symbol. */
export function symbolFault(scanner: FieldScanner): Fault {
  const problem = `is no symbol of 1 to ${SYMBOL_BYTES_MAX} printable letters`
  return fault(scanner, PRODUCT_ID, { reason: 'bad_symbol', problem })
}

/**
 * Returns the code of the taker's side: the other one than the maker's, which is what is sent.
 *
 * -1 where it is no side; unknown where Coinbase itself says that it does not know.
 */
function readTakerSide(scanner: FieldScanner, bytes: Uint8Array): number {
  const word = wordOf(scanner, bytes, SIDE)
  if (word === 'sell' || word === 'SELL') return 0
  if (word === 'buy' || word === 'BUY') return 1
  return word === 'UNKNOWN_ORDER_SIDE' ? 2 : -1
}
