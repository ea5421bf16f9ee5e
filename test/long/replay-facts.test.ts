import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openJournal } from '../../src/bronze/index.ts'
import { replayCapture } from '../../src/collect/replay.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import { listHoles } from '../../src/silver/holes.ts'
import { findVenue } from '../../src/venues/index.ts'
import type { Venue } from '../../src/venues/venue.ts'
import type { WarehouseProof } from '../../src/warehouse/index.ts'
import { DATA } from '../playback/folders.ts'
import {
  copyLogs,
  disturb,
  judgeAtEnd,
  openRefinery,
  rebuild,
  START_US,
  tempFolder,
} from '../playback/support.ts'

const EXCHANGE = join(DATA, 'wire/coinbase_exchange_ws_20210417.jsonl.gz')
const ADVANCED = join(DATA, 'wire/coinbase_advanced_ws_20260809.jsonl.gz')

async function replay(dataDir: string, path: string): ReturnType<typeof replayCapture> {
  // Later than either recording: nothing in them lies ahead of its receipt.
  const clock = createManualClock(START_US)
  await using journal = await openJournal({ dataDir, name: 'replay', clock, commitWindowMs: 0 })
  const venue = findVenue('coinbase') as Venue
  return await replayCapture({ path, venue, journal, clock, version: '0.0.0' })
}

/** A rebuild folds books too, which a refiner leaves to a reader of their own. */
function butBooks({ tables }: WarehouseProof) {
  const { silver_book_seconds: _, silver_book_breaks: __, ...others } = tables
  return others
}

describe.skipIf(!existsSync(EXCHANGE)).each([
  {
    name: 'Exchange',
    path: EXCHANGE,
    frames: 9946,
    accepted: 107,
    duplicates: 0,
    runs: 10,
    leftEdges: 2,
    minutes: ['2021-04-17T16:43', '2021-04-17T16:44'],
  },
  {
    name: 'Advanced Trade',
    path: ADVANCED,
    frames: 1030,
    accepted: 279,
    duplicates: 0,
    runs: 2,
    leftEdges: 0,
    minutes: ['2026-08-09T21:05', '2026-08-09T21:06'],
  },
])(
  'the $name capture, replayed',
  ({ path, frames, accepted, duplicates, runs, leftEdges, minutes }) => {
    test('gives every trade once, in unbroken runs, in the minutes it recorded', async () => {
      const dataDir = tempFolder()
      const replayed = await replay(dataDir, path)
      expect(replayed).toMatchObject({ frames, unreadable: 0, complete: true })
      await using refinery = await openRefinery(dataDir)
      await refinery.settle()
      expect(refinery.totals).toMatchObject({ accepted, duplicates, conflicts: 0, rejected: 0 })
      const { warehouse } = refinery
      // No id is missing. Only where a pair's first trade came after its subscription is it not
      // known whether the first minute held others before it.
      const holes = await warehouse.read((db) => listHoles(db))
      expect(holes.map((hole) => hole.cause)).toEqual(Array(leftEdges).fill('left_edge'))
      const coverage = await warehouse.read((db) =>
        db.selectFrom('silver_coverage').selectAll().execute(),
      )
      expect(coverage.length).toBe(runs)
      const held = coverage.reduce((sum, run) => sum + run.last_id - run.first_id + 1, 0)
      expect(held).toBe(accepted)
      const rows = await warehouse.read((db) =>
        db.selectFrom('silver_candles_1m').selectAll().execute(),
      )
      const traded = rows.reduce((sum, row) => sum + row.trade_count, 0)
      expect(traded).toBe(accepted)
      const scoped = rows.filter((row) => row.source === 'trades').map((row) => row.open_time_us)
      const seen = [...new Set(scoped)].sort((a, b) => a - b)
      expect(seen.map((us) => new Date(us / 1000).toISOString().slice(0, 16))).toEqual(minutes)
    })

    test('is the same facts replayed twice, shuffled, with one in ten sent twice', async () => {
      const dataDir = tempFolder()
      await replay(dataDir, path)
      await using refinery = await openRefinery(dataDir)
      const once = await refinery.settle()
      await replay(dataDir, path)
      expect(await refinery.settle()).toEqual(once)
      expect(refinery.totals).toMatchObject({ accepted, duplicates: duplicates + accepted })

      const random = createRandom(path.length)
      const disturbed = await copyLogs(dataDir, (records) => disturb(records, random))
      expect(await judgeAtEnd(disturbed)).toEqual(once)
      expect(butBooks(await rebuild(disturbed))).toEqual(butBooks(once))
      await using again = await openRefinery(disturbed)
      expect(butBooks(await again.settle())).toEqual(butBooks(once))
    })
  },
)
