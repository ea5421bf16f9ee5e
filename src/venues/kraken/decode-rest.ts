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
import { readListings } from './instruments.ts'
import { symbolOfPair } from './names.ts'
import { readErrors } from './rest-error.ts'
import { takeCandleRow, takeTradeRow } from './rest-rows.ts'

const RESULT = 0
const envelope = createFieldScanner(['result'])
const STATUS_OK = 200

/** Rows of a page, and where they stand in it. */
interface Page {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** The key the rows stand under: a name of the pair, by which it was not asked for. */
  readonly key: string
}

/**
 * Decodes an answer of the REST interface, `kraken/rest`, by its channel, which is the name of
 * the endpoint: pages of `Trades`, pages of `OHLC`, the listing of `AssetPairs`; other answers
 * are kept raw.
 *
 * Errors come with status 200, in a list of their own. An answer with one is control, since it
 * says nothing about the market; one that is not Kraken's at all is refused.
 */
export function decodeRest(record: RawRecord, sink: EventSink): FrameKind {
  const { bytes, start, end } = record
  if (!isJsonRecord(record)) {
    return rejectFrame(sink, 'not_json', 'the answer is not JSON')
  }
  const errors = readErrors(bytes, start, end)
  if (errors === null) {
    return rejectFrame(sink, 'malformed', 'the answer has no list of errors, so is not Kraken’s')
  }
  if (errors.length > 0) return 'control'
  const status = record.request?.status ?? STATUS_OK
  if (status !== STATUS_OK) return rejectFrame(sink, 'malformed', `the status is ${status}`)
  switch (record.channel) {
    case 'Trades':
    case 'OHLC':
      return takePage(record, sink)
    case 'AssetPairs':
      return takeListings(record, sink)
    case 'Time':
    case 'SystemStatus':
      return 'control'
    default:
      return 'raw_only'
  }
}

function takePage(record: RawRecord, sink: EventSink): FrameKind {
  const page = findRows(record)
  if (page === null) return rejectFrame(sink, 'malformed', 'the answer holds no rows')
  const symbol = record.symbol ?? symbolOfUrl(record.request?.url) ?? symbolOfPair(page.key)
  if (symbol === null) return rejectFrame(sink, 'bad_symbol', 'nothing names the pair')
  const isTrades = record.channel === 'Trades'
  const widthMinutes = intervalOfUrl(record.request?.url)
  const tally = createTally()
  const { bytes, end } = page
  const base = bytes === record.bytes ? record.start : bytes.length
  let at = firstElement(bytes, page.start, end)
  while (at >= 0) {
    const after = skipValue(bytes, at, end)
    if (after < 0) break
    const next = nextElement(bytes, after, end)
    const row = { bytes, start: at, end: after, item: tally.item, symbol }
    const fault = isTrades
      ? takeTradeRow(row, sink)
      : // The last row is the interval that is still running, even where it is empty.
        takeCandleRow({ ...row, widthMinutes, closed: next >= 0 }, sink)
    if (fault === null) tally.accepted += 1
    else {
      tally.rejected += 1
      sink.reject({ item: tally.item, ...fault, offset: Math.max(0, at - base) })
    }
    tally.item += 1
    at = next
  }
  return kindOf(tally)
}

/** Finds the rows: under the key of the result that is not `last`, whatever the pair was called. */
function findRows({ bytes, start, end }: RawRecord): Page | null {
  const scanned = scanObject(envelope, bytes, start, end)
  if (scanned === null || envelope.kinds[RESULT] !== FIELD.object) return null
  const stop = envelope.ends[RESULT] as number
  let at = skipBlank(scanned, (envelope.starts[RESULT] as number) + 1)
  while (at < stop && scanned[at] === 0x22) {
    const keyEnd = skipValue(scanned, at, stop)
    if (keyEnd < 0) return null
    const key = String.fromCharCode(...scanned.subarray(at + 1, Math.min(keyEnd - 1, at + 65)))
    const valueStart = skipBlank(scanned, skipBlank(scanned, keyEnd) + 1)
    const valueEnd = skipValue(scanned, valueStart, stop)
    if (valueEnd < 0) return null
    if (key !== 'last' && scanned[valueStart] === 0x5b) {
      return { bytes: scanned, start: valueStart, end: valueEnd, key }
    }
    at = skipBlank(scanned, skipBlank(scanned, valueEnd) + 1)
  }
  return null
}

function takeListings(record: RawRecord, sink: EventSink): FrameKind {
  const read = readListings(record)
  if (read === null) return rejectFrame(sink, 'malformed', 'the answer is no listing')
  for (const listing of read.listings) sink.listing(listing)
  for (const rejection of read.rejections) sink.reject(rejection)
  return read.listings.length === 0 ? 'rejected' : 'event'
}

function symbolOfUrl(url: string | undefined): string | null {
  const pair = /[?&]pair=([^&#]{1,200})/.exec(url ?? '')?.[1]
  if (pair === undefined) return null
  try {
    return symbolOfPair(decodeURIComponent(pair))
  } catch {
    return null
  }
}

/** Width of an answer's candles in minutes; one where the request does not say. */
function intervalOfUrl(url: string | undefined): number {
  return Number(/[?&]interval=([1-9][0-9]{0,4})(?:&|$)/.exec(url ?? '')?.[1] ?? 1)
}

function skipBlank(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && (bytes[at] as number) <= 0x20) at += 1
  return at
}
