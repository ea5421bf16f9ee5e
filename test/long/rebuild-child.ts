import { systemClock } from '../../src/core/clock.ts'
import { followCandles } from '../../src/gold/candles.ts'
import { decodeLogs, rebuildSilver } from '../../src/silver/rebuild.ts'
import { createGeneration } from '../../src/warehouse/index.ts'
import { GRACE_US, urlOf } from '../playback/folders.ts'

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
let merged = 0
await using batches = decodeLogs(dataDir)
await rebuildSilver({
  batches,
  warehouse: generation,
  graceUs: GRACE_US,
  onProgress() {
    merged += 1
    if (stage === 'filling' && merged === 2) stay()
  },
})
await followCandles(generation)
if (stage === 'filled') stay()
