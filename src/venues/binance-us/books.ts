import { createFieldScanner, FIELD, scanObject } from '../../core/json/scan.ts'
import { type BookSink, createBookLevel, createBookMessage } from '../../market/book.ts'
import type { RawRecord } from '../../market/record.ts'
import { readBookRows } from '../book-levels.ts'
import type { BookSource } from '../book-source.ts'
import { isJsonRecord } from '../frame.ts'
import { wholeOf, wordOf } from '../scanned-field.ts'
import type { RestRequest } from '../venue.ts'
import { BOOK_CHANNEL } from './route.ts'

/** Levels of a side that a snapshot is asked for, and the venue's own number where it is not. */
const SNAPSHOT_LEVELS = 1000
const SNAPSHOT_LEVELS_UNASKED = 100

/** What a snapshot of so many levels costs of the allowance. */
const SNAPSHOT_WEIGHT = 10

const SYMBOL_ASKED = /[?&]symbol=(\w{1,32})(?:&|$)/
const LEVELS_ASKED = /[?&]limit=(\d{1,5})(?:&|$)/

const wrapper = createFieldScanner(['data'])
const [EVENT, SYMBOL, FIRST_ID, LAST_ID, BIDS, ASKS] = [0, 1, 2, 3, 4, 5] as const
const update = createFieldScanner(['e', 's', 'U', 'u', 'b', 'a'])
const [SNAPSHOT_ID, SNAPSHOT_BIDS, SNAPSHOT_ASKS] = [0, 1, 2] as const
const snapshot = createFieldScanner(['lastUpdateId', 'bids', 'asks'])
const message = createBookMessage()
const level = createBookLevel()

/**
 * Binance's books: `depthUpdate`s with their first and last update id over the socket, in the
 * combined stream's wrapper or bare, joined to a snapshot over REST by its `lastUpdateId`.
 *
 * Partial books (`depth5`, `depth10`, `depth20`) name no symbol and chain to nothing: they are
 * read as no book message.
 */
export const books: BookSource = Object.freeze({
  // The answers of recordings are named for their path.
  channels: Object.freeze([BOOK_CHANNEL, 'depth']),
  depth: 5 * SNAPSHOT_LEVELS,
  tells: 'changes',
  snapshot: (symbol: string): RestRequest => ({
    // One channel for both, so that in the archive they stand in one file, in order.
    channel: BOOK_CHANNEL,
    symbol,
    path: `/api/v3/depth?symbol=${encodeURIComponent(symbol)}&limit=${SNAPSHOT_LEVELS}`,
    weight: SNAPSHOT_WEIGHT,
  }),
  decode,
})

function decode(record: RawRecord, sink: BookSink): boolean {
  if (!isJsonRecord(record)) return false
  return record.origin === 'rest' ? readSnapshot(record, sink) : readUpdate(record, sink)
}

function readUpdate({ bytes, start, end }: RawRecord, sink: BookSink): boolean {
  const outer = scanObject(wrapper, bytes, start, end)
  if (outer === null) return false
  const wrapped = wrapper.kinds[0] === FIELD.object
  const from = wrapped ? (wrapper.starts[0] as number) : start
  const inner = wrapped
    ? scanObject(update, outer, from, wrapper.ends[0] as number)
    : scanObject(update, bytes, from, end)
  if (inner === null) return false
  if (wordOf(update, inner, EVENT) !== 'depthUpdate') return true
  const symbol = wordOf(update, inner, SYMBOL)
  const firstId = wholeOf(update, inner, FIRST_ID)
  const lastId = wholeOf(update, inner, LAST_ID)
  if (symbol === null || !(lastId >= firstId)) return false
  message.symbol = symbol
  message.kind = 'update'
  message.firstId = firstId
  message.lastId = lastId
  message.depth = null
  level.bytes = inner
  sink.begin(message)
  level.side = 'bid'
  if (!readBookRows(update, BIDS, level, sink)) return false
  level.side = 'ask'
  if (!readBookRows(update, ASKS, level, sink)) return false
  sink.end()
  return true
}

/** Reads an answer of REST, which does not say whose book it is; what was asked for does. */
function readSnapshot(record: RawRecord, sink: BookSink): boolean {
  const { request } = record
  const symbol = record.symbol ?? SYMBOL_ASKED.exec(request?.url ?? '')?.[1] ?? null
  if (request?.status !== undefined && request.status !== 200) return true
  const bytes = scanObject(snapshot, record.bytes, record.start, record.end)
  if (bytes === null || symbol === null) return false
  const lastId = wholeOf(snapshot, bytes, SNAPSHOT_ID)
  if (Number.isNaN(lastId)) return false
  message.symbol = symbol
  message.kind = 'snapshot'
  message.firstId = null
  message.lastId = lastId
  message.depth = levelsAsked(request?.url ?? '')
  level.bytes = bytes
  sink.begin(message)
  level.side = 'bid'
  if (!readBookRows(snapshot, SNAPSHOT_BIDS, level, sink)) return false
  level.side = 'ask'
  if (!readBookRows(snapshot, SNAPSHOT_ASKS, level, sink)) return false
  sink.end()
  return true
}

function levelsAsked(url: string): number {
  const limit = LEVELS_ASKED.exec(url)?.[1]
  return limit === undefined ? SNAPSHOT_LEVELS_UNASKED : Number(limit)
}
