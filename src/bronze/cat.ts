import { readRecord } from './codec/read-record.ts'
import { createRecordSlot } from './codec/slot.ts'
import { openLogReader } from './reader.ts'

/** Which lines of a log are wanted. */
export interface CatOptions {
  readonly dataDir: string
  readonly name: string
  /** @default 0 */
  readonly fromPos?: number
  /** Exclusive. @default the end of what is durable */
  readonly toPos?: number
  readonly channel?: string
  readonly symbol?: string
}

const NEWLINE = 0x0a

/**
 * Gives the record lines of a log as they stand in it, without newline or commit lines, in the
 * order {@link LogReader.blocks} has. Each is a view of the reader's buffer: copy what is kept.
 */
export function* catLog(options: CatOptions): Generator<Buffer> {
  const { fromPos = 0, toPos = Number.MAX_SAFE_INTEGER, channel, symbol } = options
  using reader = openLogReader({ dataDir: options.dataDir, name: options.name })
  const slot = createRecordSlot()
  for (const { bytes, start, end, checkpoint } of reader.blocks(fromPos)) {
    for (let at = start; at < end; ) {
      const lineEnd = bytes.indexOf(NEWLINE, at)
      const isRecord = readRecord(bytes, at, lineEnd, slot) && slot.pos < toPos
      const isOfChannel = channel === undefined || slot.channel === channel
      const isOfSymbol = symbol === undefined || slot.symbol === symbol
      if (isRecord && isOfChannel && isOfSymbol) yield bytes.subarray(at, lineEnd)
      at = lineEnd + 1
    }
    if (checkpoint >= toPos) return
  }
}
