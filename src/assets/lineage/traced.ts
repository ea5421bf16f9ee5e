import { formatTimeUs } from '../../market/bucket.ts'
import { ORIGINS } from '../../market/record.ts'
import { positionRanges } from './ranges.ts'
import type { LogLook } from './records.ts'
import type { LineageNode, RecordShare, Source } from './tree.ts'

/** An event that was traced to its record. */
export interface TracedEvent {
  readonly kind: Source['kind']
  readonly log: string
  readonly pos: number
  readonly item: number
  /** Index into ORIGINS. */
  readonly origin: number
  readonly timeUs: number
  readonly receivedTimeUs: number
}

/** How much of what is traced is listed. */
export interface TraceLimits {
  /** Rows of a dataset. @default 24 */
  readonly rowsMax?: number
  /** Ranges of ids, of positions, and partitions of an asset. @default 20 */
  readonly rangesMax?: number
  /** Events whose place is told: the first so many; by default the first and the last. */
  readonly sourcesMax?: number
}

const RECORDS_OF = { trade: 'trades', snapshot: 'snapshots', candle: 'venue_candles' } as const

/** What was reached so far, over the whole tree; memory grows with the events. */
export class Traced {
  readonly rowsMax: number
  readonly rangesMax: number
  readonly totals = { trades: 0, snapshots: 0, venue_candles: 0, records: 0 }
  readonly #sourcesMax: number | null
  readonly #sources: TracedEvent[] = []
  readonly #look: LogLook

  constructor(limits: TraceLimits, look: LogLook) {
    this.rowsMax = limits.rowsMax ?? 24
    this.rangesMax = limits.rangesMax ?? 20
    this.#sourcesMax = limits.sourcesMax ?? null
    this.#look = look
  }

  /** Counts facts that were reached, whether or not their records are known. */
  count(kind: Source['kind'], facts: number): void {
    this.totals[RECORDS_OF[kind]] += facts
  }

  /** Returns the places of the events, ordered by time, as their records' nodes. */
  recordsOf(events: readonly TracedEvent[]): LineageNode[] {
    for (const event of events) this.#keep(event)
    const groups = Map.groupBy(events, ({ log, origin }) => `${origin} ${log}`)
    const shares = [...groups.keys()].sort().map((key) => this.#share(groups.get(key) ?? []))
    return shares.map((share) => nodeOf(share))
  }

  /** The events whose places are told. */
  get sources(): readonly Source[] {
    return this.#sources.map(({ kind, log, pos, item, timeUs }) => {
      return { kind, log, pos, item, time: formatTimeUs(timeUs) }
    })
  }

  #keep(event: TracedEvent): void {
    if (this.#sourcesMax !== null) {
      if (this.#sources.length < this.#sourcesMax) this.#sources.push(event)
    } else if (this.#sources.length < 2) this.#sources.push(event)
    else this.#sources[1] = event
  }

  #share(events: readonly TracedEvent[]): RecordShare {
    const [{ log, origin }] = events as [TracedEvent]
    const positions = [...new Set(events.map(({ pos }) => pos))].sort((a, b) => a - b)
    const { ranges, joined } = positionRanges(positions, this.rangesMax)
    const received = events.map(({ receivedTimeUs }) => receivedTimeUs)
    this.totals.records += positions.length
    return {
      log,
      origin: ORIGINS[origin] ?? 'import',
      records: positions.length,
      facts: events.length,
      received_from: formatTimeUs(received.reduce((a, b) => Math.min(a, b))),
      received_to: formatTimeUs(received.reduce((a, b) => Math.max(a, b))),
      ranges,
      joined,
      ...this.#look.describe(log, ranges),
    }
  }
}

function nodeOf(share: RecordShare): LineageNode {
  return {
    dataset: 'bronze.log',
    what: `records of ${share.log}, ${share.origin}`,
    rows: share.records,
    from: share.received_from,
    to: share.received_to,
    listed: [],
    left_out: 0,
    notes: share.lost > 0 ? [`${share.lost} of ${share.looked_at} looked at are lost`] : [],
    ids: [],
    records: share,
    made_from: [],
  }
}
