import { describe, expect, test } from 'vitest'
import {
  listLogs,
  logStat,
  openLogReader,
  pruneLog,
  readLogHorizon,
  sealLog,
  verifyLog,
} from '../../src/bronze/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import type { NewRecord } from '../../src/market/record.ts'
import type { WarehouseProof } from '../../src/warehouse/index.ts'
import { disturb, openRefinery, rebuild, START_US, tempFolder, writeLog } from './support.ts'
import { syntheticLogs } from './synthetic.ts'

const HOUR_US = 3_600_000_000
const HOURS = 4
const clock = createManualClock(START_US)
const SEEDS = Number(process.env.ASSAY_SEEDS ?? 1)

/** Lays a log's records over some hours of receipt, in the order given. */
function spread(records: readonly NewRecord[]): NewRecord[] {
  const each = Math.ceil(records.length / HOURS)
  return records.map((record, at) => {
    const receivedTimeUs = record.receivedTimeUs + Math.floor(at / each) * 2 * HOUR_US
    return { ...record, receivedTimeUs }
  })
}

/** Writes a history over some hours, refines it as it comes, and seals it. */
async function refined(
  seed: number,
  change: (records: readonly NewRecord[]) => readonly NewRecord[],
): Promise<{ dataDir: string; proof: WarehouseProof }> {
  const dataDir = tempFolder()
  await using refinery = await openRefinery(dataDir)
  for (const [name, records] of Object.entries(syntheticLogs(seed))) {
    const laid = spread(change(records))
    const half = laid.length >> 1
    await writeLog(dataDir, name, laid.slice(0, half))
    await refinery.settle()
    await writeLog(dataDir, name, laid.slice(half))
  }
  const proof = await refinery.settle()
  for (const name of listLogs(dataDir)) {
    using reader = openLogReader({ dataDir, name })
    await sealLog({ dataDir, name, belowPos: reader.durablePos, clock })
  }
  return { dataDir, proof }
}

/** Deletes the oldest hours of every log. */
async function pruneAll(dataDir: string, hours: number): Promise<number> {
  let records = 0
  for (const name of listLogs(dataDir)) {
    const first = logStat({ dataDir, name }).firstHour as string
    const beforeUs = Date.parse(`${first}:00:00Z`) * 1000 + hours * 2 * HOUR_US
    const belowPos = Number.MAX_SAFE_INTEGER
    records += (await pruneLog({ dataDir, name, beforeUs, belowPos, gaps: [] })).records
  }
  return records
}

describe('a rebuild after the oldest raw records are gone', () => {
  const seeds = Array.from({ length: SEEDS }, (_, seed) => seed + 1)

  test.each(seeds)('gives the same facts, whatever is left (seed %i)', async (seed) => {
    const random = createRandom(`carry ${seed}`)
    const isShuffled = seed % 2 === 0
    const change = (records: readonly NewRecord[]) =>
      isShuffled ? disturb(records, random) : records
    const { dataDir, proof } = await refined(seed, change)
    for (const hours of [2, HOURS]) {
      expect(await pruneAll(dataDir, hours)).toBeGreaterThan(0)
      expect(await rebuild(dataDir)).toEqual(proof)
    }
    for (const name of listLogs(dataDir)) {
      const { pos } = readLogHorizon(dataDir, name)
      expect(await verifyLog({ dataDir, name })).toMatchObject({
        horizonPos: pos,
        damaged: [],
        positionsContiguous: true,
      })
    }
  })
})
