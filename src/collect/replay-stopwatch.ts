import { createFieldScanner, FIELD, scanFields } from '../core/json/scan.ts'
import { readTimeUs } from '../market/time.ts'
import { readTapeTimeUs } from '../venues/tape/index.ts'
import type { CaptureLine } from './replay-capture.ts'

const CAPTURED_AT = 0
const URL = 1
const RX_NS = 2
const DIRECTION = 3
const FRAME = 4
const scanner = createFieldScanner(['captured_at', 'url', 'rx_ns', 'dir', 'frame'])

/** All of such a recording is one connection. */
const CONN = '0'

/**
 * Returns a reader of recordings that tell time by a stopwatch.
 *
 * The first line is an object with `captured_at` and `url`; each other one holds `rx_ns`, a count
 * of nanoseconds from any beginning, and `frame`, the message as it stands; `dir` is `tx` where
 * we sent it. The stopwatch's first count stands for `captured_at`. The reader answers `null` for
 * everything before such a first line, and for what is no such line after it.
 */
export function createStopwatchReader(): (line: Buffer) => CaptureLine | null {
  let startUs = -1
  let firstUs = -1
  return (line) => {
    if (scanFields(scanner, line, 0, line.length) < 0) return null
    if (startUs < 0) {
      startUs = capturedUs(line)
      return startUs < 0
        ? null
        : { kind: 'connect', conn: CONN, timeUs: startUs, url: textOf(line, URL) }
    }
    const { kinds, starts, ends } = scanner
    const [from, to] = [starts[FRAME] as number, ends[FRAME] as number]
    const isTimed = kinds[RX_NS] === FIELD.number && kinds[FRAME] === FIELD.object
    const countUs = isTimed ? readTapeTimeUs(line, starts[RX_NS]!, ends[RX_NS]!, 'ns') : -1
    if (countUs < 0) return null
    if (firstUs < 0) firstUs = countUs
    const sent = kinds[DIRECTION] === FIELD.string && textOf(line, DIRECTION) === 'tx'
    return {
      kind: sent ? 'send' : 'recv',
      conn: CONN,
      timeUs: startUs + Math.max(0, countUs - firstUs),
      url: '',
      data: Buffer.from(line.subarray(from, to)),
    }
  }
}

/** Whether a line is the first of such a recording. */
export function beginsStopwatch(line: Buffer): boolean {
  return scanFields(scanner, line, 0, line.length) >= 0 && capturedUs(line) >= 0
}

function capturedUs(line: Buffer): number {
  const { kinds, starts, ends } = scanner
  if (kinds[CAPTURED_AT] !== FIELD.string || kinds[URL] !== FIELD.string) return -1
  const timeUs = readTimeUs(line, starts[CAPTURED_AT] as number, ends[CAPTURED_AT] as number)
  return timeUs >= 0 ? timeUs : -1
}

function textOf(line: Buffer, field: number): string {
  return line.toString('utf8', scanner.starts[field], scanner.ends[field])
}
