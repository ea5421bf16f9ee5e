import { createHash, hash as hashOnce } from 'node:crypto'
import { forEachRecord, type LogReader, openLogReader, readLogHorizon } from '../bronze/index.ts'
import type { RawRecord } from '../market/record.ts'

/** Records of the raw log that a claim rests on, and the hash of all that they say. */
export interface EvidenceList {
  readonly records: number
  /** SHA-256 over the SHA-256 of each record and its place, by log and position. */
  readonly hash: string
  readonly logs: readonly {
    readonly log: string
    /** Runs of positions, both ends included. */
    readonly positions: readonly (readonly [first: number, last: number])[]
  }[]
}

/** Positions by log. */
export type Positions = ReadonlyMap<string, ReadonlySet<number>>

// Of fewer records than this in a stretch, each is looked up by itself.
const SPARSE = 500
const DIGEST_BYTES = 32

/**
 * Reads the records at these positions and hashes them. They are shown in any order: an archive
 * holds an hour symbol by symbol.
 *
 * @param onRecord is lent each record until the next.
 * @returns the list, how many of the records the logs no longer hold, and how many of them were
 * deleted by retention.
 */
export function readEvidence(
  dataDir: string,
  positions: Positions,
  onRecord: (record: RawRecord) => void = () => {},
): { readonly list: EvidenceList; readonly missing: number; readonly deleted: number } {
  const hash = createHash('sha256')
  const logs: EvidenceList['logs'][number][] = []
  let records = 0
  let missing = 0
  let deleted = 0
  for (const log of [...positions.keys()].sort()) {
    const wanted = Float64Array.from(positions.get(log) ?? []).sort()
    logs.push({ log, positions: runsOf(wanted) })
    const digests = Buffer.alloc(wanted.length * DIGEST_BYTES)
    using reader = openLogReader({ dataDir, name: log })
    const found = readPositions(reader, wanted, (record, at) => {
      digestOf(log, record).copy(digests, at * DIGEST_BYTES)
      onRecord(record)
    })
    hash.update(digests)
    records += wanted.length
    missing += wanted.length - found
    const { pos: horizonPos } = readLogHorizon(dataDir, log)
    deleted += wanted.filter((pos) => pos < horizonPos).length
  }
  return { list: { records, hash: hash.digest('hex'), logs }, missing, deleted }
}

/** A record's payload decides nothing without what the log says of where it came from. */
function digestOf(log: string, record: RawRecord): Buffer {
  const { pos, dialect, channel, symbol, origin, receivedTimeUs, conn, frame, request } = record
  const place = [log, pos, dialect, channel, symbol, origin, receivedTimeUs, conn, frame, request]
  const head = Buffer.from(`${JSON.stringify(place)}\n`)
  const payload = record.bytes.subarray(record.start, record.end)
  return hashOnce('sha256', Buffer.concat([head, payload]), 'buffer')
}

/** Returns the positions a list names. */
export function positionsOf(list: EvidenceList): Positions {
  const all = new Map<string, Set<number>>()
  for (const { log, positions } of list.logs) {
    const some = all.get(log) ?? new Set()
    for (const [first, last] of positions) for (let pos = first; pos <= last; pos++) some.add(pos)
    all.set(log, some)
  }
  return all
}

/** Visits each wanted record once, with its place among them; returns how many there were. */
function readPositions(
  reader: LogReader,
  wanted: Float64Array,
  visit: (record: RawRecord, at: number) => void,
): number {
  const first = wanted[0] ?? 0
  const last = wanted.at(-1) ?? -1
  let found = 0
  if (last - first > wanted.length * SPARSE) {
    for (const [at, pos] of wanted.entries()) {
      const record = reader.record(pos)
      if (record === null) continue
      found += 1
      visit(record, at)
    }
    return found
  }
  const seen = new Uint8Array(wanted.length)
  for (const block of reader.blocks(first)) {
    forEachRecord(block, (record) => {
      const at = placeOf(wanted, record.pos)
      if (at < 0 || seen[at] === 1) return
      seen[at] = 1
      found += 1
      visit(record, at)
    })
    if (block.checkpoint > last) break
  }
  return found
}

/** Returns where a position stands in the list, in ascending order; -1 where it does not. */
function placeOf(wanted: Float64Array, pos: number): number {
  let low = 0
  let high = wanted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((wanted[middle] as number) < pos) low = middle + 1
    else high = middle
  }
  return wanted[low] === pos ? low : -1
}

function runsOf(sorted: Float64Array): [number, number][] {
  const runs: [number, number][] = []
  for (const pos of sorted) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] + 1 === pos) run[1] = pos
    else runs.push([pos, pos])
  }
  return runs
}
