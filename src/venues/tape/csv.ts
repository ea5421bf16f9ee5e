import type { LineRanges } from './lines.ts'
import { scanCsvLine } from './lines.ts'

/**
 * Reads the CSV line at `start` and returns where it ends.
 *
 * A line with fewer columns than the file, or with more that are not empty, is at fault: its
 * values may have slid into their neighbours' places, or it was cut short within a number.
 */
export function readCsvLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  ranges: LineRanges,
): number {
  const stop = scanCsvLine(bytes, start, end, ranges)
  const columns = ranges.starts.length
  if (ranges.fault !== null) return stop
  if (ranges.count < columns) {
    const detail = `the line has ${ranges.count} of ${columns} columns`
    ranges.fault = { reason: 'missing_field', detail, at: start }
  } else if (ranges.extraAt >= 0) {
    const detail = `the line has ${ranges.count} columns, the file ${columns}`
    ranges.fault = { reason: 'malformed', detail, at: ranges.extraAt }
  }
  return stop
}
