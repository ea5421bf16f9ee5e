import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { assert } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import type { ErrorCode } from '../core/errors.ts'
import { AssayError } from '../core/errors.ts'
import { type CompactReport, compactLog } from './archive/compact.ts'
import type { SealReport } from './archive/seal.ts'
import { sealLog } from './archive/seal.ts'

/** Asks the worker to seal or to compact a log, or to stop what it is at. */
export type SealRequest =
  | {
      readonly kind: 'seal'
      readonly id: number
      readonly dataDir: string
      readonly name: string
      readonly belowPos: number
    }
  | {
      readonly kind: 'compact'
      readonly id: number
      readonly dataDir: string
      readonly name: string
      readonly beforeUs: number
    }
  | { readonly kind: 'stop' }

/** The worker's answer to the request of the same id. */
export type SealAnswer =
  | { readonly id: number; readonly report: SealReport | CompactReport }
  | { readonly id: number; readonly code: ErrorCode | null; readonly message: string }

// On Linux the niceness of process 0, oneself, is that of the calling thread alone: the sockets
// and syncs of the main thread keep theirs (checked in /proc/self/task). Elsewhere it would be
// the whole process's, so nothing is done there.
const LOWEST_PRIORITY = 19
if (process.platform === 'linux') setPriority(0, LOWEST_PRIORITY)

assert(parentPort !== null, 'the sealer runs in a worker thread')
const port = parentPort
const stopping = new AbortController()
// One log after another, in the order asked.
let last: Promise<void> = Promise.resolve()

port.on('message', (request: SealRequest) => {
  if (request.kind === 'stop') {
    stopping.abort()
    last.then(() => port.close())
  } else last = last.then(() => answer(request))
})

async function answer(request: Exclude<SealRequest, { kind: 'stop' }>): Promise<void> {
  const { id, dataDir, name } = request
  const shared = { dataDir, name, clock: systemClock, signal: stopping.signal }
  try {
    const report =
      request.kind === 'seal'
        ? await sealLog({ ...shared, belowPos: request.belowPos })
        : await compactLog({ ...shared, beforeUs: request.beforeUs })
    port.postMessage({ id, report } satisfies SealAnswer)
  } catch (error) {
    const code = error instanceof AssayError ? error.code : null
    const message = error instanceof Error ? error.message : String(error)
    port.postMessage({ id, code, message } satisfies SealAnswer)
  }
}
