import { forEachRecord, openLogReader } from '../../../src/bronze/index.ts'

/** Reads a log as another process would, and tells how many records it saw. */
const [dataDir = '', name = ''] = process.argv.slice(2)
using reader = openLogReader({ dataDir, name })
let count = 0
let checkpoint = 0
for (const block of reader.blocks(0)) {
  forEachRecord(block, () => {
    count++
  })
  checkpoint = block.checkpoint
}
process.stdout.write(`${JSON.stringify({ count, checkpoint })}\n`)
