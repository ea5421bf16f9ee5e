import {
  createFieldScanner,
  FIELD,
  firstElement,
  NO_ELEMENT,
  nextElement,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import { type BookSink, createBookLevel, createBookMessage } from '../../market/book.ts'
import type { RawRecord } from '../../market/record.ts'
import { readSymbol } from '../../market/symbol.ts'
import { readBookRows } from '../book-levels.ts'
import { readWhole } from '../scanned-field.ts'
import { symbolOfPair } from './names.ts'

/** What version 1 calls its channels of books, by their depth. */
export const BOOK_V1_CHANNELS: readonly string[] = [10, 25, 100, 500, 1000].map(
  (depth) => `book-${depth}`,
)

const CHECKSUM_MAX = 2 ** 32
const CHECKSUM_DIGITS_MAX = 10
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b

const [WHOLE_ASKS, WHOLE_BIDS, ASKS, BIDS, CHECKSUM] = [0, 1, 2, 3, 4] as const
const part = createFieldScanner(['as', 'bs', 'a', 'b', 'c'])
const message = createBookMessage()
const level = createBookLevel()

/** Where the parts of the frame at hand begin and end: two where both sides changed. */
const PARTS_MAX = 2
const parts = new Int32Array(PARTS_MAX * 2)

/**
 * Decodes a frame of books of version 1: `[id, {…}, "book-10", "XBT/USD"]`.
 *
 * A snapshot holds `as` and `bs` and has no checksum. An update holds `a` or `b`, or both in two
 * objects one after the other, of which the last has the checksum `c`, as text.
 */
export function decodeBookV1(record: RawRecord, sink: BookSink): boolean {
  const { bytes, start, end } = record
  // Acks and heartbeats are objects.
  if (bytes[start] !== OPENING_BRACKET) return true
  const count = readFrame(bytes, start, end)
  if (count < 1) return false
  const first = scanObject(part, bytes, parts[0] as number, parts[1] as number)
  if (first === null) return false
  const isWhole = part.kinds[WHOLE_ASKS] !== FIELD.absent || part.kinds[WHOLE_BIDS] !== FIELD.absent
  message.kind = isWhole ? 'snapshot' : 'update'
  message.checksum = readChecksum(bytes, count)
  if (!isWhole && message.checksum === null) return false
  sink.begin(message)
  for (let at = 0; at < count; at += 1) if (!readPart(bytes, at, sink)) return false
  sink.end()
  return true
}

/** Notes the parts, channel and pair of a frame; returns how many parts, or -1. */
function readFrame(bytes: Uint8Array, start: number, end: number): number {
  let count = 0
  const words: string[] = []
  let at = firstElement(bytes, start, end)
  while (at >= 0) {
    const after = skipValue(bytes, at, end)
    if (after < 0) return -1
    if (bytes[at] === OPENING_BRACE) {
      if (count === PARTS_MAX) return -1
      parts[count * 2] = at
      parts[count * 2 + 1] = after
      count += 1
    } else if (bytes[at] === 0x22) {
      const word = readSymbol(bytes, at + 1, after - 1)
      if (word === null) return -1
      words.push(word)
    }
    at = nextElement(bytes, after, end)
  }
  const [channel, pair] = words
  if (at !== NO_ELEMENT || channel === undefined || pair === undefined) return -1
  const symbol = symbolOfPair(pair)
  if (symbol === null) return -1
  message.symbol = symbol
  message.depth = Number(channel.slice('book-'.length))
  return BOOK_V1_CHANNELS.includes(channel) ? count : -1
}

/** Returns the checksum, which stands in the last part; `null` where there is none. */
function readChecksum(bytes: Uint8Array, count: number): number | null {
  const from = parts[count * 2 - 2] as number
  const last = scanObject(part, bytes, from, parts[count * 2 - 1] as number)
  if (last === null || part.kinds[CHECKSUM] !== FIELD.string) return null
  const start = part.starts[CHECKSUM] as number
  const end = part.ends[CHECKSUM] as number
  if (end - start > CHECKSUM_DIGITS_MAX) return null
  const checksum = readWhole(last, start, end)
  return checksum < CHECKSUM_MAX ? checksum : null
}

function readPart(bytes: Uint8Array, at: number, sink: BookSink): boolean {
  const scanned = scanObject(part, bytes, parts[at * 2] as number, parts[at * 2 + 1] as number)
  if (scanned === null) return false
  level.bytes = scanned
  for (const field of [WHOLE_ASKS, ASKS, WHOLE_BIDS, BIDS]) {
    if (part.kinds[field] === FIELD.absent) continue
    level.side = field === WHOLE_ASKS || field === ASKS ? 'ask' : 'bid'
    if (!readBookRows(part, field, level, sink)) return false
  }
  return true
}
