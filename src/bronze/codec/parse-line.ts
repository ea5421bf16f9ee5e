import type { Origin, RecordRequest } from '../../market/record.ts'
import { ORIGINS } from '../../market/record.ts'
import type { RecordSlot } from './slot.ts'

/**
 * Reads a line by `JSON.parse`: the slow way, for a line whose keys do not stand in the order
 * we write them. Returns false, leaving `into` half filled, if the line is no record.
 *
 * A property test holds it and the scanner of read-record.ts to the same answer.
 */
export function parseLine(bytes: Buffer, start: number, end: number, into: RecordSlot): boolean {
  const line = parseObject(bytes.toString('utf8', start, end))
  if (line === null || !isHeader(line)) return false
  into.pos = line.pos
  into.dialect = line.dialect
  into.channel = line.channel
  into.symbol = line.symbol
  into.origin = line.origin
  into.receivedTimeUs = line.receivedTimeUs
  into.conn = line.conn
  into.frame = line.frame
  into.request = line.request ?? null
  return parsePayload(line, { bytes, start, end }, into)
}

interface Header {
  readonly pos: number
  readonly dialect: string
  readonly channel: string
  readonly symbol: string | null
  readonly origin: Origin
  readonly receivedTimeUs: number
  readonly conn: string
  readonly frame: number
  readonly request?: RecordRequest | null
}

interface Span {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

function isHeader(line: object): line is Header {
  const { pos, dialect, channel, symbol, origin, receivedTimeUs, conn, frame, request } =
    line as Partial<Record<keyof Header, unknown>>
  return (
    isOrdinal(pos) &&
    typeof dialect === 'string' &&
    typeof channel === 'string' &&
    (symbol === null || typeof symbol === 'string') &&
    (ORIGINS as readonly unknown[]).includes(origin) &&
    isOrdinal(receivedTimeUs) &&
    typeof conn === 'string' &&
    isOrdinal(frame) &&
    (request === undefined || typeof request === 'object')
  )
}

function isOrdinal(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function parsePayload(line: object, span: Span, into: RecordSlot): boolean {
  if ('text' in line && typeof line.text === 'string') {
    fillPayload(into, 'text', Buffer.from(line.text, 'utf8'))
    return true
  }
  if ('bytes' in line && typeof line.bytes === 'string') {
    fillPayload(into, 'bytes', Buffer.from(line.bytes, 'base64'))
    return true
  }
  const data = findData(span)
  if (data === null) return false
  into.form = 'json'
  into.bytes = span.bytes
  into.start = data.start
  into.end = data.end
  return true
}

/** Gives a slot a payload of its own. */
export function fillPayload(into: RecordSlot, form: 'text' | 'bytes', payload: Buffer): void {
  into.form = form
  into.bytes = payload
  into.start = 0
  into.end = payload.length
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

/**
 * Finds the bytes of the member `data` of a line known to be a valid JSON object: all between
 * its colon and the comma or brace that ends it, blanks included, as the venue may have sent
 * them.
 */
function findData(span: Span): Span | null {
  const { bytes } = span
  let at = bytes.indexOf(0x7b, span.start) + 1
  while (at > 0 && at < span.end) {
    const keyStart = bytes.indexOf(QUOTE, at)
    if (keyStart < 0 || keyStart >= span.end) return null
    const keyEnd = skipString(bytes, keyStart)
    const valueStart = bytes.indexOf(COLON, keyEnd) + 1
    const valueEnd = skipValue(bytes, valueStart, span.end)
    if (bytes.toString('latin1', keyStart, keyEnd) === '"data"') {
      return { bytes, start: valueStart, end: valueEnd }
    }
    at = valueEnd + 1
  }
  return null
}

function skipString(bytes: Buffer, quote: number): number {
  let at = quote + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

/** Returns the index of the comma or brace that ends the value. */
export function skipValue(bytes: Buffer, start: number, end: number): number {
  let depth = 0
  let at = start
  while (at < end) {
    const byte = bytes[at] as number
    if (byte === QUOTE) {
      at = skipString(bytes, at)
      continue
    }
    if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at
      depth--
    } else if (byte === COMMA && depth === 0) return at
    at++
  }
  return end
}
