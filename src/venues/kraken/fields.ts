import { FIELD, type FieldScanner } from '../../core/json/scan.ts'
import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'

export { type Fault, fault, readWhole, wholeOf, wordOf } from '../scanned-field.ts'

/** Reads a field that is RFC 3339 text, in epoch microseconds; `NaN` for anything else. */
export function timeOf(scanner: FieldScanner, bytes: Uint8Array, field: number): number {
  if (scanner.kinds[field] !== FIELD.string) return Number.NaN
  return readTimeUs(bytes, scanner.starts[field] as number, scanner.ends[field] as number)
}

/** What is wrong with a symbol that is none. */
export const BAD_SYMBOL = Object.freeze({
  reason: 'bad_symbol',
  problem: `is no symbol of 1 to ${SYMBOL_BYTES_MAX} printable letters`,
} as const)

/** What is wrong with a time that is none. */
export const BAD_TIME = Object.freeze({
  reason: 'bad_time',
  problem: 'is no RFC 3339 time after 1970',
} as const)
