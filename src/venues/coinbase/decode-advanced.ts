import {
  createFieldScanner,
  FIELD,
  firstElement,
  nextElement,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { createTally, isJsonRecord, kindOf, rejectFrame } from '../frame.ts'
import * as fields from './fields.ts'
import { takeTrades } from './trade-list.ts'

const CHANNEL = 0
const EVENTS = 1
const TYPE = 2
const TRADES = 0

const envelope = createFieldScanner(['channel', 'events', 'type'])
const event = createFieldScanner(['trades'])

/**
 * Decodes a frame of the Advanced Trade feed, `coinbase/advanced`.
 *
 * Trades come newest first, a snapshot of a hundred after each subscription; their side is the
 * maker's, as on the Exchange feed. Trades that are refused do not take the others with them.
 */
export function decodeAdvanced(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end } = record
  if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the frame is not JSON')
  }
  const scanned = scanObject(envelope, bytes, start, end)
  if (scanned === null) return rejectFrame(sink, 'malformed', 'the frame is no object')
  switch (fields.wordOf(envelope, scanned, CHANNEL)) {
    case 'market_trades':
      return takeEvents(scanned, scanned === bytes ? start : scanned.length, sink)
    case 'subscriptions':
    case 'heartbeats':
      return 'control'
    case null: {
      if (fields.wordOf(envelope, scanned, TYPE) === 'error') return 'control'
      const fault = fields.fault(envelope, CHANNEL, { reason: 'malformed', problem: 'is no word' })
      return rejectFrame(sink, fault.reason, fault.detail)
    }
    default:
      return 'raw_only'
  }
}

/** Reads `events[].trades[]`. */
function takeEvents(bytes: Uint8Array, base: number, sink: EventSink): FrameKind {
  if (envelope.kinds[EVENTS] !== FIELD.array) {
    const fault = fields.fault(envelope, EVENTS, { reason: 'malformed', problem: 'is no list' })
    return rejectFrame(sink, fault.reason, fault.detail)
  }
  const tally = createTally()
  const end = envelope.ends[EVENTS] as number
  let at = firstElement(bytes, envelope.starts[EVENTS] as number, end)
  while (at >= 0) {
    const scanned = scanObject(event, bytes, at, end)
    const after = scanned === null ? skipValue(bytes, at, end) : event.after
    if (scanned === null || event.kinds[TRADES] !== FIELD.array) {
      const detail = 'an event has no list of trades'
      const offset = Math.max(0, at - base)
      sink.reject({ item: tally.item, reason: 'malformed', detail, offset })
      tally.item += 1
      tally.rejected += 1
    } else {
      const list = {
        bytes: scanned,
        start: event.starts[TRADES] as number,
        end: event.ends[TRADES] as number,
        base: scanned === bytes ? base : scanned.length,
        symbol: null,
      }
      takeTrades(list, sink, tally)
    }
    if (after < 0) break
    at = nextElement(bytes, after, end)
  }
  return kindOf(tally)
}
