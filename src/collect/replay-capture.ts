import { createFieldScanner, FIELD, scanFields } from '../core/json/scan.ts'
import { readTapeTimeUs } from '../venues/tape/index.ts'

/** One line of a capture, typed by what it tells of. */
export type CaptureLine =
  | { readonly kind: 'header' }
  | {
      readonly kind: 'connect'
      readonly conn: string
      readonly timeUs: number
      readonly url: string
    }
  | {
      readonly kind: 'send' | 'recv' | 'http'
      readonly conn: string
      readonly timeUs: number
      /** Where it went or came from; empty where the capture does not repeat it. */
      readonly url: string
      readonly data: Buffer
    }

const scanner = createFieldScanner(['ts'])

const KINDS = ['header', 'connect', 'send', 'recv', 'http'] as const

/**
 * Reads one line of a capture, or answers `null` where it is none.
 *
 * A line is an object `{t, conn, ts, addr or url, data}`; `ts` is in seconds and is read from
 * its digits, floored to the microsecond; `data` is the text that went over the wire.
 */
export function readCaptureLine(line: Buffer): CaptureLine | null {
  const value = parseObject(line)
  if (value === null) return null
  const kind = KINDS.find((known) => known === value.t)
  if (kind === undefined) return null
  if (kind === 'header') return { kind }
  const timeUs = timeOf(line)
  const { conn, data } = value
  const url = value.addr ?? value.url ?? ''
  if (typeof conn !== 'string' || typeof url !== 'string' || timeUs < 0) return null
  if (kind === 'connect') return { kind, conn, timeUs, url }
  if (typeof data !== 'string') return null
  return { kind, conn, timeUs, url, data: Buffer.from(data) }
}

/** `JSON.parse` would make a float of the time, which cannot hold its microseconds for sure. */
function timeOf(line: Buffer): number {
  if (scanFields(scanner, line, 0, line.length) < 0) return -1
  if (scanner.kinds[0] !== FIELD.number) return -1
  return readTapeTimeUs(line, scanner.starts[0]!, scanner.ends[0]!, 's')
}

function parseObject(line: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
