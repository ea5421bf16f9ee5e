import {
  createFieldScanner,
  FIELD,
  type FieldScanner,
  firstElement,
  NOT_SCANNED,
  plainJson,
  scanFields,
} from '../../core/json/scan.ts'
import * as fields from './fields.ts'
import { createKlineScanner } from './kline.ts'
import { createTemplate, matchTemplate, NO_MATCH } from './template.ts'

const { PAYLOAD } = fields

/** What a frame of the stream is: by its payload's `e`, or by its shape where there is none. */
export type PayloadType =
  | 'aggTrade'
  | 'kline'
  /** Another payload that says what it is, or that is known by its shape. */
  | 'other'
  /** The answer to a request, or a complaint. */
  | 'answer'
  /** JSON that is nothing of the kind. */
  | 'strange'

/** The frame read last: overwritten by each {@link readPayload}. */
export interface Payload {
  type: PayloadType
  /** What the ranges of {@link payload} and {@link kline} count in; a copy if it had escapes. */
  bytes: Uint8Array
  /** Where the frame begins in `bytes`, or their end where they are a copy. */
  base: number
  /** Range of the stream's name in `bytes`; empty of a payload that came without its wrapper. */
  streamStart: number
  streamEnd: number
  /** The payload's own `e`, or what its shape stands for; `null` where nothing tells. */
  event: string | null
}

/** Fields of the payload read last. */
export const payload = fields.createPayloadScanner()

/** Fields of the kline read last. */
export const kline = createKlineScanner()

const wrapper = createFieldScanner(['stream', 'data'])

const HEAD = createTemplate(wrapper, '{"stream":"$","data":')
const AGGREGATE = createTemplate(
  payload,
  '{"e":"aggTrade","E":#,"s":"$","a":#,"p":"$","q":"$","f":#,"l":#,"T":#,"m":?,"M":?}',
)
const KLINE_HEAD = createTemplate(payload, '{"e":"kline","E":#,"s":"$","k":')
const KLINE_BODY = createTemplate(
  kline,
  '{"t":#,"T":#,"s":"$","i":"$","f":#,"L":#,"o":"$","c":"$","h":"$","l":"$","v":"$","n":#,' +
    '"x":?,"q":"$","V":"$","Q":"$","B":"$"}}',
)

const NOWHERE = new Uint8Array(0)
const found: Payload = {
  type: 'strange',
  bytes: NOWHERE,
  base: 0,
  streamStart: 0,
  streamEnd: 0,
  event: null,
}

/**
 * Reads a frame of the stream, in its wrapper `{"stream":…,"data":…}` or without it, as far as
 * its type, and the fields of trades and klines. The bytes must be valid JSON, as for a scan.
 *
 * What is written exactly as Binance writes it today is compared with a template; a property
 * test holds that to what the scanner says of any frame.
 */
export function readPayload(bytes: Uint8Array, start: number, end: number): Readonly<Payload> {
  found.bytes = bytes
  found.base = start
  const inner = matchTemplate(HEAD, bytes, start, end)
  const wrapped = inner !== NO_MATCH
  found.streamStart = wrapped ? (wrapper.starts[0] as number) : 0
  found.streamEnd = wrapped ? (wrapper.ends[0] as number) : 0
  const from = wrapped ? inner : start
  const stop = wrapped ? end - 1 : end
  if (!wrapped || bytes[stop] === 0x7d) {
    if (matchTemplate(AGGREGATE, bytes, from, stop) === stop) return type('aggTrade', 'aggTrade')
    const body = matchTemplate(KLINE_HEAD, bytes, from, stop)
    if (body !== NO_MATCH && matchTemplate(KLINE_BODY, bytes, body, stop) === stop) {
      payload.kinds[PAYLOAD.kline] = FIELD.object
      return type('kline', 'kline')
    }
    // Where the payload ends with its wrapper, nothing else can be in it.
    if (wrapped && scanInner(bytes, from, stop) && payload.after === stop) return found
  }
  return scanPayload(bytes, start, end)
}

/** Reads any frame, by whatever way it takes. */
function scanPayload(bytes: Uint8Array, start: number, end: number): Readonly<Payload> {
  if (scanFrame(bytes, start, end)) return found
  const plain = plainJson(bytes, start, end)
  if (plain === null) return type('strange', null)
  found.bytes = plain
  // Offsets into a rewritten copy mean nothing: counted from its end, they come out as 0.
  found.base = plain.length
  // A quote or a backslash in a value that is wanted is still an escape: such a value is none.
  return scanFrame(plain, 0, plain.length) ? found : type('strange', null)
}

/** Reads a frame without escapes; answers `false` where there are some, or no object at all. */
function scanFrame(bytes: Uint8Array, start: number, end: number): boolean {
  found.streamStart = 0
  found.streamEnd = 0
  const first = firstElement(bytes, start, end)
  if (first >= 0) {
    const told = scanPlain(payload, bytes, first, end) && hasField(payload, PAYLOAD.type)
    type(told ? 'other' : 'strange', null)
    return true
  }
  if (!scanPlain(wrapper, bytes, start, end)) return false
  if (!hasField(wrapper, 1)) return scanInner(bytes, start, end)
  type('strange', null)
  if (wrapper.kinds[0] !== FIELD.string) return true
  found.streamStart = wrapper.starts[0] as number
  found.streamEnd = wrapper.ends[0] as number
  if (wrapper.kinds[1] === FIELD.object) {
    return scanInner(bytes, wrapper.starts[1] as number, wrapper.ends[1] as number)
  }
  // A list is a summary of many symbols, none of which is read.
  if (wrapper.kinds[1] === FIELD.array) type('other', null)
  return true
}

function scanInner(bytes: Uint8Array, start: number, end: number): boolean {
  if (!scanPlain(payload, bytes, start, end)) return false
  if (!hasField(payload, PAYLOAD.type)) {
    typeOfShape()
    return true
  }
  const event = fields.wordOf(payload, bytes, PAYLOAD.type)
  if (event === 'kline') {
    kline.kinds.fill(FIELD.absent)
    type('kline', event)
    const isObject = payload.kinds[PAYLOAD.kline] === FIELD.object
    return !isObject || scanPlain(kline, bytes, payload.starts[PAYLOAD.kline] as number, end)
  }
  type(event === null ? 'strange' : event === 'aggTrade' ? event : 'other', event)
  return true
}

/** Tells a payload without `e` by its shape: answers, partial books, the best bid and offer. */
function typeOfShape(): Readonly<Payload> {
  const has = (field: number) => hasField(payload, field)
  if (has(PAYLOAD.result) || has(PAYLOAD.error)) return type('answer', null)
  if (has(PAYLOAD.code) && has(PAYLOAD.msg)) return type('answer', null)
  if (has(PAYLOAD.lastUpdateId)) return type('other', null)
  const isQuote = has(PAYLOAD.updateId) && has(PAYLOAD.bid) && has(PAYLOAD.ask)
  return isQuote ? type('other', 'bookTicker') : type('strange', null)
}

/** Scans an object; answers `false` where a key or a wanted value holds an escape, or for none. */
function scanPlain(scanner: FieldScanner, bytes: Uint8Array, start: number, end: number): boolean {
  return (
    scanFields(scanner, bytes, start, end) !== NOT_SCANNED && !scanner.kinds.includes(FIELD.escaped)
  )
}

function hasField(scanner: FieldScanner, field: number): boolean {
  return scanner.kinds[field] !== FIELD.absent
}

function type(name: PayloadType, event: string | null): Readonly<Payload> {
  found.type = name
  found.event = event
  return found
}
