import { createFieldScanner, FIELD, type FieldScanner } from '../../core/json/scan.ts'
import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import { type Fault, fault, wholeOf } from '../scanned-field.ts'

export { type Fault, fault, wholeOf, wordOf } from '../scanned-field.ts'

/** Trades that one aggregate may stand for; more would be taken for coverage on one word. */
const AGGREGATE_TRADES_MAX = 1_000_000

/** Keys of what is wanted of the stream's payloads and of REST's rows of aggregates. */
const PAYLOAD_FIELDS = [
  ...['f', 'l', 'p', 'q', 'T', 'm', 's', 'e', 'E', 't', 'k'],
  ...['u', 'b', 'a', 'lastUpdateId', 'result', 'error', 'code', 'msg'],
] as const

/** Index of a field in a scanner of payloads, by its key. */
export const PAYLOAD = {
  firstId: 0,
  lastId: 1,
  price: 2,
  size: 3,
  tradeTime: 4,
  buyerIsMaker: 5,
  symbol: 6,
  type: 7,
  eventTime: 8,
  tradeId: 9,
  kline: 10,
  updateId: 11,
  bid: 12,
  ask: 13,
  lastUpdateId: 14,
  result: 15,
  error: 16,
  code: 17,
  msg: 18,
} as const

/** Returns a scanner of what is wanted of a payload or a row. */
export function createPayloadScanner(): FieldScanner {
  return createFieldScanner(PAYLOAD_FIELDS)
}

/** Whether a first and a last id can be those of one aggregate. */
export function isAggregate(firstId: number, lastId: number): boolean {
  return lastId >= firstId && lastId - firstId < AGGREGATE_TRADES_MAX
}

/**
 * Reads a last id: a whole number, or -1 where the venue says that there is none; `NaN` for
 * anything else.
 */
export function readLastId(scanner: FieldScanner, bytes: Uint8Array, field: number): number {
  const start = scanner.starts[field] as number
  const none =
    scanner.kinds[field] === FIELD.number &&
    (scanner.ends[field] as number) - start === 2 &&
    bytes[start] === 0x2d &&
    bytes[start + 1] === 0x31
  return none ? -1 : wholeOf(scanner, bytes, field)
}

/**
 * Reads a time in milliseconds as epoch microseconds; `NaN` where it is none.
 *
 * Beyond the year 2255, where microseconds pass 2^53, it is none. So a silent switch of the
 * stream to microseconds is refused, not stored 50,000 years ahead: Binance.com sends them on
 * demand, Binance.US never, and a file of them says so in its columns.
 */
export function readTimeUs(scanner: FieldScanner, bytes: Uint8Array, field: number): number {
  const ms = wholeOf(scanner, bytes, field)
  return ms > 0 && ms * 1000 <= Number.MAX_SAFE_INTEGER ? ms * 1000 : Number.NaN
}

/** Reads `true` or `false`; `null` where it is neither. */
export function readFlag(scanner: FieldScanner, bytes: Uint8Array, field: number): boolean | null {
  if (scanner.kinds[field] !== FIELD.literal) return null
  const start = scanner.starts[field] as number
  const first = bytes[start]
  const length = (scanner.ends[field] as number) - start
  if (first === 0x74 && length === 4) return true
  return first === 0x66 && length === 5 ? false : null
}

/** Describes what is wrong with a time. */
export function timeFault(scanner: FieldScanner, field: number): Fault {
  return fault(scanner, field, {
    reason: 'bad_time',
    problem: 'is no time of 1970 to 2255 in milliseconds',
  })
}

/** Describes what is wrong with a symbol. */
export function symbolFault(scanner: FieldScanner, field: number): Fault {
  const problem = `is no symbol of 1 to ${SYMBOL_BYTES_MAX} printable letters`
  return fault(scanner, field, { reason: 'bad_symbol', problem })
}
