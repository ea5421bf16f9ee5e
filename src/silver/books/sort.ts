import { forEachRecord, type LogReader } from '../../bronze/index.ts'
import type { RawRecord } from '../../market/record.ts'
import { bookSourceOf } from './sources.ts'

/** Payload that is held at once while a log is read in another order than its own. */
const WINDOW_BYTES = 64 * 1024 * 1024

/** Where the records of books stand in a log, one entry each. */
interface Places {
  readonly pos: number[]
  readonly frame: number[]
  readonly timeUs: number[]
  readonly bytes: number[]
  /** The connection, as an index into `conns`. */
  readonly conn: number[]
  readonly conns: string[]
}

/**
 * Gives a log's records of books below `endPos` in the order they were received, whatever the
 * order they stand in: each connection's by their frames, connections by time.
 *
 * Our own logs are in that order. For one that is not, this reads it once for the places, 40 bytes
 * a record, and then once for each 64 MiB of payload.
 */
export function* sortBooks(reader: LogReader, endPos: number): Generator<RawRecord> {
  const places = findPlaces(reader, endPos)
  const order = orderOf(places)
  for (let from = 0; from < order.length; ) {
    let to = from
    const wanted = new Set<number>()
    for (let bytes = 0; to < order.length && bytes < WINDOW_BYTES; to += 1) {
      wanted.add(places.pos[order[to] as number] as number)
      bytes += places.bytes[order[to] as number] as number
    }
    const records = readRecords(reader, wanted)
    for (const at of order.slice(from, to)) {
      const record = records.get(places.pos[at] as number)
      if (record !== undefined) yield record
    }
    from = to
  }
}

function findPlaces(reader: LogReader, endPos: number): Places {
  const places: Places = { pos: [], frame: [], timeUs: [], bytes: [], conn: [], conns: [] }
  const indexes = new Map<string, number>()
  for (const block of reader.blocks(0)) {
    forEachRecord(block, (record) => {
      if (record.pos >= endPos || bookSourceOf(record.dialect, record.channel) === null) return
      let conn = indexes.get(record.conn)
      if (conn === undefined) {
        conn = places.conns.push(record.conn) - 1
        indexes.set(record.conn, conn)
      }
      places.pos.push(record.pos)
      places.frame.push(record.frame)
      places.timeUs.push(record.receivedTimeUs)
      places.bytes.push(record.end - record.start)
      places.conn.push(conn)
    })
  }
  return places
}

/**
 * Sorts by time of receipt, connection and frame; but no frame goes before one of its own
 * connection's with a lower number, whatever a clock that was set back said of it.
 */
function orderOf({ pos, frame, timeUs, conn, conns }: Places): number[] {
  const at = (list: readonly number[], index: number) => list[index] as number
  const name = (index: number) => conns[at(conn, index)] as string
  const byConn = (a: number, b: number) =>
    (at(conn, a) === at(conn, b) ? 0 : name(a) < name(b) ? -1 : 1) ||
    at(frame, a) - at(frame, b) ||
    at(pos, a) - at(pos, b)
  const order = pos.map((_, index) => index).sort(byConn)
  const times = [...timeUs]
  order.forEach((index, rank) => {
    const before = order[rank - 1]
    if (before === undefined || at(conn, before) !== at(conn, index)) return
    times[index] = Math.max(at(times, index), at(times, before))
  })
  return order.sort((a, b) => at(times, a) - at(times, b) || byConn(a, b))
}

function readRecords(reader: LogReader, wanted: ReadonlySet<number>): Map<number, RawRecord> {
  const records = new Map<number, RawRecord>()
  for (const block of reader.blocks(0)) {
    forEachRecord(block, (record) => {
      if (!wanted.has(record.pos)) return
      const bytes = Buffer.from(record.bytes.subarray(record.start, record.end))
      records.set(record.pos, { ...record, bytes, start: 0, end: bytes.length })
    })
  }
  return records
}
