import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { columnBuffers, type TradeColumns } from '../market/trade-columns.ts'
import { venueFiles } from '../venues/index.ts'
import type { Batch } from './batch.ts'

/** Batches decoded ahead of the writer at most: what bounds memory. */
const AHEAD = 4

/** What a decode worker is given. */
export interface DecodeJob {
  readonly dataDir: string
  readonly logs: readonly string[]
  readonly port: MessagePort
  /** One shared counter: how many more batches may be under way. */
  readonly credits: SharedArrayBuffer
  /** Configuration files whose venues are to be known. */
  readonly venueFiles: readonly string[]
}

/** Decoded batches of whole logs, made in another thread while this one writes. */
export interface DecodeAhead extends AsyncDisposable {
  /** Returns the next batch, or `null` after the last. */
  next(): Promise<Batch | null>
  /** Gives back the columns of a merged batch. */
  recycle(columns: TradeColumns): void
}

/** Starts decoding logs in a thread of their own, in the order given. */
export function decodeAhead(dataDir: string, logs: readonly string[]): DecodeAhead {
  const { port1, port2 } = new MessageChannel()
  const credits = new SharedArrayBuffer(4)
  const counter = new Int32Array(credits)
  counter[0] = AHEAD
  const job: DecodeJob = { dataDir, logs, port: port2, credits, venueFiles: venueFiles() }
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const entry = new URL(`./decode-worker.${extension}`, import.meta.url)
  const worker = new Worker(entry, { workerData: job, transferList: [port2] })
  const ready: (Batch | null)[] = []
  let wake: (() => void) | null = null
  let failure: Error | null = null
  port1.on('message', (batch: Batch | null) => {
    ready.push(batch)
    wake?.()
  })
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error))
    wake?.()
  })
  return {
    async next() {
      while (ready.length === 0) {
        if (failure !== null) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const batch = ready.shift() as Batch | null
      if (batch !== null) {
        Atomics.add(counter, 0, 1)
        Atomics.notify(counter, 0)
      }
      return batch
    },
    recycle(columns) {
      port1.postMessage(columns, columnBuffers(columns))
    },
    async [Symbol.asyncDispose]() {
      port1.close()
      await worker.terminate()
    },
  }
}
