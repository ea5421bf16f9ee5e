import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Journal, listLogs, openJournal, openLogReader } from '../../../src/bronze/index.ts'
import { createManualClock, systemClock } from '../../../src/core/clock.ts'
import {
  byPos,
  dataFolder,
  HOUR_US,
  payloadOf,
  readLog,
  readsOf,
  recordOf,
  START_US,
} from './support.ts'

const name = 'collect'

function open(dataDir: string, options: { segmentBytesMax?: number } = {}): Promise<Journal> {
  return openJournal({ dataDir, name, clock: systemClock, commitWindowMs: 5, ...options })
}

function journalFiles(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'log', name, 'journal')).sort()
}

describe('a log', () => {
  test('gives back what was appended, across restarts, at the positions it said', async () => {
    const dataDir = dataFolder()
    for (let life = 0; life < 3; life++) {
      await using journal = await open(dataDir)
      expect(journal.nextPos).toBe(life * 100)
      for (let n = life * 100; n < (life + 1) * 100; n++) {
        expect(journal.append(recordOf(n))).toBe(n)
      }
      expect(await journal.flush()).toBe((life + 1) * 100)
    }
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 300))
    expect(readLog({ dataDir, name }, 123)).toEqual(readsOf(123, 300))
    expect(readLog({ dataDir, name }, 300)).toEqual([])
    expect(listLogs(dataDir)).toEqual([name])
  })

  test('that nobody wrote is empty', () => {
    const dataDir = dataFolder()
    expect(readLog({ dataDir, name })).toEqual([])
    expect(listLogs(dataDir)).toEqual([])
  })

  test('keeps any payload byte for byte', async () => {
    const dataDir = dataFolder()
    const payloads = fc.sample(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.string().map((s) => Buffer.from(s)),
        fc.json().map((s) => Buffer.from(s)),
      ),
      { numRuns: 500, seed: 7 },
    )
    payloads.push(
      Buffer.alloc(3_000_000, 0x41),
      Buffer.alloc(2_000_000, 0xff),
      Buffer.from('{"commit":1}'),
    )
    {
      await using journal = await open(dataDir)
      for (const [n, payload] of payloads.entries()) journal.append(recordOf(n, { payload }))
    }
    const found = readLog({ dataDir, name }).map((read) => Buffer.from(read.payload, 'latin1'))
    expect(found.length).toBe(payloads.length)
    for (const [n, payload] of payloads.entries()) expect(found[n]?.equals(payload)).toBe(true)
  })

  test('shows a reader only what is synced', async () => {
    const dataDir = dataFolder()
    const clock = createManualClock(START_US)
    await using journal = await openJournal({ dataDir, name, clock })
    journal.append(recordOf(0))
    using reader = openLogReader({ dataDir, name })
    expect(journal.durablePos).toBe(0)
    expect([...reader.blocks(0)]).toEqual([])
    expect(reader.record(0)).toBe(null)
    await journal.flush()
    expect(journal.durablePos).toBe(1)
    expect(reader.durablePos).toBe(1)
    expect(reader.record(0)?.frame).toBe(0)
  })

  test('commits by itself when the window is over, and tells so', async () => {
    const dataDir = dataFolder()
    await using journal = await openJournal({
      dataDir,
      name,
      clock: systemClock,
      commitWindowMs: 20,
    })
    const told: number[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = journal.onDurable((durablePos) => {
      told.push(durablePos)
      if (durablePos === 3) resolve()
    })
    for (let n = 0; n < 3; n++) journal.append(recordOf(n))
    await promise
    stop()
    journal.append(recordOf(3))
    await journal.flush()
    expect(told).toEqual([3])
  })

  test('lets nothing that came during a slow commit wait for a window of its own', async () => {
    const dataDir = dataFolder()
    const clock = createManualClock(START_US)
    await using journal = await openJournal({ dataDir, name, clock, commitWindowMs: 50 })
    const { promise, resolve } = Promise.withResolvers<void>()
    const told: number[] = []
    journal.onDurable((durablePos) => {
      told.push(durablePos)
      if (durablePos === 2) resolve()
    })
    journal.append(recordOf(0))
    while (clock.sleeping === 0) await new Promise((done) => setImmediate(done))
    clock.advance(50)
    // The first is taken to be written, which no microtask waits for; the second comes meanwhile.
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
    journal.append(recordOf(1))
    clock.advance(50)
    await promise
    expect(told).toEqual([1, 2])
  })

  test('takes records while a commit is under way', async () => {
    const dataDir = dataFolder()
    {
      await using journal = await open(dataDir)
      const flushes: Promise<number>[] = []
      for (let n = 0; n < 2000; n++) {
        journal.append(recordOf(n))
        if (n % 10 === 0) flushes.push(journal.flush())
        if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      const durable = await Promise.all(flushes)
      for (const [index, durablePos] of durable.entries())
        expect(durablePos).toBeGreaterThan(index * 10)
    }
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 2000))
  })

  test('makes a writer wait once its buffer is full', async () => {
    const dataDir = dataFolder()
    const options = { dataDir, name, clock: createManualClock(START_US), bufferedBytesMax: 100_000 }
    await using journal = await openJournal(options)
    const payload = Buffer.alloc(1000, 0x20)
    for (let n = 0; n < 1000; n++) {
      journal.append(recordOf(n, { payload }))
      await journal.ready()
    }
    // The clock stands still: only the wait itself made these durable.
    expect(journal.durablePos).toBeGreaterThan(800)
    expect(() => {
      for (let n = 0; n < 1000; n++) journal.append(recordOf(n, { payload }))
    }).toThrow('ready()')
  })

  test('is followed by a reader that keeps asking for more', async () => {
    const dataDir = dataFolder()
    await using journal = await open(dataDir, { segmentBytesMax: 20_000 })
    using reader = openLogReader({ dataDir, name, durablePos: () => journal.durablePos })
    let checkpoint = 0
    for (let round = 0; round < 40; round++) {
      for (let n = 0; n < 25; n++) journal.append(recordOf(round * 25 + n))
      await journal.flush()
      let seen = checkpoint
      for (const block of reader.blocks(checkpoint)) {
        seen = block.checkpoint
        expect(block.end).toBeGreaterThan(block.start)
      }
      expect(seen).toBe(journal.durablePos)
      checkpoint = seen
    }
    expect(journalFiles(dataDir).length).toBeGreaterThan(3)
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 1000))
  })

  test('finds any record by position, in segments of any length', async () => {
    const dataDir = dataFolder()
    {
      await using journal = await open(dataDir, { segmentBytesMax: 2_500_000 })
      for (let n = 0; n < 40_000; n++) journal.append(recordOf(n))
    }
    using reader = openLogReader({ dataDir, name })
    for (let n = 0; n < 40_000; n += 1777) {
      const record = reader.record(n)
      expect([record?.pos, record && payloadOf(record)]).toEqual([n, recordOf(n).payload])
    }
    expect(reader.record(40_000)).toBe(null)
    expect(journalFiles(dataDir).length).toBe(4)
  })

  test('starts a segment when a later hour of receipt begins', async () => {
    const dataDir = dataFolder()
    {
      await using journal = await open(dataDir)
      for (let n = 0; n < 10; n++) {
        journal.append(recordOf(n, { receivedTimeUs: START_US + Math.floor(n / 4) * HOUR_US }))
      }
      // The clock stepped back: not worth a segment of its own.
      journal.append(recordOf(10, { receivedTimeUs: START_US }))
    }
    expect(journalFiles(dataDir)).toEqual([
      '0000000000000000-2026-01-31T07.jsonl',
      '0000000000000004-2026-01-31T08.jsonl',
      '0000000000000008-2026-01-31T09.jsonl',
    ])
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 11))
  })

  test('has one writer at a time', async () => {
    const dataDir = dataFolder()
    await using _first = await open(dataDir)
    await expect(open(dataDir)).rejects.toMatchObject({ code: 'ASSAY_LOCKED' })
  })

  test('is read by another process through its head file', async () => {
    const dataDir = dataFolder()
    await using journal = await open(dataDir)
    for (let n = 0; n < 500; n++) journal.append(recordOf(n))
    await journal.flush()
    journal.append(recordOf(500))
    const script = fileURLToPath(new URL('./reader-child.ts', import.meta.url))
    const answer = JSON.parse(
      execFileSync(process.execPath, [script, dataDir, name], { encoding: 'utf8' }),
    )
    expect(answer).toEqual({ count: 500, checkpoint: 500 })
  })

  test('is whole to a reader though its head file is lost or behind', async () => {
    const dataDir = dataFolder()
    {
      await using journal = await open(dataDir)
      for (let n = 0; n < 300; n++) journal.append(recordOf(n))
    }
    const head = join(dataDir, 'log', name, 'head')
    rmSync(head)
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 300))
    writeFileSync(
      head,
      '{"durablePos":9000000,"segment":"x","offset":1,"timeUs":1,"crc32":"00000000"}',
    )
    expect(readLog({ dataDir, name })).toEqual(readsOf(0, 300))
    await using journal = await open(dataDir)
    expect(journal.nextPos).toBe(300)
  })

  test('that can no longer be written says so and acknowledges nothing more', async () => {
    const dataDir = dataFolder()
    await using journal = await open(dataDir)
    rmSync(join(dataDir, 'log', name, 'journal'), { recursive: true })
    journal.append(recordOf(0))
    await expect(journal.flush()).rejects.toMatchObject({ code: 'ASSAY_LOG_FSYNC' })
    await expect(journal.failed).rejects.toMatchObject({ code: 'ASSAY_LOG_FSYNC' })
    await expect(journal.ready()).rejects.toMatchObject({ code: 'ASSAY_LOG_FSYNC' })
    expect(() => journal.append(recordOf(1))).toThrow('cannot be written')
    expect(journal.durablePos).toBe(0)
  })

  test('never gives a position twice, though its journal was deleted', async () => {
    const dataDir = dataFolder()
    {
      await using journal = await open(dataDir)
      for (let n = 0; n < 10; n++) journal.append(recordOf(n))
    }
    rmSync(join(dataDir, 'log', name, 'journal'), { recursive: true })
    {
      await using journal = await open(dataDir)
      expect(journal.append(recordOf(10))).toBe(10)
    }
    expect(byPos(readLog({ dataDir, name }))).toEqual(readsOf(10, 11))
  })
})
