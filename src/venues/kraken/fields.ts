import { FIELD, type FieldScanner } from '../../core/json/scan.ts'
import type { EventSink, FrameKind, RejectReason } from '../../market/event.ts'
import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'

export { type Fault, fault, wordOf } from '../scanned-field.ts'

/** What a frame's list of events came to so far. */
export interface Tally {
  /** Ordinal of the next event within the record. */
  item: number
  accepted: number
  rejected: number
}

/** Returns a tally of nothing. */
export function createTally(): Tally {
  return { item: 0, accepted: 0, rejected: 0 }
}

/** Returns what a frame of events was: refused only if all of it was. */
export function kindOf(tally: Tally): FrameKind {
  return tally.rejected > 0 && tally.accepted === 0 ? 'rejected' : 'event'
}

/** Refuses a whole frame. */
export function rejectFrame(sink: EventSink, reason: RejectReason, detail: string): FrameKind {
  sink.reject({ item: 0, reason, detail, offset: 0 })
  return 'rejected'
}

/** Reads a whole number up to 2^53 from bare digits; `NaN` for anything else. */
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
