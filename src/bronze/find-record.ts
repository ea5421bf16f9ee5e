import type { RawRecord } from '../market/record.ts'
import { readRecord } from './codec/read-record.ts'
import { copyRecord, createRecordSlot } from './codec/slot.ts'

interface Lines {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

const NEWLINE = 0x0a

/** Returns where the first record at `pos` or later begins in lines sorted by position. */
export function skipTo(lines: Lines, pos: number): number {
  const slot = createRecordSlot()
  let start = lines.start
  while (start < lines.end) {
    const end = lineEnd(lines, start)
    if (readRecord(lines.bytes, start, end, slot) && slot.pos >= pos) return start
    start = end + 1
  }
  return lines.end
}

/** Returns a copy of the record at `pos`; null if the lines do not hold it. */
export function findRecord(lines: Lines, pos: number): RawRecord | null {
  const start = skipTo(lines, pos)
  const slot = createRecordSlot()
  if (start >= lines.end) return null
  const isRecord = readRecord(lines.bytes, start, lineEnd(lines, start), slot)
  return isRecord && slot.pos === pos ? copyRecord(slot) : null
}

function lineEnd(lines: Lines, start: number): number {
  const end = lines.bytes.indexOf(NEWLINE, start)
  return end < 0 || end > lines.end ? lines.end : end
}
