import { isUtf8 } from 'node:buffer'
import { assert } from '../../core/assert.ts'
import { isOneLineJson } from '../../core/json/scan.ts'
import type { NewRecord, PayloadForm } from '../../market/record.ts'

/** A payload may not be longer than this; the collector cuts connections off long before. */
export const PAYLOAD_BYTES_MAX = 32 * 1024 * 1024

/** Turns records into log lines, in two steps so that the caller can make room in between. */
export interface LineEncoder {
  /** Takes `record` up as position `pos`; returns a bound of its line's length in bytes. */
  prepare(record: NewRecord, pos: number): number
  /** Writes the line taken up last, newline included, and returns where it ends. */
  write(target: Buffer, at: number): number
}

/**
 * Returns how a payload stands in its line: verbatim if it is one line of valid JSON in valid
 * UTF-8, escaped if it is valid UTF-8 otherwise, else base64.
 */
export function payloadForm(payload: Uint8Array): PayloadForm {
  if (!isUtf8(payload)) return 'bytes'
  return isOneLineJson(payload, 0, payload.length) ? 'json' : 'text'
}

/** The part of a header that runs of records share, as text ready to be written. */
interface SharedHeader {
  readonly dialect: string
  readonly channel: string
  readonly symbol: string | null
  readonly origin: string
  readonly conn: string
  readonly beforeTime: string
  readonly afterTime: string
}

// Bounds what a venue with ever-changing symbols, or connections, can make us remember.
const SHARED_HEADERS_MAX = 4096

/** Returns an encoder; it remembers the headers it wrote, so keep one per log. */
export function createLineEncoder(): LineEncoder {
  // A symbol's channels take turns, so all of its headers are kept, the newest first.
  const bySymbol = new Map<string | null, SharedHeader[]>()
  let remembered = 0
  let shared: SharedHeader | null = null
  let header = ''
  let payload: Uint8Array = Buffer.alloc(0)
  // The payload as text where it does not stand verbatim.
  let escaped: string | null = null

  function prepare(record: NewRecord, pos: number): number {
    assertWritable(record)
    if (shared === null || !covers(shared, record)) {
      const known = bySymbol.get(record.symbol)
      shared = known?.find((one) => covers(one, record)) ?? remember(record)
    }
    payload = record.payload
    const form = payloadForm(payload)
    escaped = form === 'json' ? null : escapePayload(payload, form)
    const request = record.request === null ? '' : `,"request":${JSON.stringify(record.request)}`
    const key = form === 'json' ? 'data' : form
    const { beforeTime, afterTime } = shared
    const time = `${beforeTime}${record.receivedTimeUs}${afterTime}`
    header = `{"pos":${pos}${time}${record.frame}${request},"${key}":`
    // A UTF-16 unit takes at most three bytes.
    const tail = escaped === null ? payload.length : escaped.length * 3
    return header.length * 3 + tail + 2
  }

  function remember(record: NewRecord): SharedHeader {
    const made = shareHeader(record)
    if (remembered >= SHARED_HEADERS_MAX) {
      bySymbol.clear()
      remembered = 0
    }
    remembered += 1
    bySymbol.set(record.symbol, [made, ...(bySymbol.get(record.symbol) ?? [])])
    return made
  }

  function write(target: Buffer, at: number): number {
    let end = at + target.write(header, at, 'utf8')
    if (escaped === null) {
      target.set(payload, end)
      end += payload.length
    } else {
      end += target.write(escaped, end, 'utf8')
    }
    target[end] = 0x7d
    target[end + 1] = 0x0a
    return end + 2
  }

  return { prepare, write }
}

function assertWritable(record: NewRecord): void {
  assert(record.payload.length <= PAYLOAD_BYTES_MAX, 'a payload is at most 32 MiB')
  const time = record.receivedTimeUs
  assert(Number.isSafeInteger(time) && time >= 0, 'a receive time is whole epoch microseconds')
  assert(Number.isSafeInteger(record.frame) && record.frame >= 0, 'a frame is an ordinal')
}

function covers(shared: SharedHeader, record: NewRecord): boolean {
  return (
    shared.symbol === record.symbol &&
    shared.channel === record.channel &&
    shared.dialect === record.dialect &&
    shared.origin === record.origin &&
    shared.conn === record.conn
  )
}

function shareHeader(record: NewRecord): SharedHeader {
  const { dialect, channel, symbol, origin, conn } = record
  const text = JSON.stringify
  const feed = `,"dialect":${text(dialect)},"channel":${text(channel)}`
  return {
    dialect,
    channel,
    symbol,
    origin,
    conn,
    beforeTime: `${feed},"symbol":${text(symbol)},"origin":${text(origin)},"receivedTimeUs":`,
    afterTime: `,"conn":${text(conn)},"frame":`,
  }
}

function escapePayload(payload: Uint8Array, form: PayloadForm): string {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  return form === 'text' ? JSON.stringify(view.toString('utf8')) : `"${view.toString('base64')}"`
}
