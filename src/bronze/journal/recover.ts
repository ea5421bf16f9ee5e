import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { archivedEndPos } from '../archive/manifest.ts'
import { COMMIT_START, parseCommit } from '../codec/commit-line.ts'
import type { LogPaths, SegmentName } from '../layout.ts'
import { hourEndUs, listSegments } from '../layout.ts'
import type { Recovery } from '../log.ts'
import { BatchCursor } from './batch-cursor.ts'
import { readHead } from './head.ts'
import type { OpenSegment } from './segment-writer.ts'

/** Where a writer goes on. */
export interface Tail {
  readonly nextPos: number
  /** The segment to append to, or null to start one. */
  readonly segment: OpenSegment | null
  readonly recovery: Recovery
}

const HOUR_US = 3_600_000_000

/**
 * Finds the end of a log and makes it sound. Only its writer may call this.
 *
 * What follows the last whole batch is cut off if it was never acknowledged: a write that a
 * kill or power cut tore. If the head file or a commit line says that it was whole once, it is
 * rot: its bytes are left for people to look at, its positions stay a hole for ever, and the
 * log goes on behind them in a new segment. No position that was acknowledged is given twice.
 */
export function recoverTail(paths: LogPaths): Tail {
  const head = readHead(paths.head)
  const floor = Math.max(archivedEndPos(paths), head?.durablePos ?? 0)
  const last = listSegments(paths).at(-1)
  const nothing: Recovery = { cutBytes: 0, lost: null }
  if (last === undefined) return { nextPos: floor, segment: null, recovery: nothing }

  const path = join(paths.journal, last.file)
  const { endPos, offset } = scanSegment(path, last)
  const claimed = Math.max(floor, claimedEndPos(path, offset))
  const isRotten = claimed > endPos
  const cutBytes = settle(path, isRotten ? null : offset)
  const lost = isRotten ? { fromPos: endPos, toPos: claimed } : null
  const nextPos = Math.max(claimed, endPos)
  // An empty file would otherwise share its first position with the segment that comes next.
  if (!isRotten && offset === 0) rmSync(path)
  const goesOn = !isRotten && offset > 0
  const segment = { file: last.file, hourUs: hourEndUs(last.hour) - HOUR_US, offset }
  return { nextPos, segment: goesOn ? segment : null, recovery: { cutBytes, lost } }
}

/** Reads a segment through: the end of its last whole batch, and the position after it. */
export function scanSegment(path: string, name: SegmentName): { endPos: number; offset: number } {
  using cursor = new BatchCursor({ path, offset: 0, pos: name.firstPos, onBad: () => {} })
  while (cursor.next(Number.MAX_SAFE_INTEGER) !== null);
  return { endPos: cursor.pos, offset: cursor.offset }
}

/** Syncs a segment, after cutting it at `length` if one is given; returns the bytes cut. */
function settle(path: string, length: number | null): number {
  const fd = openSync(path, 'r+')
  try {
    const cut = length === null ? 0 : fstatSync(fd).size - length
    if (length !== null && cut > 0) ftruncateSync(fd, length)
    // A process that was killed between write and sync left bytes that a reader may have seen.
    fsyncSync(fd)
    return cut
  } finally {
    closeSync(fd)
  }
}

const TAIL_BYTES_MAX = 64 * 1024 * 1024

/**
 * Returns the position after the last record that a commit line behind `offset` speaks of,
 * though its batch is not whole; 0 if there is no such line.
 */
function claimedEndPos(path: string, offset: number): number {
  const bytes = readTail(path, offset)
  let endPos = 0
  let at = 0
  while (at >= 0 && at < bytes.length) {
    const found = bytes.indexOf(COMMIT_START, at, 'latin1')
    if (found < 0) break
    const lineEnd = bytes.indexOf(0x0a, found)
    const commit = lineEnd < 0 ? null : parseCommit(bytes, found, lineEnd)
    if (commit !== null) endPos = Math.max(endPos, commit.pos + commit.count)
    at = found + COMMIT_START.length
  }
  return endPos
}

function readTail(path: string, offset: number): Buffer {
  const fd = openSync(path, 'r')
  try {
    const size = fstatSync(fd).size
    const length = Math.min(size - offset, TAIL_BYTES_MAX)
    const bytes = Buffer.alloc(length)
    const read = readSync(fd, bytes, 0, length, size - length)
    return bytes.subarray(0, read)
  } finally {
    closeSync(fd)
  }
}
