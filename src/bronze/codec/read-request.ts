import type { RecordRequest } from '../../market/record.ts'
import { skipValue } from './parse-line.ts'

/** A request, and where the stretch it stands in ends. */
export interface RequestRead {
  readonly value: RecordRequest
  readonly end: number
}

const KEY = ',"request":'
const COMMA = 0x2c

/**
 * Returns a reader of `,"request":{…}`, whose answer is null if it is not that.
 *
 * The records of a run often share one request: the same bytes as the last time give the same
 * object.
 */
export function createRequestReader(): (
  bytes: Buffer,
  at: number,
  end: number,
) => RequestRead | null {
  let lastBytes = Buffer.alloc(0)
  let lastValue: RecordRequest | null = null
  return (bytes, at, end) => {
    const lastEnd = at + lastBytes.length
    if (lastValue !== null && lastEnd < end && bytes[lastEnd] === COMMA) {
      const isSame = lastBytes.compare(bytes, at, lastEnd) === 0
      if (isSame) return { value: lastValue, end: lastEnd }
    }
    const start = at + KEY.length
    if (bytes.toString('latin1', at, start) !== KEY) return null
    const stop = skipValue(bytes, start, end)
    const value = parseRequest(bytes.toString('utf8', start, stop))
    if (value === null) return null
    lastBytes = Buffer.from(bytes.subarray(at, stop))
    lastValue = value
    return { value, end: stop }
  }
}

function parseRequest(text: string): RecordRequest | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as RecordRequest | null) : null
  } catch {
    return null
  }
}
