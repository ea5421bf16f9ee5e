import { readSymbol } from '../../market/symbol.ts'
import { UNKNOWN_ROUTE } from '../unknown-route.ts'
import type { Route } from '../venue.ts'
import * as fields from './fields.ts'
import { KLINE } from './kline.ts'
import { kline, type Payload, payload, readPayload } from './payload.ts'
import { isErrorBody, isRecord, parseJson } from './wire.ts'

const { PAYLOAD } = fields

/** The channel of diffs of the book, as it is subscribed. */
export const BOOK_CHANNEL = 'depth@100ms'

/** Channels by the `e` of payloads that come without a stream's name; klines add an interval. */
const CHANNEL_OF: Readonly<Record<string, string>> = {
  aggTrade: 'aggTrade',
  trade: 'trade',
  depthUpdate: BOOK_CHANNEL,
  '24hrTicker': 'ticker',
  '24hrMiniTicker': 'miniTicker',
  bookTicker: 'bookTicker',
}

/** Answers are short; a longer frame without a type is none. */
const ANSWER_BYTES_MAX = 4096

/**
 * Tells what the collector must know of a frame. Never throws.
 *
 * The stream's name tells channel and symbol; a payload without it is told by its `e`. The last
 * id is that of the last trade an aggregate, a trade or a kline speaks of.
 */
export function routeStream(frame: Uint8Array): Route {
  const found = readPayload(frame, 0, frame.length)
  if (found.type === 'answer') return routeAnswer(frame)
  if (found.type === 'strange') return UNKNOWN_ROUTE
  if (found.event === 'serverShutdown') return { ...UNKNOWN_ROUTE, endsSoon: true }
  const { channel, symbol } = found.streamEnd > 0 ? byStream(found) : byEvent(found)
  if (channel === 'unknown') return UNKNOWN_ROUTE
  // Of a list, or a payload without a type, nothing was read.
  if (found.event === null) return { ...UNKNOWN_ROUTE, kind: 'data', channel, symbol }
  const timeField = found.type === 'aggTrade' ? PAYLOAD.tradeTime : PAYLOAD.eventTime
  const timeUs = fields.readTimeUs(payload, found.bytes, timeField)
  return {
    kind: 'data',
    channel,
    symbol,
    lastId: lastIdOf(found),
    eventTimeUs: timeUs > 0 ? timeUs : 0,
  }
}

/** Returns the last trade id that a payload speaks of, or -1. */
function lastIdOf({ type, event, bytes }: Readonly<Payload>): number {
  if (type === 'aggTrade') {
    const firstId = fields.wholeOf(payload, bytes, PAYLOAD.firstId)
    const lastId = fields.wholeOf(payload, bytes, PAYLOAD.lastId)
    return fields.isAggregate(firstId, lastId) ? lastId : -1
  }
  if (type !== 'kline' && event !== 'trade') return -1
  const lastId =
    type === 'kline'
      ? fields.readLastId(kline, bytes, KLINE.lastId)
      : fields.wholeOf(payload, bytes, PAYLOAD.tradeId)
  return lastId >= 0 ? lastId : -1
}

interface Place {
  readonly channel: string
  readonly symbol: string | null
}

const NO_PLACE: Place = { channel: 'unknown', symbol: null }

/** Splits `btcusd@depth@100ms` at its first `@`; `!ticker@arr` concerns no one symbol. */
function byStream(found: Readonly<Payload>): Place {
  const { bytes, streamStart, streamEnd } = found
  let at = streamStart
  while (at < streamEnd && bytes[at] !== 0x40) at += 1
  if (bytes[streamStart] === 0x21 || at === streamEnd) {
    const channel = readSymbol(bytes, streamStart, streamEnd)
    return channel === null ? NO_PLACE : { channel, symbol: null }
  }
  const channel = readSymbol(bytes, at + 1, streamEnd)
  if (channel === null) return NO_PLACE
  // The payload's own symbol is in capitals, as it is listed; partial books have none.
  const own = found.event === null ? null : fields.wordOf(payload, bytes, PAYLOAD.symbol)
  const symbol = own ?? readSymbol(bytes, streamStart, at)?.toUpperCase() ?? null
  return { channel, symbol }
}

function byEvent({ bytes, event }: Readonly<Payload>): Place {
  if (event === null) return NO_PLACE
  const symbol = fields.wordOf(payload, bytes, PAYLOAD.symbol)
  if (event === 'kline') {
    const interval = fields.wordOf(kline, bytes, KLINE.interval)
    return interval === null ? NO_PLACE : { channel: `kline_${interval}`, symbol }
  }
  return Object.hasOwn(CHANNEL_OF, event)
    ? { channel: CHANNEL_OF[event] as string, symbol }
    : NO_PLACE
}

/** Reads the answer to a request: done (`result: null`), or a complaint, perhaps with its id. */
function routeAnswer(frame: Uint8Array): Route {
  const value = frame.length <= ANSWER_BYTES_MAX ? parseJson(frame) : undefined
  if (!isRecord(value)) return UNKNOWN_ROUTE
  const { id } = value
  const hasId = typeof id === 'number' && Number.isSafeInteger(id) && id >= 0
  const error = isErrorBody(value.error) ? value.error : value
  if (isErrorBody(error)) {
    const message = `${error.msg} (code ${error.code})`.slice(0, 200)
    const route: Route = { ...UNKNOWN_ROUTE, kind: 'error', channel: 'error', message }
    return hasId ? { ...route, requestId: id } : route
  }
  if (value.result !== null || !hasId) return UNKNOWN_ROUTE
  return { ...UNKNOWN_ROUTE, kind: 'ack', channel: 'result', ack: { kind: 'request', id } }
}
