import {
  createFieldScanner,
  firstElement,
  NO_ELEMENT,
  NOT_SCANNED,
  nextElement,
  scanObject,
} from '../../core/json/scan.ts'
import { type BookSink, createBookLevel, createBookMessage } from '../../market/book.ts'
import type { RawRecord } from '../../market/record.ts'
import { readSymbol } from '../../market/symbol.ts'
import { createBookRow, pointLevel, readBookRow, readBookRows } from '../book-levels.ts'
import type { BookSource } from '../book-source.ts'
import { isJsonRecord } from '../frame.ts'
import { wordOf } from '../scanned-field.ts'

/** Far more levels than a price moves between two snapshots; asks reach to absurd prices. */
const DEPTH = 10_000

const [TYPE, PRODUCT, BIDS, ASKS, CHANGES] = [0, 1, 2, 3, 4] as const
const scanner = createFieldScanner(['type', 'product_id', 'bids', 'asks', 'changes'])
const message = createBookMessage()
const level = createBookLevel()
const row = createBookRow()

/**
 * Coinbase's books, channel `level2_batch`: a snapshot of every level after each subscription,
 * then changes. No sequence and no checksum: a lost update cannot be told from the channel.
 */
export const books: BookSource = Object.freeze({
  channels: Object.freeze(['level2_batch']),
  depth: DEPTH,
  tells: 'changes',
  snapshot: () => null,
  decode,
})

/** Leaves `time` alone: it may be the year 1, and a book stands at its receipt here. */
function decode(record: RawRecord, sink: BookSink): boolean {
  if (!isJsonRecord(record)) return false
  const bytes = scanObject(scanner, record.bytes, record.start, record.end)
  if (bytes === null) return false
  const type = wordOf(scanner, bytes, TYPE)
  if (type !== 'snapshot' && type !== 'l2update') return type !== null
  const symbol = wordOf(scanner, bytes, PRODUCT)
  if (symbol === null) return false
  message.symbol = symbol
  message.kind = type === 'snapshot' ? 'snapshot' : 'update'
  level.bytes = bytes
  sink.begin(message)
  const isRead = type === 'snapshot' ? readSides(sink) : readChanges(sink)
  if (isRead) sink.end()
  return isRead
}

function readSides(sink: BookSink): boolean {
  level.side = 'bid'
  if (!readBookRows(scanner, BIDS, level, sink)) return false
  level.side = 'ask'
  return readBookRows(scanner, ASKS, level, sink)
}

/** Reads rows `[side, price, size]`. */
function readChanges(sink: BookSink): boolean {
  const { bytes } = level
  const end = scanner.ends[CHANGES] as number
  let at = firstElement(bytes, scanner.starts[CHANGES] as number, end)
  while (at >= 0) {
    const after = readBookRow(row, bytes, at, end)
    if (after === NOT_SCANNED || row.count < 3 || !readSide(bytes)) return false
    pointLevel(level, row, 1)
    sink.level(level)
    at = nextElement(bytes, after, end)
  }
  return at === NO_ELEMENT
}

function readSide(bytes: Uint8Array): boolean {
  const side = readSymbol(bytes, row.starts[0] as number, row.ends[0] as number)
  if (side !== 'buy' && side !== 'sell') return false
  level.side = side === 'buy' ? 'bid' : 'ask'
  return true
}
