import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import type { NewRecord } from '../../src/market/record.ts'
import type { WarehouseProof } from '../../src/warehouse/index.ts'
import {
  disturb,
  judgeAtEnd,
  openRefinery,
  rebuild,
  tempFolder,
  writeLog,
  writeLogBySteps,
} from './support.ts'
import { type SyntheticLogs, syntheticLogs } from './synthetic.ts'

const SEEDS = Number(process.env.ASSAY_SEEDS ?? 40)
const FIRST_SEED = Number(process.env.ASSAY_SEED ?? 1)

async function writeAll(logs: SyntheticLogs): Promise<string> {
  const dataDir = tempFolder()
  for (const [name, records] of Object.entries(logs)) await writeLog(dataDir, name, records)
  return dataDir
}

/** Refines in small steps, each of its own commit, forgetting everything now and then. */
async function refineBySteps(logs: SyntheticLogs, seed: string): Promise<WarehouseProof> {
  const random = createRandom(seed)
  const dataDir = tempFolder()
  const reached = new Map<string, number>()
  const left: { readonly name: string; readonly ends: number[] }[] = []
  for (const [name, records] of Object.entries(logs)) {
    const rest = [...records]
    const steps: NewRecord[][] = []
    while (rest.length > 0) steps.push(rest.splice(0, random.int(1, 25)))
    left.push({ name, ends: await writeLogBySteps(dataDir, name, steps) })
    reached.set(name, 0)
  }
  await using refinery = await openRefinery(dataDir, (log) => reached.get(log))
  while (left.some(({ ends }) => ends.length > 0)) {
    const { name, ends } = random.pick(left)
    reached.set(name, ends.shift() ?? (reached.get(name) as number))
    if (random.next() < 0.8) await refinery.refine()
    if (random.next() < 0.1) await refinery.settle()
    if (random.next() < 0.15) await refinery.restart()
  }
  return await refinery.settle()
}

function disturbAll(logs: SyntheticLogs, seed: string): SyntheticLogs {
  const random = createRandom(seed)
  return Object.fromEntries(
    Object.entries(logs).map(([name, records]) => [name, disturb(records, random)]),
  )
}

describe('facts are an order-free function of the records', () => {
  test.each(Array.from({ length: SEEDS }, (_, at) => FIRST_SEED + at))('seed %i', async (seed) => {
    const logs = syntheticLogs(seed)
    const expected = await judgeAtEnd(await writeAll(logs))
    expect(expected.rows, `seed ${seed}`).toBeGreaterThan(5)
    const say = (how: string) => `seed ${seed}: ${how}`
    expect(await refineBySteps(logs, `a${seed}`), say('by steps')).toEqual(expected)
    const disturbed = disturbAll(logs, `b${seed}`)
    expect(await judgeAtEnd(await writeAll(disturbed)), say('disturbed')).toEqual(expected)
    expect(await refineBySteps(disturbed, `c${seed}`), say('disturbed, by steps')).toEqual(expected)
    if (seed % 20 === 0) {
      expect(await rebuild(await writeAll(disturbed)), say('rebuilt')).toEqual(expected)
    }
  })
})
