import { isJson } from '../core/json/scan.ts'
import type { EventSink, FrameKind, RejectReason } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'

/** Whether a record's payload is JSON, and so may be scanned. */
export function isJsonRecord({ form, bytes, start, end }: RawRecord): boolean {
  return form === 'json' || (form === 'text' && isJson(bytes, start, end))
}

/** Refuses a whole frame. */
export function rejectFrame(sink: EventSink, reason: RejectReason, detail: string): FrameKind {
  sink.reject({ item: 0, reason, detail, offset: 0 })
  return 'rejected'
}

/** What a frame's events came to so far. */
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
export function kindOf({ accepted, rejected }: Readonly<Omit<Tally, 'item'>>): FrameKind {
  return rejected > 0 && accepted === 0 ? 'rejected' : 'event'
}
