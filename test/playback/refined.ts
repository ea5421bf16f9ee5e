import { createManualClock } from '../../src/core/clock.ts'
import { openWarehouse, proveWarehouse, type WarehouseProof } from '../../src/warehouse/index.ts'
import { urlOf } from './folders.ts'
import { openRefinery, START_US, tempFolder, writeLog } from './support.ts'
import { syntheticLogs } from './synthetic.ts'

const clock = createManualClock(START_US)

/** Writes a history, refines it as a running pipeline would, and tells its facts. */
export async function refined(seed: number): Promise<{ dataDir: string; proof: WarehouseProof }> {
  const dataDir = tempFolder()
  await using refinery = await openRefinery(dataDir)
  for (const [name, records] of Object.entries(syntheticLogs(seed))) {
    const half = records.length >> 1
    await writeLog(dataDir, name, records.slice(0, half))
    await refinery.settle()
    await writeLog(dataDir, name, records.slice(half))
  }
  return { dataDir, proof: await refinery.settle() }
}

/** Tells the facts that stand in a data folder. */
export async function proofOf(dataDir: string): Promise<WarehouseProof> {
  await using warehouse = await openWarehouse({ url: urlOf(dataDir), mode: 'read', clock })
  return await proveWarehouse(warehouse)
}
