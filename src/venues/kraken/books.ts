import {
  createFieldScanner,
  FIELD,
  firstElement,
  NO_ELEMENT,
  nextElement,
  scanObject,
} from '../../core/json/scan.ts'
import { type BookSink, createBookLevel, createBookMessage } from '../../market/book.ts'
import type { RawRecord } from '../../market/record.ts'
import type { BookSource } from '../book-source.ts'
import { isJsonRecord } from '../frame.ts'
import { wholeOf, wordOf } from '../scanned-field.ts'
import { BOOK_V1_CHANNELS, decodeBookV1 } from './books-v1.ts'

/** Levels of a side that are subscribed: what the checksum covers, and all that is summed up. */
export const BOOK_DEPTH = 10

const CHECKSUM_MAX = 2 ** 32

const [CHANNEL, TYPE, DATA] = [0, 1, 2] as const
const envelope = createFieldScanner(['channel', 'type', 'data'])
const [SYMBOL, BIDS, ASKS, CHECKSUM] = [0, 1, 2, 3] as const
const entry = createFieldScanner(['symbol', 'bids', 'asks', 'checksum'])
const [PRICE, SIZE] = [0, 1] as const
const pair = createFieldScanner(['price', 'qty'])
const message = createBookMessage()
const level = createBookLevel()

/**
 * Kraken's books: a snapshot of the best levels after each subscription, then changes, each with
 * a checksum of the best ten levels of both sides as they stand after it.
 */
export const books: BookSource = Object.freeze({
  channels: Object.freeze(['book', ...BOOK_V1_CHANNELS]),
  depth: BOOK_DEPTH,
  tells: 'window',
  snapshot: () => null,
  decode: (record: RawRecord, sink: BookSink): boolean => {
    if (!isJsonRecord(record)) return false
    return record.dialect === 'kraken/v1' ? decodeBookV1(record, sink) : decodeV2(record, sink)
  },
})

function decodeV2(record: RawRecord, sink: BookSink): boolean {
  const bytes = scanObject(envelope, record.bytes, record.start, record.end)
  if (bytes === null) return false
  if (wordOf(envelope, bytes, CHANNEL) !== 'book') return true
  const type = wordOf(envelope, bytes, TYPE)
  if (type !== 'snapshot' && type !== 'update') return false
  const end = envelope.ends[DATA] as number
  let at = firstElement(bytes, envelope.starts[DATA] as number, end)
  while (at >= 0) {
    message.kind = type
    if (!readEntry(bytes, at, end, sink)) return false
    at = nextElement(bytes, entry.after, end)
  }
  return at === NO_ELEMENT
}

function readEntry(source: Uint8Array, start: number, end: number, sink: BookSink): boolean {
  const bytes = scanObject(entry, source, start, end)
  if (bytes === null) return false
  const symbol = wordOf(entry, bytes, SYMBOL)
  const checksum = wholeOf(entry, bytes, CHECKSUM)
  if (symbol === null || !(checksum < CHECKSUM_MAX)) return false
  message.symbol = symbol
  message.checksum = checksum
  level.bytes = bytes
  sink.begin(message)
  level.side = 'bid'
  if (!readLevels(BIDS, sink)) return false
  level.side = 'ask'
  if (!readLevels(ASKS, sink)) return false
  sink.end()
  return true
}

/** Reads objects `{price, qty}`, bare numbers both, whose digits are what the checksum is of. */
function readLevels(field: number, sink: BookSink): boolean {
  if (entry.kinds[field] !== FIELD.array) return false
  const source = level.bytes
  const end = entry.ends[field] as number
  let at = firstElement(source, entry.starts[field] as number, end)
  while (at >= 0) {
    const bytes = scanObject(pair, source, at, end)
    if (bytes === null || pair.kinds[PRICE] !== FIELD.number) return false
    if (pair.kinds[SIZE] !== FIELD.number) return false
    level.bytes = bytes
    level.priceStart = pair.starts[PRICE] as number
    level.priceEnd = pair.ends[PRICE] as number
    level.sizeStart = pair.starts[SIZE] as number
    level.sizeEnd = pair.ends[SIZE] as number
    sink.level(level)
    level.bytes = source
    at = nextElement(source, pair.after, end)
  }
  return at === NO_ELEMENT
}
