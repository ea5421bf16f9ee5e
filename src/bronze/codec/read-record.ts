import type { RawRecord } from '../../market/record.ts'
import { fillPayload, parseLine } from './parse-line.ts'
import { createRequestReader } from './read-request.ts'
import type { RecordSlot } from './slot.ts'
import { createRecordSlot } from './slot.ts'
import type { ConnTemplate, FeedTemplate, SymbolTemplate } from './template.ts'
import { matches, readConn, readFeed, readSymbol } from './template.ts'

// Words are four bytes each, read as little-endian numbers.
const POS_HEAD = word('{"po')
const POS_TAIL = word('os":')
const COMMIT_HEAD = word('{"co')
const DATA_HEAD = word(',"da')
const DATA_TAIL = word('ta":')
const TEXT_HEAD = word(',"te')
const TEXT_TAIL = word('xt":')

const NEWLINE = 0x0a
const CLOSING_BRACE = 0x7d
const QUOTE = 0x22

// Bounds of what is remembered of headers; past them it is forgotten and learned anew.
const FEEDS_MAX = 64
const SYMBOLS_MAX = 4096
const CONNS_MAX = 16

/** Where a scan stands, and the headers it has seen. */
interface Scan {
  bytes: Buffer
  view: DataView
  /** Next byte to read, and the end of the line. */
  at: number
  end: number
  /** The stretches the last line held, tried first. */
  feed: FeedTemplate | null
  conn: ConnTemplate | null
  readonly feeds: FeedTemplate[]
  readonly conns: ConnTemplate[]
}

// One per thread: what is learned of one log's headers serves the next.
const scan: Scan = {
  bytes: Buffer.alloc(0),
  view: new DataView(new ArrayBuffer(0)),
  at: 0,
  end: 0,
  feed: null,
  conn: null,
  feeds: [],
  conns: [],
}
const readRequest = createRequestReader()

/**
 * Visits each record of `bytes[start, end)`, which holds whole lines.
 *
 * The record is reused: borrow it. Commit lines and what is no record are passed over.
 */
export function forEachRecord(
  block: { readonly bytes: Buffer; readonly start: number; readonly end: number },
  visit: (record: RawRecord) => void,
): void {
  const { bytes, end } = block
  const slot = createRecordSlot()
  let start = block.start
  while (start < end) {
    let lineEnd = bytes.indexOf(NEWLINE, start)
    if (lineEnd < 0 || lineEnd > end) lineEnd = end
    if (readRecord(bytes, start, lineEnd, slot)) visit(slot)
    start = lineEnd + 1
  }
}

/**
 * Fills `into` with the record whose line is `bytes[start, end)`, the newline left out.
 *
 * Returns false if the line is no record: a commit line, or damage. Our own writer fixes the
 * order of the keys, so a header is read by position and compared with those read before, and
 * the same stretch gives the same JavaScript strings; a line in another order goes the slow
 * way, to the same answer. A `json` payload is not looked at.
 */
export function readRecord(bytes: Buffer, start: number, end: number, into: RecordSlot): boolean {
  if (end - start < 12) return false
  if (scan.bytes !== bytes) {
    scan.bytes = bytes
    scan.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  const head = scan.view.getUint32(start, true)
  if (head === COMMIT_HEAD) return false
  const isOurs = head === POS_HEAD && scan.view.getUint32(start + 3, true) === POS_TAIL
  if (isOurs && bytes[end - 1] === CLOSING_BRACE) {
    scan.at = start + 7
    scan.end = end
    if (scanHeader(into) && scanPayload(into)) return true
  }
  return parseLine(bytes, start, end, into)
}

function scanHeader(into: RecordSlot): boolean {
  into.pos = scanDigits()
  const feed = scanFeed()
  if (feed === null) return false
  const symbol = scanSymbol(feed.symbols)
  if (symbol === null) return false
  into.receivedTimeUs = scanTime()
  const conn = scanConn()
  if (conn === null) return false
  into.frame = scanDigits()
  into.dialect = feed.dialect
  into.channel = feed.channel
  into.symbol = symbol.symbol
  into.origin = symbol.origin
  into.conn = conn.conn
  return into.pos >= 0 && into.receivedTimeUs >= 0 && into.frame >= 0
}

/** Reads a position or a frame; -1 if there is none, or more than a safe integer holds. */
function scanDigits(): number {
  const { bytes, at: start, end } = scan
  const shortEnd = start + 9 < end ? start + 9 : end
  let at = start
  let value = 0
  let digit = (bytes[at] as number) - 0x30
  // Nine digits fit 32 bits, and small whole numbers are the fast ones.
  while (digit >= 0 && digit <= 9 && at < shortEnd) {
    value = (Math.imul(value, 10) + digit) | 0
    digit = (bytes[++at] as number) - 0x30
  }
  if (at === shortEnd) return scanLongDigits()
  scan.at = at
  return at > start ? value : -1
}

function scanLongDigits(): number {
  const { bytes, at: start, end } = scan
  let at = start
  let value = 0
  while (at < end) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
    at++
  }
  scan.at = at
  return at > start && value <= Number.MAX_SAFE_INTEGER ? value : -1
}

/** Reads a receive time. From 2001 to 2286 it has 16 digits, read four at a time. */
function scanTime(): number {
  const { view, at, end } = scan
  if (at + 17 > end) return scanLongDigits()
  const first = fourDigits(view.getUint32(at, true))
  const second = fourDigits(view.getUint32(at + 4, true))
  const third = fourDigits(view.getUint32(at + 8, true))
  const fourth = fourDigits(view.getUint32(at + 12, true))
  const next = view.getUint8(at + 16) - 0x30
  if ((first | second | third | fourth) < 0 || (next >= 0 && next <= 9)) return scanLongDigits()
  scan.at = at + 16
  const value = (first * 10_000 + second) * 100_000_000 + (third * 10_000 + fourth)
  return value <= Number.MAX_SAFE_INTEGER ? value : -1
}

/** Reads four digits from a word, its lowest byte the first of them; -1 if one is none. */
function fourDigits(text: number): number {
  const digits = text ^ 0x30303030
  // Adding 0x76 carries a byte of more than 9 into its highest bit.
  if (((((digits & 0x7f7f7f7f) + 0x76767676) | digits) & 0x80808080) !== 0) return -1
  const pairs = Math.imul(digits, 10) + (digits >>> 8)
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff)
}

function scanFeed(): FeedTemplate | null {
  const { bytes, view, at, end, feeds } = scan
  let feed = scan.feed
  if (feed === null || !matches(view, at, end, feed)) {
    feed = feeds.find((known) => matches(view, at, end, known)) ?? readFeed(bytes, view, at)
    if (feed === null) return null
    if (feeds.length >= FEEDS_MAX) feeds.length = 0
    if (!feeds.includes(feed)) feeds.push(feed)
    scan.feed = feed
  }
  scan.at = at + feed.length
  return feed
}

function scanSymbol(symbols: Map<number, SymbolTemplate>): SymbolTemplate | null {
  const { bytes, view, at, end } = scan
  if (at + 12 > end) return null
  // Twelve bytes tell most symbols apart; those they do not take turns in one place.
  const head = view.getUint32(at, true) ^ Math.imul(view.getUint32(at + 4, true), 5)
  const hash = head ^ Math.imul(view.getUint32(at + 8, true), 17)
  let symbol = symbols.get(hash) ?? null
  if (symbol === null || !matches(view, at, end, symbol)) {
    symbol = readSymbol(bytes, view, at)
    if (symbol === null) return null
    if (symbols.size >= SYMBOLS_MAX) symbols.clear()
    symbols.set(hash, symbol)
  }
  scan.at = at + symbol.length
  return symbol
}

function scanConn(): ConnTemplate | null {
  const { bytes, view, at, end, conns } = scan
  let conn = scan.conn
  if (conn === null || !matches(view, at, end, conn)) {
    conn = conns.find((known) => matches(view, at, end, known)) ?? readConn(bytes, view, at)
    if (conn === null) return null
    if (conns.length >= CONNS_MAX) conns.length = 0
    if (!conns.includes(conn)) conns.push(conn)
    scan.conn = conn
  }
  scan.at = at + conn.length
  return conn
}

function scanPayload(into: RecordSlot): boolean {
  const { bytes, view, end } = scan
  if (scan.at + 10 > end) return false
  into.request = null
  // `,"request":` is the one key that may be left out.
  if (bytes[scan.at + 2] === 0x72) {
    const request = readRequest(bytes, scan.at, end)
    if (request === null || request.end + 10 > end) return false
    into.request = request.value
    scan.at = request.end
  }
  const at = scan.at
  const head = view.getUint32(at, true)
  const tail = view.getUint32(at + 4, true)
  if (head === DATA_HEAD && tail === DATA_TAIL) {
    into.form = 'json'
    into.bytes = bytes
    into.start = at + 8
    into.end = end - 1
    return end - 1 > at + 8
  }
  if (head === TEXT_HEAD && tail === TEXT_TAIL) return scanText(at + 8, into)
  return bytes.toString('latin1', at, at + 9) === ',"bytes":' && scanBase64(at + 9, into)
}

function scanText(start: number, into: RecordSlot): boolean {
  try {
    const text: unknown = JSON.parse(scan.bytes.toString('utf8', start, scan.end - 1))
    if (typeof text !== 'string') return false
    fillPayload(into, 'text', Buffer.from(text, 'utf8'))
    return true
  } catch {
    return false
  }
}

function scanBase64(start: number, into: RecordSlot): boolean {
  const { bytes, end } = scan
  const last = end - 2
  if (last <= start || bytes[start] !== QUOTE || bytes[last] !== QUOTE) return false
  fillPayload(into, 'bytes', Buffer.from(bytes.toString('latin1', start + 1, last), 'base64'))
  return true
}

function word(text: string): number {
  return Buffer.from(text, 'latin1').readUInt32LE(0)
}
