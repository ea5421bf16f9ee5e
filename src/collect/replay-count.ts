import type { LogReader } from '../bronze/index.ts'
import { forEachRecord } from '../bronze/index.ts'
import type { EventSink } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import type { Decoder } from '../venues/venue.ts'

/** What became of the WebSocket frames of a stretch of log, named as commands print it. */
export interface FrameCounts {
  frames: number
  event_frames: number
  control: number
  raw_only: number
  rejected_frames: number
  /** Trades, candles and listings; a heartbeat's witness is none. */
  events: number
  /** Events refused within frames that were otherwise understood. */
  rejected_events: number
}

/** Counts frames as they are handed over. */
export interface FrameTally {
  readonly counts: Readonly<FrameCounts>
  /** Decodes and counts one record if it is a WebSocket frame. */
  add(record: RawRecord): void
}

/** Opens a tally; a dialect without a decoder makes its frames rejected. */
export function createFrameTally(decoderOf: (dialect: string) => Decoder | undefined): FrameTally {
  const counts: FrameCounts = {
    frames: 0,
    event_frames: 0,
    control: 0,
    raw_only: 0,
    rejected_frames: 0,
    events: 0,
    rejected_events: 0,
  }
  let rejections = 0
  const event = () => {
    counts.events += 1
  }
  const sink: EventSink = {
    trade: event,
    candle: event,
    snapshot: event,
    listing: event,
    witness: () => {},
    reject: () => {
      rejections += 1
    },
  }
  return {
    counts,
    add(record) {
      if (record.origin !== 'ws') return
      counts.frames += 1
      rejections = 0
      const kind = decoderOf(record.dialect)?.(record, sink) ?? 'rejected'
      if (kind === 'rejected') {
        counts.rejected_frames += 1
        return
      }
      counts.rejected_events += rejections
      if (kind === 'event') counts.event_frames += 1
      else counts[kind] += 1
    },
  }
}

/**
 * Counts what became of the WebSocket frames at positions `[fromPos, toPos)` of a log.
 *
 * Decoding alone is counted: what silver refuses of an event's values comes on top.
 */
export function countFrames(options: {
  readonly reader: LogReader
  readonly fromPos: number
  readonly toPos: number
  readonly decoderOf: (dialect: string) => Decoder | undefined
}): FrameCounts {
  const { reader, fromPos, toPos } = options
  const tally = createFrameTally(options.decoderOf)
  for (const block of reader.blocks(fromPos)) {
    forEachRecord(block, (record) => {
      if (record.pos >= fromPos && record.pos < toPos) tally.add(record)
    })
    if (block.checkpoint >= toPos) break
  }
  return tally.counts
}
