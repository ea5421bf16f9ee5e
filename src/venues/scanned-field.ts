import type { FieldScanner } from '../core/json/scan.ts'
import { FIELD } from '../core/json/scan.ts'
import type { RejectReason } from '../market/event.ts'
import { readSymbol } from '../market/symbol.ts'

/** Why one event was refused. */
export interface Fault {
  readonly reason: RejectReason
  readonly detail: string
  /** Where in the scanned bytes, or -1. */
  readonly at: number
}

/** Returns the text of a short string field of printable letters, or `null` where it is none. */
export function wordOf(scanner: FieldScanner, bytes: Uint8Array, field: number): string | null {
  if (scanner.kinds[field] !== FIELD.string) return null
  return readSymbol(bytes, scanner.starts[field] as number, scanner.ends[field] as number)
}

/** Reads a whole number up to 2^53 from at most 16 bare digits; `NaN` for anything else. */
export function readWhole(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > 16) return Number.NaN
  let whole = 0
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) ^ 0x30
    if (digit > 9) return Number.NaN
    whole = whole * 10 + digit
  }
  return Number.isSafeInteger(whole) ? whole : Number.NaN
}

/** Reads a field that is a bare whole number; `NaN` for anything else. */
export function wholeOf(scanner: FieldScanner, bytes: Uint8Array, field: number): number {
  if (scanner.kinds[field] !== FIELD.number) return Number.NaN
  return readWhole(bytes, scanner.starts[field] as number, scanner.ends[field] as number)
}

/** Describes what is wrong with a field: that it is missing, or else what is told. */
export function fault(
  scanner: FieldScanner,
  field: number,
  wrong: { readonly reason: RejectReason; readonly problem: string },
): Fault {
  const name = scanner.names[field]
  if (scanner.kinds[field] === FIELD.absent) {
    return { reason: 'missing_field', detail: `${name} is missing`, at: -1 }
  }
  const at = scanner.starts[field] as number
  return { reason: wrong.reason, detail: `${name} ${wrong.problem}`, at }
}
