import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listLogs, openLogReader, sealLog } from '../../src/bronze/index.ts'
import { createManualClock } from '../../src/core/clock.ts'
import { createRandom } from '../../src/core/random.ts'
import { openWarehouse, proveWarehouse } from '../../src/warehouse/index.ts'
import { urlOf } from './folders.ts'
import { proofOf, refined } from './refined.ts'
import { copyLogs, disturb, openRefinery, rebuild, START_US, writeLog } from './support.ts'
import { syntheticLogs } from './synthetic.ts'

const clock = createManualClock(START_US)

/** Seals everything: each hour of receipt is long over by the tests' clock. */
async function sealAll(dataDir: string): Promise<number> {
  let records = 0
  for (const name of listLogs(dataDir)) {
    using reader = openLogReader({ dataDir, name })
    const report = await sealLog({ dataDir, name, belowPos: reader.durablePos, clock })
    records += report.records
  }
  return records
}

describe('a rebuild from the raw log', () => {
  test('gives the same facts once the warehouse is deleted, and again beside one', async () => {
    const { dataDir, proof } = await refined(7)
    rmSync(join(dataDir, 'warehouse'), { recursive: true })
    expect(await rebuild(dataDir)).toEqual(proof)
    expect(await rebuild(dataDir)).toEqual(proof)
    expect(await proofOf(dataDir)).toEqual(proof)
  })

  test('gives the same of permuted records, one in ten sent twice, sealed or not', async () => {
    const { dataDir, proof } = await refined(11)
    const random = createRandom('a rebuild')
    const disturbed = await copyLogs(dataDir, (records) => disturb(records, random))
    expect(await rebuild(disturbed)).toEqual(proof)
    for (const folder of [dataDir, disturbed]) {
      expect(await sealAll(folder)).toBeGreaterThan(50)
      expect(await rebuild(folder)).toEqual(proof)
    }
  })

  test('goes on being refined after the swap, from where the log was read to', async () => {
    const { dataDir, proof } = await refined(13)
    await rebuild(dataDir)
    await using refinery = await openRefinery(dataDir)
    expect(await refinery.refine()).toBe(0)
    expect(await refinery.settle()).toEqual(proof)
  })

  test('is seen by a reader that was open before the swap', async () => {
    const { dataDir } = await refined(17)
    await using reader = await openWarehouse({ url: urlOf(dataDir), mode: 'read', clock })
    const before = await proveWarehouse(reader)
    const { generation } = reader
    await writeLog(dataDir, 'replay', syntheticLogs(18).collect ?? [])
    const rebuilt = await rebuild(dataDir)
    const after = await proveWarehouse(reader)
    expect(reader.generation).not.toBe(generation)
    expect(after).toEqual(rebuilt)
    expect(after.rows).toBeGreaterThan(before.rows)
  })
})
