import { type LogReader, openLogReader } from '../../bronze/index.ts'
import { type EventSink, IGNORE_EVENTS, type VenueCandle } from '../../market/event.ts'
import { ORIGINS, type RawRecord } from '../../market/record.ts'
import { decoderOf } from '../../venues/index.ts'
import type { PositionRange, RecordShare, RecordSource } from './tree.ts'

type Described = Pick<RecordShare, 'dialects' | 'requests' | 'looked_at' | 'lost'>

const REQUESTS_MAX = 8
/** Records of one moment that are looked through for a candle: what reached us in a burst. */
const BURST_MAX = 500
/** A clock that is set back makes receipts descend; so far a search goes on past its mark. */
const SETBACK_US = 2_000_000

/** A look into the raw log, where there is one: what records say of where they came from. */
export class LogLook implements Disposable {
  readonly #dataDir: string | null
  readonly #readers = new Map<string, LogReader>()

  constructor(dataDir: string | null) {
    this.#dataDir = dataDir
  }

  /** Says of the records at the ends of the ranges which formats they have, and whence they are. */
  describe(log: string, ranges: readonly PositionRange[]): Described {
    const wanted = new Set(ranges.flatMap((range) => [range.first_pos, range.last_pos]))
    const dialects = new Set<string>()
    const requests = new Map<string, RecordSource>()
    let lost = 0
    const reader = this.#reader(log)
    if (reader === null) return { dialects: [], requests: [], looked_at: 0, lost: 0 }
    for (const pos of wanted) {
      const record = reader.record(pos)
      if (record === null) {
        lost += 1
        continue
      }
      dialects.add(record.dialect)
      const { request } = record
      if (request === null || requests.size >= REQUESTS_MAX) continue
      requests.set(`${request.file} ${request.url}`, {
        url: request.url,
        file: request.file ?? null,
      })
    }
    const from = [...requests.values()]
    return { dialects: [...dialects].sort(), requests: from, looked_at: wanted.size, lost }
  }

  /**
   * Finds the record that tells of a venue's candle, of which nothing but the receipt is kept:
   * receipts ascend along a log, so halving it leads there.
   */
  findCandle(log: string, wanted: WantedCandle): { pos: number; item: number } | null {
    const reader = this.#reader(log)
    if (reader === null) return null
    const first = firstReceivedAt(reader, wanted.receivedTimeUs)
    for (let pos = first; pos < first + BURST_MAX; pos += 1) {
      const record = reader.record(pos)
      if (record === null) {
        if (pos >= reader.durablePos) return null
        continue
      }
      if (record.receivedTimeUs > wanted.receivedTimeUs + SETBACK_US) return null
      if (record.receivedTimeUs !== wanted.receivedTimeUs) continue
      const item = itemOf(record, wanted)
      if (item !== null) return { pos, item }
    }
    return null
  }

  #reader(name: string): LogReader | null {
    if (this.#dataDir === null) return null
    const reader = this.#readers.get(name) ?? openLogReader({ dataDir: this.#dataDir, name })
    this.#readers.set(name, reader)
    return reader
  }

  [Symbol.dispose](): void {
    for (const reader of this.#readers.values()) reader[Symbol.dispose]()
  }
}

/** A venue's candle, by what the warehouse keeps of it. */
export interface WantedCandle {
  readonly symbol: string
  readonly openTimeUs: number
  /** Index into ORIGINS. */
  readonly source: number
  readonly receivedTimeUs: number
}

/** Returns the least position whose record was received at the time or later. */
function firstReceivedAt(reader: LogReader, timeUs: number): number {
  let low = 0
  let high = reader.durablePos
  while (low < high) {
    const middle = (low + high) >>> 1
    const record = nextRecord(reader, middle, high)
    // Nothing is held from the middle up: what is wanted lies below.
    if (record === null) high = middle
    else if (record.receivedTimeUs < timeUs) low = record.pos + 1
    else high = middle
  }
  return low
}

/** A hole in the log is passed over, as far as it is worth looking. */
function nextRecord(reader: LogReader, from: number, to: number): RawRecord | null {
  for (let pos = from; pos < Math.min(to, from + BURST_MAX); pos += 1) {
    const record = reader.record(pos)
    if (record !== null) return record
  }
  return null
}

function itemOf(record: RawRecord, wanted: WantedCandle): number | null {
  if (ORIGINS.indexOf(record.origin) !== wanted.source) return null
  let found: number | null = null
  const sink: EventSink = {
    ...IGNORE_EVENTS,
    candle({ symbol, openTimeUs, item }: VenueCandle) {
      if (symbol === wanted.symbol && openTimeUs === wanted.openTimeUs) found = item
    },
  }
  decoderOf(record.dialect)(record, sink)
  return found
}
