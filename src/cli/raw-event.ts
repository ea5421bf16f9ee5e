import { skipValue } from '../core/json/scan.ts'
import { type EventSink, IGNORE_EVENTS } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import { decoderOf } from '../venues/index.ts'

const COMMA = 0x2c
const SPACE = 0x20

/** Where one trade's price stands: a place inside the part of a record that tells of it. */
interface Place {
  readonly bytes: Uint8Array
  readonly at: number
}

/**
 * Returns what a record says of one of its trades, verbatim: the whole frame, the element of a
 * REST page's list, the line of a file; the whole payload where the trade is not found.
 *
 * The decoder is asked where the trade's price stands, so no format is known here.
 */
export function rawEvent(record: RawRecord, item: number): string {
  const place = placeOf(record, item)
  if (place === null) return textOf(record.bytes, record.start, record.end)
  // A frame with escapes is read from a rewritten copy of its own.
  const isCopy = place.bytes !== record.bytes
  const start = isCopy ? 0 : record.start
  const end = isCopy ? place.bytes.length : record.end
  const [from, to] =
    record.form === 'json' ? objectAround(place, start, end) : lineAround(place, start, end)
  return textOf(place.bytes, from, to)
}

/**
 * Returns the part of a record that stands at the place of one of its snapshots or candles: the
 * element of a list, the line of a file; the whole payload where it is neither.
 */
export function rawElement({ bytes, start, end, form }: RawRecord, item: number): string {
  const text = textOf(bytes, start, end)
  if (form !== 'json') return text.split('\n')[item] ?? text
  if (!text.startsWith('[')) return text
  const list = bytes.subarray(start, end)
  let at = 1
  for (let element = 0; at < list.length; element += 1) {
    while ((list[at] ?? COMMA) <= SPACE) at += 1
    const to = skipValue(list, at, list.length)
    if (to < 0) return text
    if (element === item) return textOf(list, at, to)
    at = list.indexOf(COMMA, to) + 1
    if (at === 0) return text
  }
  return text
}

function placeOf(record: RawRecord, item: number): Place | null {
  let found: Place | null = null
  const sink: EventSink = {
    ...IGNORE_EVENTS,
    trade(slot) {
      if (slot.item === item) found = { bytes: slot.bytes, at: slot.priceStart }
    },
  }
  decoderOf(record.dialect)(record, sink)
  return found
}

function lineAround({ bytes, at }: Place, start: number, end: number): [number, number] {
  const before = bytes.lastIndexOf(0x0a, at)
  const after = bytes.indexOf(0x0a, at)
  return [Math.max(start, before + 1), after < 0 ? end : Math.min(end, after)]
}

/** Returns the range of the innermost object that holds `at`. */
function objectAround({ bytes, at: wanted }: Place, start: number, end: number): [number, number] {
  const opened: number[] = []
  let at = start
  while (at < wanted) {
    const byte = bytes[at]
    // A string is passed over whole: the braces in it open nothing.
    if (byte === 0x22) {
      at = skipValue(bytes, at, end)
      if (at < 0) break
      continue
    }
    if (byte === 0x7b) opened.push(at)
    if (byte === 0x7d) opened.pop()
    at += 1
  }
  const from = opened.at(-1) ?? start
  const to = skipValue(bytes, from, end)
  return [from, to < 0 ? end : to]
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, end)).trimEnd()
}
