import { firstElement, nextElement, skipValue } from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { createTally, isJsonRecord, kindOf, rejectFrame, type Tally } from '../frame.ts'
import { takeCandle } from './candle-row.ts'
import { readListings } from './instruments.ts'
import { takeTrades } from './trade-list.ts'
import { isRecord } from './wire.ts'

const SECOND_US = 1_000_000
const STATUS_OK = 200

/**
 * Decodes an answer of the REST interface, `coinbase/rest`, by its channel: pages of `trades`,
 * pages of `candles`, the listing of `products`; other answers are kept raw.
 *
 * An error answer, by its status or by its shape, is control if it is one of Coinbase's own
 * (`{"message":…}`), and refused if not: a proxy's page says nothing about trades.
 */
export function decodeRest(record: RawRecord, sink: EventSink): FrameKind {
  if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the answer is not JSON')
  }
  const status = record.request?.status ?? STATUS_OK
  if (status !== STATUS_OK) return takeError(record, sink, `the answer's status is ${status}`)
  switch (record.channel) {
    case 'trades':
      return takePage(record, sink, takeTradePage)
    case 'candles':
      return takePage(record, sink, takeCandlePage)
    case 'products':
      return takeProducts(record, sink)
    default:
      return isError(record) ? 'control' : 'raw_only'
  }
}

type TakePage = (record: RawRecord, sink: EventSink, tally: Tally) => void

function takePage(record: RawRecord, sink: EventSink, take: TakePage): FrameKind {
  const { bytes, start, end } = record
  if (firstElement(bytes, start, end) === -1) {
    return takeError(record, sink, 'the answer is no list')
  }
  const tally = createTally()
  take(record, sink, tally)
  return kindOf(tally)
}

/** Reads a page of trades: newest first, the maker's side, the product only in the request. */
function takeTradePage(record: RawRecord, sink: EventSink, tally: Tally): void {
  const { bytes, start, end } = record
  const symbol = record.symbol ?? symbolOfUrl(record.request?.url)
  takeTrades({ bytes, start, end, base: start, symbol }, sink, tally)
}

/** Reads a page of candles: newest first, `[time, low, high, open, close, volume]`. */
function takeCandlePage(record: RawRecord, sink: EventSink, tally: Tally): void {
  const { bytes, start, end, receivedTimeUs } = record
  const symbol = record.symbol ?? symbolOfUrl(record.request?.url)
  const intervalUs = granularityOfUrl(record.request?.url) * SECOND_US
  let at = firstElement(bytes, start, end)
  while (at >= 0) {
    const after = skipValue(bytes, at, end)
    if (after < 0) return
    const row = { bytes, start: at, end: after, item: tally.item, symbol, intervalUs }
    const taken = takeCandle(row, receivedTimeUs)
    if ('reason' in taken) {
      sink.reject({ item: tally.item, ...taken, offset: at - start })
      tally.rejected += 1
    } else {
      sink.candle(taken)
      tally.accepted += 1
    }
    tally.item += 1
    at = nextElement(bytes, after, end)
  }
}

function takeProducts(record: RawRecord, sink: EventSink): FrameKind {
  const products = readListings(record)
  if (products === null) return takeError(record, sink, 'the answer is no listing')
  for (const listing of products.listings) sink.listing(listing)
  for (const rejection of products.rejections) sink.reject(rejection)
  return kindOf({ accepted: products.listings.length, rejected: products.rejections.length })
}

function takeError(record: RawRecord, sink: EventSink, detail: string): FrameKind {
  return isError(record) ? 'control' : rejectFrame(sink, 'malformed', detail)
}

/** Whether the answer is Coinbase's own word of an error: `{"message":"NotFound"}`. */
function isError(record: RawRecord): boolean {
  const { bytes, start, end } = record
  // An error is short: do not parse a page to learn that it is none.
  if (end - start > 4096) return false
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))
    return isRecord(value) && typeof value.message === 'string'
  } catch {
    return false
  }
}

function symbolOfUrl(url: string | undefined): string | null {
  return /\/products\/([!-.0-~]{1,64})\//.exec(url ?? '')?.[1] ?? null
}

function granularityOfUrl(url: string | undefined): number {
  const seconds = Number(/[?&]granularity=([0-9]{1,6})(?:&|$)/.exec(url ?? '')?.[1] ?? 60)
  return seconds > 0 ? seconds : 60
}
