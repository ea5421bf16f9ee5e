import { createFieldScanner, FIELD, scanObject } from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import type { TradeSlot } from '../../market/trade.ts'
import { createTally, isJsonRecord, kindOf, rejectFrame } from '../frame.ts'
import { readCandle } from './candle.ts'
import { takeCandles } from './candle-list.ts'
import { createCandleFrame, readCandleFrame } from './decode-candle.ts'
import { createTradeBatch, readTrades } from './decode-trade.ts'
import * as fields from './fields.ts'
import { takeInstruments } from './instrument-list.ts'
import { takeTrades } from './trade-list.ts'

const CHANNEL = 0
const DATA = 1
const METHOD = 2
const ERROR = 3
const CAPITAL_ERROR = 4

const envelope = createFieldScanner(['channel', 'data', 'method', 'error', 'Error'])
const batch = createTradeBatch()
const one = createCandleFrame()

/**
 * Decodes a frame of the current WebSocket, `kraken/v2`.
 *
 * Trades and candles are events, as are the pairs of `instrument`. What answers a request, and
 * what is said of the connection and of the trading engine, is control. Books and tickers are
 * kept raw here; books are read by their own decoder.
 */
export function decodeV2(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end } = record
  if (record.form === 'json') {
    if (readTrades(bytes, start, end, batch)) {
      for (let at = 0; at < batch.count; at += 1) sink.trade(batch.slots[at] as TradeSlot)
      return 'event'
    }
    if (readCandleFrame(bytes, start, end, one)) {
      const candle = readCandle(one.text, one.facts)
      if (!('reason' in candle)) {
        sink.candle(candle)
        return 'event'
      }
    }
  } else if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the frame is not JSON')
  }
  const scanned = scanObject(envelope, bytes, start, end)
  if (scanned === null) return rejectFrame(sink, 'malformed', 'the frame is no object')
  // Offsets into a rewritten copy mean nothing: counted from its end, they come out as 0.
  const base = scanned === bytes ? start : scanned.length
  const channel = fields.wordOf(envelope, scanned, CHANNEL)
  switch (channel) {
    case 'trade':
    case 'ohlc': {
      if (envelope.kinds[DATA] !== FIELD.array) return refuseData(sink, 'is no list')
      const tally = createTally()
      const [from, to] = [envelope.starts[DATA] as number, envelope.ends[DATA] as number]
      const list = { bytes: scanned, start: from, end: to, base }
      if (channel === 'trade') takeTrades(list, sink, tally)
      else takeCandles(list, sink, tally)
      return kindOf(tally)
    }
    case 'instrument': {
      if (envelope.kinds[DATA] !== FIELD.object) return refuseData(sink, 'is no object')
      const [from, to] = [envelope.starts[DATA] as number, envelope.ends[DATA] as number]
      return takeInstruments({ bytes: scanned, start: from, end: to, base }, sink)
    }
    case 'heartbeat':
    case 'status':
      return 'control'
    case null:
      return decodeAnswer(sink)
    default:
      return 'raw_only'
  }
}

/** An answer to a request names its method; a complaint may name nothing at all. */
function decodeAnswer(sink: EventSink): FrameKind {
  const { kinds } = envelope
  const isText = (field: number) => kinds[field] === FIELD.string || kinds[field] === FIELD.escaped
  if (isText(METHOD) || isText(ERROR) || isText(CAPITAL_ERROR)) return 'control'
  const wrong = { reason: 'malformed', problem: 'is no word' } as const
  const { reason, detail } = fields.fault(envelope, CHANNEL, wrong)
  return rejectFrame(sink, reason, detail)
}

function refuseData(sink: EventSink, problem: string): FrameKind {
  const { reason, detail } = fields.fault(envelope, DATA, { reason: 'malformed', problem })
  return rejectFrame(sink, reason, detail)
}
