import { systemClock } from '../../src/core/clock.ts'
import { followCandles } from '../../src/gold/candles.ts'
import { rebuildSilver } from '../../src/silver/rebuild.ts'
import { createGeneration } from '../../src/warehouse/index.ts'
import { GRACE_US, urlOf } from './folders.ts'

/**
 * Rebuilds the warehouse of a data folder up to a stage, says so, and stays there: until it is
 * killed, as the suite means to.
 */
const [, , stage = '', dataDir = ''] = process.argv

function stay(): void {
  process.stdout.write('here\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
}

const generation = await createGeneration({ url: urlOf(dataDir), clock: systemClock })
let batches = 0
await rebuildSilver({
  dataDir,
  warehouse: generation,
  graceUs: GRACE_US,
  onProgress() {
    batches += 1
    if (stage === 'filling' && batches === 2) stay()
  },
})
await followCandles(generation)
if (stage === 'filled') stay()
