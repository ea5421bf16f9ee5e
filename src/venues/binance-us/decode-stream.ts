import { FIELD } from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { isJsonRecord, rejectFrame } from '../frame.ts'
import { fillAggregate } from './aggregate.ts'
import * as fields from './fields.ts'
import { intervalUsOf, KLINE, takeKline } from './kline.ts'
import { kline, type Payload, payload, readPayload } from './payload.ts'

const { PAYLOAD } = fields

const slot = createTradeSlot()

/**
 * Decodes a frame of the stream, wrapped or not; Binance.com's and its futures' are alike.
 *
 * `aggTrade` is the trade, under the ids it stands for. `trade` tells the same trades one by
 * one, and is kept raw: what is held must not depend on which of two streams came. A kline is
 * the venue's own candle, and a witness of the last trade before its end, if it is closed, or
 * before its beginning.
 */
export function decodeStream(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end } = record
  if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the frame is not JSON')
  }
  const found = readPayload(bytes, start, end)
  switch (found.type) {
    case 'aggTrade':
      return takeTrade(found, sink)
    case 'kline':
      return takeCandle(found, sink)
    case 'answer':
      return 'control'
    case 'other':
      return found.event === 'serverShutdown' ? 'control' : 'raw_only'
    default:
      return rejectFrame(sink, 'malformed', 'the frame says nothing of what it is')
  }
}

function takeTrade(found: Readonly<Payload>, sink: EventSink): FrameKind {
  const fault = fillAggregate(payload, found.bytes, null, slot)
  if (fault !== null) return refuse(fault, found.base, sink)
  slot.item = 0
  sink.trade(slot)
  return 'event'
}

function takeCandle({ bytes, base }: Readonly<Payload>, sink: EventSink): FrameKind {
  if (payload.kinds[PAYLOAD.kline] === FIELD.absent) {
    return refuse(
      fields.fault(payload, PAYLOAD.kline, { reason: 'malformed', problem: '' }),
      base,
      sink,
    )
  }
  const symbol = fields.wordOf(payload, bytes, PAYLOAD.symbol)
  if (symbol === null) return refuse(fields.symbolFault(payload, PAYLOAD.symbol), base, sink)
  const interval = fields.wordOf(kline, bytes, KLINE.interval)
  if (interval === null) {
    return refuse(
      fields.fault(kline, KLINE.interval, { reason: 'malformed', problem: 'is no word' }),
      base,
      sink,
    )
  }
  const intervalUs = intervalUsOf(interval)
  // Weeks and months lie on no grid of equal widths.
  if (intervalUs === null) return 'raw_only'
  const closed = fields.readFlag(kline, bytes, KLINE.closed)
  if (closed === null) {
    return refuse(
      fields.fault(kline, KLINE.closed, { reason: 'malformed', problem: 'is no flag' }),
      base,
      sink,
    )
  }
  const candle = takeKline(kline, bytes, { item: 0, symbol, intervalUs, closed })
  if ('reason' in candle) return refuse(candle, base, sink)
  const lastId = fields.readLastId(kline, bytes, KLINE.lastId)
  if (Number.isNaN(lastId)) {
    const problem = 'is no whole number up to 2^53'
    return refuse(fields.fault(kline, KLINE.lastId, { reason: 'bad_id', problem }), base, sink)
  }
  sink.candle(candle)
  const timeUs = candle.openTimeUs + (closed ? intervalUs : 0)
  if (lastId >= 0) sink.witness({ symbol, lastId, timeUs })
  return 'event'
}

function refuse({ reason, detail, at }: fields.Fault, base: number, sink: EventSink): FrameKind {
  sink.reject({ item: 0, reason, detail, offset: Math.max(0, at - base) })
  return 'rejected'
}
