import { FIELD, scanObject } from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { isJsonRecord, rejectFrame } from '../frame.ts'
import { readMatch } from './decode-match.ts'
import * as fields from './fields.ts'

const TYPE = fields.FIRST_OTHER
const LAST_TRADE_ID = TYPE + 1
const MESSAGE = TYPE + 2

const scanner = fields.createTradeScanner(['type', 'last_trade_id', 'message'])
const slot = createTradeSlot()

/**
 * Decodes a frame of the Exchange feed, `coinbase/exchange`.
 *
 * `match` and `last_match` are trades alike: the second is a replay of the newest trade, real
 * and perhaps already held. Heartbeats are witnesses where they name an id (for a year they
 * named 0). Whatever else has a type is kept raw.
 */
export function decodeExchange(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end } = record
  if (record.form === 'json') {
    if (readMatch(bytes, start, end, slot)) {
      slot.item = 0
      sink.trade(slot)
      return 'event'
    }
  } else if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the frame is not JSON')
  }
  const scanned = scanObject(scanner, bytes, start, end)
  if (scanned === null) return rejectFrame(sink, 'malformed', 'the frame is no object')
  const type = fields.wordOf(scanner, scanned, TYPE)
  // Offsets into a rewritten copy mean nothing: counted from its end, they come out as 0.
  const base = scanned === bytes ? start : scanned.length
  switch (type) {
    case 'match':
    case 'last_match':
      return takeTrade(scanned, base, sink)
    case 'heartbeat':
      return takeHeartbeat(scanned, base, sink)
    case 'subscriptions':
      return 'control'
    case 'error':
      if (scanner.kinds[MESSAGE] !== FIELD.absent) return 'control'
      return refuse(
        fields.fault(scanner, MESSAGE, { reason: 'malformed', problem: '' }),
        base,
        sink,
      )
    case null:
      return refuse(
        fields.fault(scanner, TYPE, { reason: 'malformed', problem: 'is no word' }),
        base,
        sink,
      )
    default:
      return 'raw_only'
  }
}

function takeTrade(bytes: Uint8Array, base: number, sink: EventSink): FrameKind {
  const fault = fields.fillTrade(scanner, bytes, null, slot)
  if (fault !== null) return refuse(fault, base, sink)
  slot.item = 0
  sink.trade(slot)
  return 'event'
}

function takeHeartbeat(bytes: Uint8Array, base: number, sink: EventSink): FrameKind {
  const lastId = fields.readId(scanner, bytes, LAST_TRADE_ID)
  if (Number.isNaN(lastId)) {
    const problem = 'is no whole number up to 2^53'
    return refuse(fields.fault(scanner, LAST_TRADE_ID, { reason: 'bad_id', problem }), base, sink)
  }
  const symbol = fields.readProduct(scanner, bytes)
  if (symbol === null) return refuse(fields.symbolFault(scanner), base, sink)
  const timeUs = fields.readTime(scanner, bytes)
  if (!(timeUs > 0)) {
    const problem = 'is no RFC 3339 time after 1970'
    return refuse(fields.fault(scanner, fields.TIME, { reason: 'bad_time', problem }), base, sink)
  }
  if (lastId > 0) sink.witness({ symbol, lastId, timeUs })
  return 'control'
}

function refuse({ reason, detail, at }: fields.Fault, base: number, sink: EventSink): FrameKind {
  sink.reject({ item: 0, reason, detail, offset: Math.max(0, at - base) })
  return 'rejected'
}
