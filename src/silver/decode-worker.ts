import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { openLogReader } from '../bronze/index.ts'
import { assert } from '../core/assert.ts'
import { columnBuffers, type TradeColumns } from '../market/trade-columns.ts'
import { adoptVenues } from '../venues/adopt.ts'
import type { DecodeJob } from './decode-ahead.ts'
import { DecodeStage } from './decode-stage.ts'

/**
 * Decodes whole logs, one after another, in a thread of its own for a rebuild.
 *
 * It runs without returning to the event loop: it waits on a counter of credits, which bounds
 * how many batches are under way, and takes back the columns of merged ones as it goes.
 */
const job = workerData as DecodeJob
const credits = new Int32Array(job.credits)
const port: MessagePort = job.port
await adoptVenues(job.venueFiles)
for (const log of job.logs) decodeLog(log)
port.postMessage(null)
port.close()

function decodeLog(name: string): void {
  using reader = openLogReader({ dataDir: job.dataDir, name })
  const stage = new DecodeStage(name)
  let fed = false
  for (const block of reader.blocks(0)) {
    stage.feed(block)
    fed = true
    if (stage.full) {
      send(stage)
      fed = false
    }
  }
  if (fed) send(stage)
}

function send(stage: DecodeStage): void {
  takeCredit()
  for (let back = receiveMessageOnPort(port); back !== undefined; ) {
    stage.recycle(back.message as TradeColumns)
    back = receiveMessageOnPort(port)
  }
  const batch = stage.takeBatch()
  port.postMessage(batch, columnBuffers(batch.trades))
}

/** Waits until fewer batches than allowed are under way. */
function takeCredit(): void {
  for (;;) {
    const left = Atomics.load(credits, 0)
    if (left > 0) {
      if (Atomics.compareExchange(credits, 0, left, left - 1) === left) return
    } else {
      const outcome = Atomics.wait(credits, 0, 0, 60_000)
      assert(outcome !== 'timed-out', 'the writer takes a batch within a minute')
    }
  }
}
