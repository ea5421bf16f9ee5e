import { describe, expect, test } from 'vitest'
import { createRandom, type Random } from '../../src/core/random.ts'
import type { NewRecord } from '../../src/market/record.ts'
import type { WarehouseProof } from '../../src/warehouse/index.ts'
import {
  disturb,
  judgeAtEnd,
  openRefinery,
  rebuild,
  tempFolder,
  writeLogBySteps,
} from './support.ts'
import { type SyntheticLogs, syntheticLogs } from './synthetic.ts'

// More seeds, or others, are a matter of asking: ASSAY_SEEDS=500 ASSAY_SEED=1000.
const SEEDS = Number(process.env.ASSAY_SEEDS ?? 3)
const FIRST_SEED = Number(process.env.ASSAY_SEED ?? 1)

/** Logs as written, and where each of their batches ends. */
interface Written {
  readonly dataDir: string
  readonly ends: Readonly<Record<string, readonly number[]>>
}

async function writeAll(logs: SyntheticLogs, random: Random): Promise<Written> {
  const dataDir = tempFolder()
  const ends: Record<string, readonly number[]> = {}
  for (const [name, records] of Object.entries(logs)) {
    const rest = [...records]
    const steps: NewRecord[][] = []
    while (rest.length > 0) steps.push(rest.splice(0, random.int(1, 25)))
    ends[name] = await writeLogBySteps(dataDir, name, steps)
  }
  return { dataDir, ends }
}

/** Refines in small steps, each of its own commit, forgetting everything now and then. */
async function refineBySteps(written: Written, random: Random): Promise<WarehouseProof> {
  const { dataDir } = written
  const left = Object.entries(written.ends).map(([name, ends]) => ({ name, ends: [...ends] }))
  const reached = new Map(left.map(({ name }) => [name, 0]))
  await using refinery = await openRefinery(dataDir, (log) => reached.get(log))
  for (;;) {
    const more = left.filter(({ ends }) => ends.length > 0)
    if (more.length === 0) return await refinery.settle()
    const { name, ends } = random.pick(more)
    reached.set(name, ends.shift() as number)
    if (random.next() < 0.8) await refinery.refine()
    if (random.next() < 0.1) await refinery.settle()
    if (random.next() < 0.15) await refinery.restart()
  }
}

function disturbAll(logs: SyntheticLogs, random: Random): SyntheticLogs {
  const disturbed = Object.entries(logs).map(([name, records]) => [name, disturb(records, random)])
  return Object.fromEntries(disturbed) as SyntheticLogs
}

describe('facts are an order-free function of the set of records', () => {
  const seeds = Array.from({ length: SEEDS }, (_, at) => FIRST_SEED + at)
  test.each(seeds)('seed %i: in steps, at once, permuted and sent twice', async (seed) => {
    const random = createRandom(`order ${seed}`)
    const logs = syntheticLogs(seed)
    const written = await writeAll(logs, random)
    const expected = await judgeAtEnd(written.dataDir)
    expect(expected.tables.silver_trades?.rows).toBeGreaterThan(0)
    const say = (how: string) => `seed ${seed}: ${how}`
    expect(await refineBySteps(written, random), say('in steps')).toEqual(expected)

    const disturbed = await writeAll(disturbAll(logs, random), random)
    expect(await judgeAtEnd(disturbed.dataDir), say('disturbed')).toEqual(expected)
    expect(await refineBySteps(disturbed, random), say('disturbed, in steps')).toEqual(expected)
    // The same through the rebuild's own thread: it costs more, so not every time.
    if (seed % 8 === 0) {
      expect(await rebuild(disturbed.dataDir), say('rebuilt')).toEqual(expected)
    }
  })
})
