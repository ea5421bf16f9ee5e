import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createManualClock } from '../../core/clock.ts'
import { forEachRecord } from '../codec/read-record.ts'
import { openJournal } from '../journal/open-journal.ts'
import { listSegments, logPaths } from '../layout.ts'
import { openLogReader } from '../reader.ts'
import { verifyLog } from '../verify.ts'
import { sealLog } from './seal.ts'
import { finishStage, publishStage, verifyStage } from './stage.ts'
import { takeApart } from './take-apart.ts'

const name = 'collect'
const COUNT = 500
const START_US = Date.UTC(2026, 0, 31, 7) * 1000
const later = createManualClock(START_US + 2 * 3_600_000_000)
let dataDir = ''

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'assay-stage-'))
  await using journal = await openJournal({ dataDir, name, clock: createManualClock(START_US) })
  for (let n = 0; n < COUNT; n++) {
    const symbol = n % 2 === 0 ? 'BTC-USD' : 'ETH-USD'
    const payload = Buffer.from(`{"trade_id":${n}}`)
    const facts = { dialect: 'coinbase/exchange', channel: 'matches', origin: 'ws' as const }
    journal.append({
      ...facts,
      symbol,
      receivedTimeUs: START_US + n,
      conn: 'c',
      frame: n,
      request: null,
      payload,
    })
  }
})

afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

function readAll(): number[] {
  using reader = openLogReader({ dataDir, name })
  const found: number[] = []
  for (const block of reader.blocks(0)) forEachRecord(block, ({ pos }) => found.push(pos))
  return found.sort((a, b) => a - b)
}

/** Takes the log apart into a stage, as sealing does first. */
async function stageAll() {
  const paths = logPaths(dataDir, name)
  const stage = join(paths.staging, '2026-01-31T07-0000000000000000')
  mkdirSync(stage, { recursive: true })
  const group = { hour: '2026-01-31T07', segments: listSegments(paths), fromPos: 0, endPos: COUNT }
  const manifest = await takeApart({ group, journal: paths.journal, stage, onBytes: () => {} })
  if (manifest === null) throw new Error('nothing aborted it')
  return { paths, stage, manifest }
}

describe('sealing that was killed', () => {
  // Each step leaves the log as a kill would have left it there.
  const kills: readonly [string, () => Promise<unknown>][] = [
    [
      'before it had read the hour',
      async () => mkdirSync(join(logPaths(dataDir, name).staging, 'x', 'y'), { recursive: true }),
    ],
    ['before the stage was finished', stageAll],
    [
      'before anything was moved',
      async () => {
        const { stage, manifest } = await stageAll()
        finishStage(stage, manifest)
      },
    ],
    [
      'between two moves',
      async () => {
        const { paths, stage, manifest } = await stageAll()
        finishStage(stage, manifest)
        const path = (manifest.files[0] as { path: string }).path
        mkdirSync(dirname(join(paths.archive, path)), { recursive: true })
        renameSync(join(stage, path), join(paths.archive, path))
      },
    ],
    [
      'before the journal was deleted',
      async () => {
        const { paths, stage, manifest } = await stageAll()
        finishStage(stage, manifest)
        cpSync(paths.journal, `${paths.journal}.kept`, { recursive: true })
        publishStage(paths, stage, manifest)
        cpSync(`${paths.journal}.kept`, paths.journal, { recursive: true })
        mkdirSync(stage, { recursive: true })
      },
    ],
  ]

  test.each(kills)(
    '%s: every record is read once, and the next run completes it',
    async (_, kill) => {
      await kill()
      const all = Array.from({ length: COUNT }, (_unused, pos) => pos)
      expect(readAll()).toEqual(all)
      await sealLog({ dataDir, name, belowPos: COUNT, clock: later })
      const paths = logPaths(dataDir, name)
      expect(readAll()).toEqual(all)
      expect([readdirSync(paths.journal), readdirSync(paths.staging)]).toEqual([[], []])
      const report = await verifyLog({ dataDir, name })
      expect(report).toMatchObject({
        records: COUNT,
        damaged: [],
        positionsContiguous: true,
        archivedFiles: 2,
      })
    },
  )
})

test('a stage that does not read back is never published', async () => {
  const { stage, manifest } = await stageAll()
  const file = manifest.files[0] as (typeof manifest.files)[number]
  const frames = [{ ...(file.frames[0] as (typeof file.frames)[number]), crc32: '00000000' }]
  const wrong = { ...manifest, files: [{ ...file, frames }, ...manifest.files.slice(1)] }
  expect(() => verifyStage(stage, wrong)).toThrow('does not read back')
  expect(() => verifyStage(stage, { ...manifest, records: 1 })).toThrow('does not add up')
  expect(existsSync(join(stage, file.path))).toBe(true)
})
