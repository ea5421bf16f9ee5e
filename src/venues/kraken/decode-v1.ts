import {
  createFieldScanner,
  FIELD,
  firstElement,
  nextElement,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import { MINUTE_US } from '../../market/bucket.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { readSymbol } from '../../market/symbol.ts'
import { isJsonRecord, rejectFrame } from '../frame.ts'
import { readTapeTimeUs } from '../tape/index.ts'
import { COLUMN, createCandleText, readCandle } from './candle.ts'
import { createColumns, readColumns } from './columns.ts'
import { readWhole } from './fields.ts'
import { symbolOfPair } from './names.ts'

const EVENT = 0
const FEED = 1
const RESULT = 2
const scanner = createFieldScanner(['event', 'feed', 'result'])

/** Columns of a candle: time of the last trade, end of the interval, then these decimals. */
const END = 1
const FIRST_DECIMAL = 2
const DECIMALS = ['open', 'high', 'low', 'close', 'vwap', 'volume'] as const
const COUNT = 8
const columns = createColumns()
const text = createCandleText()

/** A message about a pair: `[id, payload, …, name, pair]`. */
export interface PairMessage {
  /** The channel's name with what it was asked for by, such as `book-25` or `ohlc-1`. */
  readonly name: string
  /** The pair as the older WebSocket spells it. */
  readonly pair: string
  /** Where the first payload begins; a change of a book may have a second. */
  readonly start: number
}

/**
 * Finds what a message of the older WebSocket is about, or answers `null` where it is none.
 */
export function readPairMessage(bytes: Uint8Array, start: number, end: number): PairMessage | null {
  let count = 0
  let payload = -1
  let [last, beforeLast]: (readonly [number, number])[] = [NOWHERE, NOWHERE]
  let at = firstElement(bytes, start, end)
  while (at >= 0) {
    const after = skipValue(bytes, at, end)
    if (after < 0) return null
    if (count === 1) payload = at
    beforeLast = last
    last = [at, after]
    count += 1
    at = nextElement(bytes, after, end)
  }
  if (at === -1 || count < 4 || beforeLast === undefined || last === undefined) return null
  const name = wordAt(bytes, beforeLast)
  const pair = wordAt(bytes, last)
  return name === null || pair === null ? null : { name, pair, start: payload }
}

const NOWHERE = [0, 0] as const

function wordAt(bytes: Uint8Array, [start, end]: readonly [number, number]): string | null {
  return bytes[start] === 0x22 ? readSymbol(bytes, start + 1, end - 1) : null
}

/**
 * Decodes a frame of the older WebSocket, `kraken/v1`, as recordings have it.
 *
 * Its trades have no ids. They cannot be told from those already held, nor can one that lacks be
 * missed, so they are no facts: they are kept raw. Its candles are the venue's word like any
 * other. The messages of Kraken Futures, another venue with other products, are refused.
 */
export function decodeV1(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end } = record
  if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the frame is not JSON')
  }
  if (firstElement(bytes, start, end) === -1) return decodeObject(record, sink)
  const message = readPairMessage(bytes, start, end)
  if (message === null) {
    return rejectFrame(sink, 'malformed', 'the frame is no list of a channel and a pair')
  }
  return message.name.startsWith('ohlc-') ? takeCandle(record, message, sink) : 'raw_only'
}

/** Objects are about the connection; or they are of another venue altogether. */
function decodeObject({ bytes, start, end }: RawRecord, sink: EventSink): FrameKind {
  const scanned = scanObject(scanner, bytes, start, end)
  if (scanned === null) {
    return rejectFrame(sink, 'malformed', 'the frame is neither a list nor an object')
  }
  if (scanner.kinds[FEED] !== FIELD.absent || scanner.kinds[RESULT] === FIELD.string) {
    return rejectFrame(sink, 'unknown_dialect', 'a message of Kraken Futures: another venue')
  }
  if (scanner.kinds[EVENT] === FIELD.string) return 'control'
  return rejectFrame(sink, 'missing_field', 'event is missing')
}

/** Reads `[last trade, end, open, high, low, close, vwap, volume, count]`, all but one as text. */
function takeCandle(record: RawRecord, message: PairMessage, sink: EventSink): FrameKind {
  const { bytes, end } = record
  const minutes = Number(/^ohlc-([0-9]{1,5})$/.exec(message.name)?.[1] ?? 0)
  const symbol = symbolOfPair(message.pair)
  if (symbol === null) return rejectFrame(sink, 'bad_symbol', 'the pair is none')
  const isRow = readColumns(columns, bytes, message.start, end)
  if (minutes === 0 || !isRow || !columns.plain || columns.count <= COUNT) {
    return rejectFrame(sink, 'malformed', 'the candle is no row of nine columns')
  }
  const { starts, ends } = columns
  const endUs = readTapeTimeUs(bytes, starts[END] as number, ends[END] as number, 's')
  const openTimeUs = endUs - minutes * MINUTE_US
  if (endUs < 0 || openTimeUs <= 0 || openTimeUs % MINUTE_US !== 0) {
    return rejectFrame(sink, 'bad_time', 'the candle ends with no minute')
  }
  const tradeCount = readWhole(bytes, starts[COUNT] as number, ends[COUNT] as number)
  if (Number.isNaN(tradeCount)) return rejectFrame(sink, 'malformed', 'count is no whole number')
  text.bytes = bytes
  DECIMALS.forEach((name, at) => {
    text.starts[COLUMN[name]] = starts[FIRST_DECIMAL + at] as number
    text.ends[COLUMN[name]] = ends[FIRST_DECIMAL + at] as number
  })
  const intervalUs = minutes * MINUTE_US
  const facts = { item: 0, symbol, openTimeUs, intervalUs, tradeCount, closed: false }
  const candle = readCandle(text, facts)
  if ('reason' in candle) return rejectFrame(sink, candle.reason, candle.detail)
  sink.candle(candle)
  return 'event'
}
