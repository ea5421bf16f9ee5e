import { isJson, isUtf8 } from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import type { Decoder } from '../venue.ts'
import { decodeMarkets } from './markets.ts'
import { decodeOhlcv } from './ohlcv.ts'
import { decodeTrades } from './trades.ts'
import { refuse } from './unified.ts'

export { listingsOf } from './markets.ts'
export { wholeIdOf } from './trades.ts'

/** Reads a parsed payload of one of the library's methods. */
type Read = (value: unknown, record: RawRecord, sink: EventSink) => FrameKind

/** By channel, which is the name of the method that gave the payload. */
const READERS: ReadonlyMap<string, Read> = new Map([
  ['fetchTrades', decodeTrades],
  ['watchTrades', decodeTrades],
  ['fetchOHLCV', decodeOhlcv],
  ['loadMarkets', decodeMarkets],
])

/** Returns the dialect of what the ccxt library says of a venue: `bitstamp/ccxt`. */
export function ccxtDialect(venue: string): string {
  return `${venue}/ccxt`
}

/** Tells whether a dialect is that of the ccxt library, for whichever venue. */
export function isCcxtDialect(dialect: string): boolean {
  return dialect.endsWith('/ccxt')
}

/**
 * Decodes what the ccxt library made of a venue's answer: its unified trades, one-minute candles
 * and markets, written as JSON with every number as text.
 *
 * Each trade and each candle stands for itself: one that cannot be read is refused, and the others
 * are kept. A method unknown here is kept raw.
 */
export const decodeCcxt: Decoder = (record, sink) => {
  const read = READERS.get(record.channel)
  if (read === undefined) return 'raw_only'
  const { bytes, start, end } = record
  if (!isUtf8(bytes, start, end) || !isJson(bytes, start, end)) {
    return refuse(sink, { reason: 'not_json', detail: 'the payload is not JSON' })
  }
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))
  return read(value, record, sink)
}
