import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  catLog,
  type Damage,
  logStat,
  openJournal,
  openLogReader,
  sealLog,
  startSealer,
  verifyLog,
} from '../../../src/bronze/index.ts'
import { createManualClock } from '../../../src/core/clock.ts'
import { createRandom } from '../../../src/core/random.ts'
import {
  byPos,
  dataFolder,
  HOUR_US,
  payloadOf,
  type Read,
  readLog,
  recordOf,
  START_US,
} from './support.ts'

const name = 'collect'
const SYMBOLS = ['BTC-USD', 'ETH-USD', '../../etc', null, 'DOGE-USD', '']

/** Writes `count` records of shuffled symbols over three hours; returns the log as it reads. */
async function writeHours(dataDir: string, count: number): Promise<Read[]> {
  const random = createRandom('bronze seal')
  const clock = createManualClock(START_US)
  await using journal = await openJournal({ dataDir, name, clock, segmentBytesMax: 300_000 })
  for (let n = 0; n < count; n++) {
    const symbol = random.pick(SYMBOLS)
    const receivedTimeUs = START_US + Math.floor((n / count) * 3 * HOUR_US)
    const channel = symbol === null ? 'heartbeat' : 'matches'
    const payload = n % 17 === 0 ? Buffer.from([n & 0xff, 0xff]) : recordOf(n).payload
    journal.append(recordOf(n, { symbol, channel, receivedTimeUs, payload }))
    if (n % 500 === 0) await journal.flush()
  }
  await journal.flush()
  return readLog({ dataDir, name })
}

/** A clock at `hours` hours and a half after the log's start. */
function clockAt(hours: number) {
  return createManualClock(START_US + hours * HOUR_US + HOUR_US / 2)
}

function journalFiles(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'log', name, 'journal'))
}

function archivedFiles(dataDir: string): string[] {
  const archive = join(dataDir, 'log', name, 'archive')
  const all = readdirSync(archive, { recursive: true, encoding: 'utf8' })
  return all.filter((path) => path.endsWith('.zst')).map((path) => join(archive, path))
}

describe('sealing a log', () => {
  test('leaves every record where it was, to any reader', async () => {
    const dataDir = dataFolder()
    const written = await writeHours(dataDir, 6000)
    const report = await sealLog({ dataDir, name, belowPos: 6000, clock: clockAt(3) })
    expect(report).toMatchObject({ hours: 3, records: 6000, damaged: [], complete: true })
    expect(journalFiles(dataDir)).toEqual([])
    expect(byPos(readLog({ dataDir, name }))).toEqual(written)
    expect(byPos(readLog({ dataDir, name }, 3456))).toEqual(written.slice(3456))
    using reader = openLogReader({ dataDir, name })
    expect(reader.durablePos).toBe(6000)
    for (let pos = 0; pos < 6000; pos += 311) {
      const record = reader.record(pos)
      const payload = record && payloadOf(record).toString('latin1')
      expect({ pos: record?.pos, frame: record?.frame, payload }).toEqual(written[pos])
    }
    const verified = await verifyLog({ dataDir, name })
    expect(verified).toMatchObject({
      records: 6000,
      damaged: [],
      positionsContiguous: true,
      endPos: 6000,
    })
    expect(logStat({ dataDir, name })).toMatchObject({
      durablePos: 6000,
      segments: 0,
      archivedHours: 3,
      firstHour: '2026-01-31T07',
      lastHour: '2026-01-31T09',
    })
  })

  test('puts a file for each symbol below its hour, and none outside', async () => {
    const dataDir = dataFolder()
    await writeHours(dataDir, 600)
    await sealLog({ dataDir, name, belowPos: 600, clock: clockAt(3) })
    const folders = archivedFiles(dataDir).map(
      (path) => path.split('/archive/')[1]?.split('/part-')[0],
    )
    expect(folders.length).toBe(18)
    expect(folders).toContain(
      'dataset=matches/exchange=coinbase/symbol=..%2F..%2Fetc/year=2026/month=01/day=31/hour=08',
    )
    expect(folders).toContain(
      'dataset=heartbeat/exchange=coinbase/symbol=_none/year=2026/month=01/day=31/hour=09',
    )
  })

  test('keeps the hour that is not over, and what a reader has not passed', async () => {
    const dataDir = dataFolder()
    const written = await writeHours(dataDir, 3000)
    expect(await sealLog({ dataDir, name, belowPos: 3000, clock: clockAt(0) })).toMatchObject({
      hours: 0,
    })
    expect(await sealLog({ dataDir, name, belowPos: 999, clock: clockAt(3) })).toMatchObject({
      hours: 0,
    })
    expect(await sealLog({ dataDir, name, belowPos: 1000, clock: clockAt(3) })).toMatchObject({
      hours: 1,
    })
    expect(await sealLog({ dataDir, name, belowPos: 3000, clock: clockAt(2) })).toMatchObject({
      hours: 1,
    })
    expect(byPos(readLog({ dataDir, name }))).toEqual(written)
    expect(byPos(readLog({ dataDir, name }, 500))).toEqual(written.slice(500))
    const checkpoints: number[] = []
    using reader = openLogReader({ dataDir, name })
    for (const { checkpoint } of reader.blocks(500)) checkpoints.push(checkpoint)
    // An archived hour counts once its last block is consumed.
    expect(new Set(checkpoints.slice(0, -1))).toEqual(new Set([500, 1000, 2000]))
    expect(checkpoints.at(-1)).toBe(3000)
  })

  test('leaves alone the segment that is being written, and the log goes on', async () => {
    const dataDir = dataFolder()
    await writeHours(dataDir, 3000)
    {
      await using journal = await openJournal({ dataDir, name, clock: clockAt(3) })
      await sealLog({ dataDir, name, belowPos: 3000, clock: clockAt(5) })
      expect(journalFiles(dataDir).length).toBeGreaterThan(0)
      expect(journal.append(recordOf(3000, { receivedTimeUs: START_US + 3 * HOUR_US }))).toBe(3000)
    }
    expect(byPos(readLog({ dataDir, name })).map((read) => read.pos)).toEqual(
      Array.from({ length: 3001 }, (_, pos) => pos),
    )
    await sealLog({ dataDir, name, belowPos: 3001, clock: clockAt(5) })
    await using journal = await openJournal({ dataDir, name, clock: clockAt(6) })
    expect([journal.nextPos, journalFiles(dataDir)]).toEqual([3001, []])
  })

  test('goes on under a reader that is in the middle of what is sealed', async () => {
    const dataDir = dataFolder()
    const written = await writeHours(dataDir, 20_000)
    using reader = openLogReader({ dataDir, name })
    let pos = 0
    let blocks = 0
    const seen = new Set<number>()
    while (pos < 20_000) {
      for (const block of reader.blocks(pos)) {
        for (const line of linesOf(block)) seen.add((JSON.parse(line) as { pos: number }).pos)
        pos = block.checkpoint
        if (++blocks === 2) break
      }
      if (blocks === 2) await sealLog({ dataDir, name, belowPos: 20_000, clock: clockAt(3) })
    }
    expect(seen.size).toBe(written.length)
  })

  test('keeps what was damaged, and says where it was', async () => {
    const dataDir = dataFolder()
    await writeHours(dataDir, 3000)
    const first = join(dataDir, 'log', name, 'journal', journalFiles(dataDir)[0] as string)
    const bytes = readFileSync(first)
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] as number) ^ 0xff
    writeFileSync(first, bytes)
    const whole = readLog({ dataDir, name })
    expect(whole.length).toBeLessThan(3000)
    const report = await sealLog({ dataDir, name, belowPos: 3000, clock: clockAt(3) })
    expect(report.damaged.length).toBe(1)
    const [damage] = report.damaged as [Damage]
    expect(damage.toPos - damage.fromPos).toBe(3000 - whole.length)
    const kept = readFileSync(damage.where)
    expect(bytes.includes(kept) && kept.includes(bytes.subarray(at, at + 8))).toBe(true)
    expect(byPos(readLog({ dataDir, name }))).toEqual(whole)
    expect((await verifyLog({ dataDir, name })).damaged).toMatchObject([damage])
  })

  test('makes a rotten frame cost that frame, and a lost file that file', async () => {
    const dataDir = dataFolder()
    await writeHours(dataDir, 3000)
    await sealLog({ dataDir, name, belowPos: 3000, clock: clockAt(3) })
    const [file] = archivedFiles(dataDir) as [string]
    const sound = readFileSync(file)
    for (let at = 0; at < sound.length; at += Math.ceil(sound.length / 23)) {
      const rotten = Buffer.from(sound)
      rotten[at] = (rotten[at] as number) ^ 0x10
      writeFileSync(file, rotten)
      const damage: Damage[] = []
      const left = readLog({ dataDir, name, onDamage: (found) => damage.push(found) })
      expect(left.length).toBeLessThan(3000)
      expect(damage).toMatchObject([{ where: `${file}:0` }])
      const report = await verifyLog({ dataDir, name })
      expect(report).toMatchObject({ records: left.length, damaged: damage })
    }
    writeFileSync(file, sound.subarray(0, 10))
    expect((await verifyLog({ dataDir, name })).damaged.length).toBe(1)
  })

  test('stops when told to, and does the rest the next time', async () => {
    const dataDir = dataFolder()
    const written = await writeHours(dataDir, 6000)
    const stopping = new AbortController()
    const options = { dataDir, name, belowPos: 6000, clock: clockAt(3) }
    const onProgress = ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }) => {
      if (doneBytes > totalBytes / 2) stopping.abort()
    }
    const report = await sealLog({ ...options, signal: stopping.signal, onProgress })
    expect(report).toMatchObject({ hours: 1, complete: false })
    expect(byPos(readLog({ dataDir, name }))).toEqual(written)
    expect(await sealLog(options)).toMatchObject({ hours: 2, complete: true })
    expect(byPos(readLog({ dataDir, name }))).toEqual(written)
  })

  test('runs in a thread of its own', async () => {
    const dataDir = dataFolder()
    const written = await writeHours(dataDir, 3000)
    {
      await using sealer = startSealer()
      // By the real clock, that day is long over.
      const report = await sealer.seal({ dataDir, name, belowPos: 3000 })
      expect(report).toMatchObject({ hours: 3, records: 3000 })
      const again = await Promise.all(
        [1, 2].map(() => sealer.seal({ dataDir, name, belowPos: 3000 })),
      )
      expect(again).toMatchObject([{ hours: 0 }, { hours: 0 }])
    }
    expect(byPos(readLog({ dataDir, name }))).toEqual(written)
  })
})

test('a log can be listed line by line, filtered', async () => {
  const dataDir = dataFolder()
  await writeHours(dataDir, 3000)
  const count = (filter: object) => [...catLog({ dataDir, name, ...filter })].length
  const before = [
    count({}),
    count({ symbol: 'ETH-USD' }),
    count({ channel: 'heartbeat', fromPos: 900, toPos: 1700 }),
  ]
  expect(before[0]).toBe(3000)
  expect(before[1]).toBeGreaterThan(300)
  await sealLog({ dataDir, name, belowPos: 2000, clock: clockAt(3) })
  expect(existsSync(join(dataDir, 'log', name, 'archive'))).toBe(true)
  expect([
    count({}),
    count({ symbol: 'ETH-USD' }),
    count({ channel: 'heartbeat', fromPos: 900, toPos: 1700 }),
  ]).toEqual(before)
})

function linesOf(block: { bytes: Buffer; start: number; end: number }): string[] {
  const lines = block.bytes.toString('utf8', block.start, block.end).split('\n')
  return lines.filter((line) => line.startsWith('{"pos"'))
}
