import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  compactLog,
  type Damage,
  logStat,
  openJournal,
  openLogReader,
  type PruneOptions,
  pruneLog,
  readLogHorizon,
  sealLog,
  startSealer,
  verifyLog,
} from '../../../src/bronze/index.ts'
import { createManualClock } from '../../../src/core/clock.ts'
import { byPos, dataFolder, HOUR_US, readLog, readsOf, recordOf, START_US } from './support.ts'

const name = 'collect'
const HOURS = 4
const PER_HOUR = 60
const clock = createManualClock(START_US + (HOURS + 1) * HOUR_US)

/** Writes and seals `count` records from `from` on, sixty an hour, of two symbols. */
async function sealed(dataDir: string, from: number, count: number): Promise<void> {
  {
    await using journal = await openJournal({ dataDir, name, clock, commitWindowMs: 0 })
    for (let n = from; n < from + count; n += 1) {
      const receivedTimeUs = START_US + Math.floor((n / PER_HOUR) * HOUR_US)
      const symbol = n % 2 === 0 ? 'BTC-USD' : 'ETH-USD'
      journal.append(recordOf(n, { receivedTimeUs, symbol }))
    }
  }
  await sealLog({ dataDir, name, belowPos: from + count, clock })
}

const prune = (dataDir: string, more: Partial<PruneOptions> = {}) =>
  pruneLog({
    dataDir,
    name,
    beforeUs: START_US + 2 * HOUR_US,
    belowPos: HOURS * PER_HOUR,
    gaps: [],
    ...more,
  })

const archiveOf = (dataDir: string) => join(dataDir, 'log', name, 'archive')

function dataFiles(dataDir: string): string[] {
  const files = readdirSync(archiveOf(dataDir), { recursive: true, encoding: 'utf8' })
  return files.filter((file) => file.startsWith('dataset=') && file.endsWith('.zst')).sort()
}

describe('deleting the oldest hours of a log', () => {
  test('leaves the rest where it was, and everybody knows where it begins', async () => {
    const dataDir = dataFolder()
    await sealed(dataDir, 0, HOURS * PER_HOUR)
    const dry = await prune(dataDir, { dryRun: true })
    expect(dry).toMatchObject({ hours: 2, records: 120, horizonPos: 120, kept: null })
    expect(readLogHorizon(dataDir, name).pos).toBe(0)
    expect(await prune(dataDir)).toEqual(dry)
    expect(readLogHorizon(dataDir, name)).toMatchObject({ pos: 120, hours: 2, records: 120 })
    const damage: Damage[] = []
    const kept = readsOf(120, 240)
    expect(byPos(readLog({ dataDir, name, onDamage: (one) => damage.push(one) }))).toEqual(kept)
    expect(damage).toEqual([])
    using reader = openLogReader({ dataDir, name })
    expect(reader.record(119)).toBeNull()
    expect(reader.record(120)?.pos).toBe(120)
    const verified = await verifyLog({ dataDir, name })
    expect(verified).toMatchObject({
      records: 120,
      horizonPos: 120,
      positionsContiguous: true,
      damaged: [],
    })
    expect(logStat({ dataDir, name })).toMatchObject({ archivedHours: 2, horizonPos: 120 })
    expect(await prune(dataDir)).toMatchObject({ hours: 0, horizonPos: 120 })
  })

  test('goes on at the right position once nothing at all is left', async () => {
    const dataDir = dataFolder()
    await sealed(dataDir, 0, HOURS * PER_HOUR)
    expect(await prune(dataDir, { beforeUs: clock.nowUs() })).toMatchObject({ hours: HOURS })
    expect(dataFiles(dataDir)).toEqual([])
    rmSync(join(dataDir, 'log', name, 'head'), { force: true })
    await using journal = await openJournal({ dataDir, name, clock, commitWindowMs: 0 })
    expect(journal.nextPos).toBe(HOURS * PER_HOUR)
  })

  test('stops at what was not read, what is missing and what does not read back', async () => {
    const dataDir = dataFolder()
    await sealed(dataDir, 0, HOURS * PER_HOUR)
    const unread = await prune(dataDir, { belowPos: 119, dryRun: true })
    expect(unread).toMatchObject({ hours: 1, kept: { hour: '2026-01-31T08', why: 'unread' } })
    const gap = { venue: 'coinbase', symbol: 'ETH-USD', fromUs: START_US + HOUR_US / 2 }
    expect(await prune(dataDir, { gaps: [gap] })).toMatchObject({ hours: 0, kept: { why: 'gap' } })
    const other = { ...gap, symbol: 'DOGE-USD' }
    expect(await prune(dataDir, { gaps: [other], dryRun: true })).toMatchObject({ hours: 2 })
    const [first] = dataFiles(dataDir) as [string]
    writeFileSync(join(archiveOf(dataDir), first), 'rot')
    expect(await prune(dataDir)).toMatchObject({ hours: 0, kept: { why: 'damaged' } })
  })

  test('killed after it wrote where the log begins, is completed by the next run', async () => {
    const dataDir = dataFolder()
    await sealed(dataDir, 0, HOURS * PER_HOUR)
    const files = dataFiles(dataDir)
    const { pos: _pos, ...horizon } = readLogHorizon(dataDir, name)
    const path = join(dataDir, 'log', name, 'horizon')
    writeFileSync(path, JSON.stringify({ ...horizon, pos: 120 }))
    expect(dataFiles(dataDir)).toEqual(files)
    expect(byPos(readLog({ dataDir, name }))).toEqual(readsOf(120, 240))
    expect(await verifyLog({ dataDir, name })).toMatchObject({ positionsContiguous: true })
    await prune(dataDir)
    expect(dataFiles(dataDir).length).toBe(files.length / 2)
  })
})

describe('compacting an archive', () => {
  test('joins the parts of an hour; every record stays where it was', async () => {
    const dataDir = dataFolder()
    for (let from = 0; from < 120; from += 20) await sealed(dataDir, from, 20)
    const before = dataFiles(dataDir)
    expect(logStat({ dataDir, name }).archivedHours).toBe(6)
    using reader = openLogReader({ dataDir, name })
    expect(reader.record(1)?.pos).toBe(1)
    const report = await compactLog({ dataDir, name, beforeUs: clock.nowUs(), clock })
    expect(report).toMatchObject({ hours: 2, joined: 4, files: { before: 12, after: 4 } })
    expect(report.bytes.after).toBeLessThan(report.bytes.before)
    expect(dataFiles(dataDir)).toHaveLength(4)
    expect(logStat({ dataDir, name }).archivedHours).toBe(2)
    expect(byPos(readLog({ dataDir, name }))).toEqual(readsOf(0, 120))
    expect(byPos(readLog({ dataDir, name }, 45))).toEqual(readsOf(45, 120))
    expect(await verifyLog({ dataDir, name })).toMatchObject({
      records: 120,
      positionsContiguous: true,
      damaged: [],
    })
    // Whoever had listed the old parts goes on with the new ones, or with the old files.
    for (const pos of [1, 30, 119]) expect(reader.record(pos)?.pos).toBe(pos)
    expect(await compactLog({ dataDir, name, beforeUs: clock.nowUs(), clock })).toMatchObject({
      hours: 0,
    })
    expect(before.every((file) => existsSync(join(archiveOf(dataDir), 'replaced', file)))).toBe(
      true,
    )
    const later = createManualClock(clock.nowUs() + 2 * HOUR_US)
    await compactLog({ dataDir, name, beforeUs: clock.nowUs(), clock: later })
    expect(existsSync(join(archiveOf(dataDir), 'replaced'))).toBe(false)
    expect(byPos(readLog({ dataDir, name }))).toEqual(readsOf(0, 120))
  })

  test('leaves an hour that does not read back as it is', async () => {
    const dataDir = dataFolder()
    await sealed(dataDir, 0, 120)
    const [first] = dataFiles(dataDir) as [string]
    writeFileSync(join(archiveOf(dataDir), first), 'rot')
    const report = await compactLog({ dataDir, name, beforeUs: clock.nowUs(), clock })
    expect(report).toMatchObject({ hours: 0, damaged: ['2026-01-31T07'] })
    expect(dataFiles(dataDir)).toContain(first)
  })

  test('is done in the sealing thread too', async () => {
    const dataDir = dataFolder()
    for (const from of [0, 30]) await sealed(dataDir, from, 30)
    await using sealer = startSealer()
    const report = await sealer.compact({ dataDir, name, beforeUs: clock.nowUs() })
    expect(report).toMatchObject({ hours: 1, joined: 1, complete: true })
  })
})
