import { readManifest } from './archive/manifest.ts'
import { forEachRecord } from './codec/read-record.ts'
import { listManifests, listSegments, logPaths } from './layout.ts'
import { openLogReader } from './reader.ts'

/** What a log received of one channel and symbol within an hour. */
export interface Received {
  /** The venue's id, as the record's dialect has it before the slash. */
  readonly venue: string
  readonly channel: string
  /** The venue's own; empty where records concern none. */
  readonly symbol: string
  readonly records: number
  /** Of payload. */
  readonly bytes: number
  readonly lastReceivedUs: number
}

/** An hour of receipt of one log. */
export interface ObserveOptions {
  readonly dataDir: string
  readonly name: string
  /** `2026-01-31T07`, UTC. */
  readonly hour: string
  readonly signal?: AbortSignal
}

/**
 * Counts what a log received within an hour, by channel and symbol, by reading its records: those
 * of the journal's segments of the hour, or of the archive if it is sealed. Yields to the event
 * loop between blocks. Unordered.
 */
export async function observeHour(options: ObserveOptions): Promise<Received[]> {
  const span = positionsOf(options)
  if (span === null) return []
  using reader = openLogReader(options)
  const found = new Map<string, { -readonly [Key in keyof Received]: Received[Key] }>()
  const fromUs = Date.parse(`${options.hour}:00:00Z`) * 1000
  const toUs = fromUs + 3_600_000_000
  for (const block of reader.blocks(span.fromPos)) {
    options.signal?.throwIfAborted()
    forEachRecord(block, (record) => {
      if (record.receivedTimeUs < fromUs || record.receivedTimeUs >= toUs) return
      const venue = record.dialect.slice(0, record.dialect.indexOf('/'))
      const symbol = record.symbol ?? ''
      const key = `${venue} ${record.channel} ${symbol}`
      let tally = found.get(key)
      if (tally === undefined) {
        const none = { records: 0, bytes: 0, lastReceivedUs: 0 }
        tally = { venue, channel: record.channel, symbol, ...none }
        found.set(key, tally)
      }
      tally.records += 1
      tally.bytes += record.end - record.start
      tally.lastReceivedUs = Math.max(tally.lastReceivedUs, record.receivedTimeUs)
    })
    if (block.checkpoint >= span.endPos) break
    await new Promise(setImmediate)
  }
  return [...found.values()]
}

/** Positions `[fromPos, endPos)` that hold all of an hour's records; null where none do. */
function positionsOf({ dataDir, name, hour }: ObserveOptions) {
  const paths = logPaths(dataDir, name)
  const segments = listSegments(paths)
  const parts: { fromPos: number; endPos: number }[] = []
  for (const [at, segment] of segments.entries()) {
    if (segment.hour !== hour) continue
    const endPos = segments[at + 1]?.firstPos ?? Number.MAX_SAFE_INTEGER
    parts.push({ fromPos: segment.firstPos, endPos })
  }
  for (const sealed of listManifests(paths)) {
    if (sealed.hour !== hour) continue
    const endPos = readManifest(paths, sealed)?.endPos ?? Number.MAX_SAFE_INTEGER
    parts.push({ fromPos: sealed.firstPos, endPos })
  }
  if (parts.length === 0) return null
  return {
    fromPos: Math.min(...parts.map((part) => part.fromPos)),
    endPos: Math.max(...parts.map((part) => part.endPos)),
  }
}
