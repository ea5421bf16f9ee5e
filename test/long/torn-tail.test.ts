import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openJournal, type Recovery, verifyLog } from '../../src/bronze/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { dataFolder, type Read, readLog, recordOf, START_US } from '../contract/bronze/support.ts'

const name = 'collect'
const clock = createManualClock(START_US)
const JOURNAL = join('log', name, 'journal')
const SEGMENT = join(JOURNAL, '0000000000000000-2026-01-31T07.jsonl')
const HEAD = join('log', name, 'head')

/** Records before the last batch, and with it. */
const EARLIER = 3
const ALL = 4

/** A log of three batches, as its two files hold it. */
interface Sound {
  readonly segment: Buffer
  readonly head: Buffer
  /** Where the last batch begins. */
  readonly lastBatch: number
}

async function writeSound(): Promise<Sound> {
  const dataDir = dataFolder()
  await using journal = await openJournal({ dataDir, name, clock })
  let lastBatch = 0
  for (const to of [1, EARLIER, ALL]) {
    lastBatch = journal.nextPos === 0 ? 0 : statSync(join(dataDir, SEGMENT)).size
    while (journal.nextPos < to) journal.append(shortRecord(journal.nextPos))
    await journal.flush()
  }
  const [segment, head] = [readFileSync(join(dataDir, SEGMENT)), readFileSync(join(dataDir, HEAD))]
  return { segment, head, lastBatch }
}

function shortRecord(n: number) {
  return recordOf(n, { payload: Buffer.from(`[${n}]`) })
}

function isAsWritten(read: Read): boolean {
  return read.payload === `[${read.pos}]` && read.frame === read.pos
}

interface Outcome {
  readonly before: Read[]
  readonly after: Read[]
  /** Where the next writer's first record went. */
  readonly pos: number
  readonly recovery: Recovery
}

/** Reads a hurt log, goes on writing it, and reads it again. */
async function goOn(dataDir: string, segment: Buffer, head: Buffer | null): Promise<Outcome> {
  rmSync(join(dataDir, 'log'), { recursive: true, force: true })
  mkdirSync(join(dataDir, JOURNAL), { recursive: true })
  writeFileSync(join(dataDir, SEGMENT), segment)
  if (head !== null) writeFileSync(join(dataDir, HEAD), head)
  const before = readLog({ dataDir, name })
  let [pos, recovery] = [-1, {} as Recovery]
  {
    await using journal = await openJournal({ dataDir, name, clock })
    recovery = journal.recovery
    pos = journal.nextPos
    journal.append(shortRecord(pos))
  }
  return { before, after: readLog({ dataDir, name }), pos, recovery }
}

function expectSafe(outcome: Outcome, what: string): void {
  const { before, after, pos } = outcome
  expect(before.every(isAsWritten) && after.every(isAsWritten), what).toBe(true)
  const kept = (reads: Read[]) => reads.filter((read) => read.pos < EARLIER).length
  expect([kept(before), kept(after)], what).toEqual([EARLIER, EARLIER])
  expect(after.at(-1)?.pos, what).toBe(pos)
}

test('a journal cut anywhere in its last batch loses nothing before it', async () => {
  const sound = await writeSound()
  const dataDir = dataFolder()
  for (let length = sound.lastBatch; length < sound.segment.length; length++) {
    const torn = sound.segment.subarray(0, length)
    // Without a head file nothing says that the batch was ever acknowledged.
    const unknown = await goOn(dataDir, torn, null)
    expectSafe(unknown, `cut at ${length}`)
    expect(unknown.pos).toBe(EARLIER)
    expect(unknown.recovery).toEqual({ cutBytes: length - sound.lastBatch, lost: null })
    // With one, its positions were given away for good.
    const acknowledged = await goOn(dataDir, torn, sound.head)
    expectSafe(acknowledged, `cut at ${length}, acknowledged`)
    expect(acknowledged.pos).toBe(ALL)
    expect(acknowledged.recovery).toEqual({ cutBytes: 0, lost: { fromPos: EARLIER, toPos: ALL } })
    const report = await verifyLog({ dataDir, name })
    expect(report.damaged).toMatchObject([{ fromPos: EARLIER, toPos: ALL }])
  }
})

test('a journal with any byte of its last batch changed loses nothing before it', async () => {
  const sound = await writeSound()
  const dataDir = dataFolder()
  for (let at = sound.lastBatch; at < sound.segment.length; at++) {
    for (const [flip, head] of [
      [0x01, null],
      [0x20, sound.head],
    ] as const) {
      const rotten = Buffer.from(sound.segment)
      rotten[at] = (rotten[at] as number) ^ flip
      const outcome = await goOn(dataDir, rotten, head)
      expectSafe(outcome, `byte ${at} ^ ${flip}`)
      expect(outcome.before.length).toBe(EARLIER)
      // A position that was acknowledged is not given twice.
      if (head !== null) expect(outcome.pos).toBe(ALL)
    }
  }
})

test('a batch that rots in the middle is a hole by position, and the rest stands', async () => {
  const sound = await writeSound()
  const dataDir = dataFolder()
  for (let at = 0; at < sound.lastBatch; at++) {
    const rotten = Buffer.from(sound.segment)
    rotten[at] = (rotten[at] as number) ^ 0x04
    const { before, after, pos, recovery } = await goOn(dataDir, rotten, sound.head)
    const what = `byte ${at}`
    expect(before.every(isAsWritten) && after.every(isAsWritten), what).toBe(true)
    // One batch of three is lost: the first, of one record, or the second, of two.
    const isFirst = before[0]?.pos !== 0
    const [kept, hole] = isFirst
      ? [[1, 2, 3], { fromPos: 0, toPos: 1 }]
      : [[0, 3], { fromPos: 1, toPos: 3 }]
    expect(
      before.map((read) => read.pos),
      what,
    ).toEqual(kept)
    expect([pos, recovery], what).toEqual([ALL, { cutBytes: 0, lost: null }])
    const report = await verifyLog({ dataDir, name })
    const records = kept.length + 1
    expect(report, what).toMatchObject({ records, damaged: [hole], positionsContiguous: false })
  }
})

test('a stretch of zeros longer than any read is one hole, and both sides stand', async () => {
  const dataDir = dataFolder()
  const payload = Buffer.alloc(1000, 0x20)
  {
    await using journal = await openJournal({ dataDir, name, clock })
    for (let n = 0; n < 6000; n++) journal.append(recordOf(n, { payload }))
  }
  const path = join(dataDir, SEGMENT)
  const bytes = readFileSync(path)
  bytes.fill(0, 1_500_000, 4_500_000)
  writeFileSync(path, bytes)
  const found = readLog({ dataDir, name })
  const report = await verifyLog({ dataDir, name })
  expect(report).toMatchObject({ records: found.length, endPos: 6000 })
  expect(report.damaged.length).toBe(1)
  const hole = report.damaged[0] ?? { fromPos: 0, toPos: 0 }
  expect(found.length).toBe(6000 - (hole.toPos - hole.fromPos))
  expect(found.every(({ pos }) => pos < hole.fromPos || pos >= hole.toPos)).toBe(true)
  // No more is lost than the batches at either end.
  expect(hole.toPos - hole.fromPos).toBeLessThan(2800)
})
