import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { forEachRecord, type LogReaderOptions, openLogReader } from '../../../src/bronze/index.ts'
import type { NewRecord, RawRecord } from '../../../src/market/record.ts'

/** One hour of receipt. */
export const HOUR_US = 3_600_000_000
/** 2026-01-31T07:00:00Z */
export const START_US = Date.UTC(2026, 0, 31, 7) * 1000

/** Returns a fresh data folder that goes when the test ends; in memory where that is known. */
export function dataFolder(): string {
  const root = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const folder = mkdtempSync(join(root, 'assay-bronze-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Returns the record that stands for the number `n`: its frame, and named in its payload. */
export function recordOf(n: number, fields: Partial<NewRecord> = {}): NewRecord {
  return {
    dialect: 'coinbase/exchange',
    channel: 'matches',
    symbol: 'BTC-USD',
    origin: 'ws',
    receivedTimeUs: START_US + n,
    conn: 'c-1',
    frame: n,
    request: null,
    payload: Buffer.from(`{"type":"match","trade_id":${n},"price":"64000.01"}`),
    ...fields,
  }
}

/** Returns the payload of a record as bytes of its own. */
export function payloadOf(record: RawRecord): Buffer {
  return Buffer.from(record.bytes.subarray(record.start, record.end))
}

/** A record as read, small enough to compare by the thousand. */
export interface Read {
  readonly pos: number
  readonly frame: number
  readonly payload: string
}

/** Reads a log from `fromPos` on, in the order given. */
export function readLog(options: LogReaderOptions, fromPos = 0): Read[] {
  using reader = openLogReader(options)
  const found: Read[] = []
  for (const block of reader.blocks(fromPos)) {
    forEachRecord(block, (record) => {
      const payload = payloadOf(record).toString('latin1')
      found.push({ pos: record.pos, frame: record.frame, payload })
    })
  }
  return found
}

/** Returns what {@link readLog} gives for records `from` to `to` written at their own numbers. */
export function readsOf(from: number, to: number): Read[] {
  return Array.from({ length: to - from }, (_, index) => {
    const n = from + index
    return { pos: n, frame: n, payload: Buffer.from(recordOf(n).payload).toString('latin1') }
  })
}

/** Sorts what an archived hour gives file by file. */
export function byPos(reads: readonly Read[]): Read[] {
  return reads.toSorted((a, b) => a.pos - b.pos)
}
