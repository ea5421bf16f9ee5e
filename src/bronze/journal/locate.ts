import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { COMMIT_START, isWhole, parseCommit } from '../codec/commit-line.ts'

/** A batch boundary of a segment, and the position of the first record behind it. */
export interface Boundary {
  readonly offset: number
  readonly pos: number
}

// Wide enough for two whole batches wherever it is set down.
const PROBE_BYTES = 256 * 1024
const SEARCH_BYTES_MIN = 1024 * 1024
const COMMIT_AFTER_LINE = Buffer.from(`\n${COMMIT_START}`)
const NEWLINE = 0x0a

/**
 * Finds a batch boundary of the segment at `path` at or before the record `pos`, and near it.
 *
 * Positions rise through a file, so it halves the file, trusting only commit lines whose
 * batches are whole. Where it finds none it stays in front: reading on from there is slower
 * and never wrong.
 *
 * @throws whatever opening the file throws.
 */
export function locate(path: string, firstPos: number, pos: number): Boundary {
  const fd = openSync(path, 'r')
  try {
    const probe = Buffer.allocUnsafe(PROBE_BYTES)
    let low: Boundary = { offset: 0, pos: firstPos }
    let high = fstatSync(fd).size
    while (high - low.offset > SEARCH_BYTES_MIN) {
      const middle = Math.floor((low.offset + high) / 2)
      const length = readSync(fd, probe, 0, PROBE_BYTES, middle)
      const found = firstBoundary(probe.subarray(0, length))
      if (found !== null && found.pos <= pos) low = { ...found, offset: middle + found.offset }
      else high = middle
    }
    return low
  } finally {
    closeSync(fd)
  }
}

/** Returns the end of the first whole batch that lies inside `bytes`. */
function firstBoundary(bytes: Buffer): Boundary | null {
  let at = bytes.indexOf(COMMIT_AFTER_LINE)
  while (at >= 0) {
    const lineEnd = bytes.indexOf(NEWLINE, at + 1)
    if (lineEnd < 0) return null
    const commit = parseCommit(bytes, at + 1, lineEnd)
    const start = commit === null ? -1 : at + 1 - commit.bytes
    if (commit !== null && start >= 0 && isWhole(bytes, start, at + 1, commit)) {
      return { offset: lineEnd + 1, pos: commit.pos + commit.count }
    }
    at = bytes.indexOf(COMMIT_AFTER_LINE, lineEnd)
  }
  return null
}
