import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { RawRecord } from '../../src/market/record.ts'
import { type Decoded, decodeAll, recordOf } from '../../src/venues/decoded.ts'
import { decoderOf } from '../../src/venues/index.ts'
import type { Venue } from '../../src/venues/venue.ts'

/** Where recordings lie, beside the checkout: they are not part of the repository. */
const DATA = new URL('../../../shared/data/', import.meta.url)

/** One thing a recording heard, and what it decoded to. */
export interface Heard extends Decoded {
  readonly record: RawRecord
}

/** Whether a recording is there; says so where it is not, since the test is then skipped. */
export function hasRecording(name: string): boolean {
  const there = existsSync(new URL(name, DATA))
  if (!there) console.warn(`skipped: no recording ${name} in ${DATA.pathname}`)
  return there
}

/** Reads a recording's text. */
export function readRecording(name: string): string {
  const bytes = readFileSync(new URL(name, DATA))
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

interface CaptureLine {
  readonly t: string
  readonly conn: string
  readonly ts: number
  readonly addr?: string
  readonly url?: string
  readonly data: string
}

/** Decodes everything that a capture received, answers and frames, in order; nothing if absent. */
export function playCapture(name: string, venue: Venue): readonly Heard[] {
  if (!existsSync(new URL(name, DATA))) return []
  const addresses = new Map<string, string>()
  const heard: Heard[] = []
  for (const text of readRecording(name).split('\n')) {
    if (text === '') continue
    const line = JSON.parse(text) as CaptureLine
    if (line.t === 'connect') addresses.set(line.conn, line.addr ?? '')
    if (line.t !== 'recv' && line.t !== 'http') continue
    const kind = line.t === 'http' ? 'rest' : 'ws'
    const about = venue.classify(line.url ?? addresses.get(line.conn) ?? '', kind)
    const record = recordOf(line.data, {
      ...about,
      origin: kind,
      receivedTimeUs: Math.round(line.ts * 1e6),
      conn: line.conn,
      frame: heard.length,
      request: line.url === undefined ? null : { url: line.url, status: 200 },
    })
    heard.push({ record, ...decodeAll(decoderOf(record.dialect), record) })
  }
  return heard
}

/** Counts by a name. */
export function countBy<T>(list: readonly T[], nameOf: (item: T) => string): object {
  const counts: Record<string, number> = {}
  for (const item of list) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1
  return counts
}
