import { Buffer } from 'node:buffer'
import type { RawRecord } from '../market/record.ts'
import { createFound, type Found } from './found.ts'
import { createTally, isJsonRecord, kindOf, rejectFrame } from './frame.ts'
import type { Decoder } from './venue.ts'

/** Reads one message, and nothing else: no clock, no state. It is not asynchronous. */
export type ReadMessage<T> = (message: T, found: Found, record: RawRecord) => void

/**
 * Returns a decoder of JSON messages. Numbers come as the text that was sent, so that no digit of
 * a price is lost; `T` is what the messages are believed to be, and nobody checks it: what is
 * thrown where one is not sets it aside as `malformed`, with the reason.
 *
 * @example
 * decodeJson((message: Message, found) => {
 *   if (message.type === 'trade') found.trade(message)
 * })
 */
export function decodeJson<T>(read: ReadMessage<T>): Decoder {
  return (record, sink) => {
    if (!isJsonRecord(record)) return rejectFrame(sink, 'not_json', 'the payload is not JSON')
    const tally = createTally()
    const found = createFound(sink, tally)
    try {
      read(parseRecord(record) as T, found, record)
    } catch (error) {
      found.reject('malformed', error instanceof Error ? error.message : String(error))
    }
    if (tally.accepted + tally.rejected > 0) return kindOf(tally)
    // A witness alone is a heartbeat; what tells of nothing is kept, and that is all.
    return tally.item > 0 ? 'control' : 'raw_only'
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown

function parseRecord({ bytes, start, end }: RawRecord): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
  return parse(text, (_key, value, { source }) => (typeof value === 'number' ? source : value))
}
