import { type Decimal, parseDecimal } from '../../market/decimal.ts'
import type { EventSink, FrameKind, RejectReason } from '../../market/event.ts'

/** What is wrong with one item of a payload, and in which words. */
export interface Fault {
  readonly reason: RejectReason
  readonly detail: string
}

const SHOWN_MAX = 60

/** Returns a fault that shows the value it is about. */
export function faultOf(reason: RejectReason, field: string, value: unknown): Fault {
  const shown = value === undefined ? 'missing' : JSON.stringify(value).slice(0, SHOWN_MAX)
  return { reason, detail: `${field} is ${shown}` }
}

/** Returns the fields of a JSON object, or `null` where the value is none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, unknown>>) : null
}

/**
 * Reads a decimal of the library, which is text where it was told so and a number where it did
 * not heed it; `null` for what is neither.
 */
export function decimalOf(value: unknown): Decimal | null {
  if (typeof value === 'string') return parseDecimal(value)
  return typeof value === 'number' ? parseDecimal(String(value)) : null
}

/** Reads whole epoch milliseconds as microseconds, or answers -1. */
export function timeUsOf(value: unknown): number {
  const timeUs = typeof value === 'number' && Number.isInteger(value) ? value * 1000 : -1
  return Number.isSafeInteger(timeUs) && timeUs >= 0 ? timeUs : -1
}

/**
 * Gives each item of a list to `read`, which sends an event or says what is wrong; tells what the
 * frame was.
 */
export function eachItem(
  list: readonly unknown[],
  sink: EventSink,
  read: (value: unknown, item: number) => Fault | null,
): FrameKind {
  let kept = 0
  for (const [item, value] of list.entries()) {
    const fault = read(value, item)
    if (fault === null) kept += 1
    else sink.reject({ item, offset: 0, ...fault })
  }
  if (kept > 0) return 'event'
  return list.length > 0 ? 'rejected' : 'raw_only'
}

/** Refuses a whole payload. */
export function refuse(sink: EventSink, fault: Fault): FrameKind {
  sink.reject({ item: 0, offset: 0, ...fault })
  return 'rejected'
}
