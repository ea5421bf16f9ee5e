import { Worker } from 'node:worker_threads'
import { AssayError } from '../core/errors.ts'
import type { CompactReport } from './archive/compact.ts'
import type { SealReport } from './archive/seal.ts'
import type { SealAnswer, SealRequest } from './seal-worker.ts'

/** Seals logs in a thread of low priority, beside a collector whose syncs it must not delay. */
export interface Sealer extends AsyncDisposable {
  /**
   * Seals what is over of a log, below `belowPos`; one log after another.
   *
   * @throws as {@link sealLog} does
   */
  seal(log: {
    readonly dataDir: string
    readonly name: string
    readonly belowPos: number
  }): Promise<SealReport>
  /**
   * Compacts the hours of a log that end by `beforeUs`.
   *
   * @throws as {@link compactLog} does
   */
  compact(log: {
    readonly dataDir: string
    readonly name: string
    readonly beforeUs: number
  }): Promise<CompactReport>
}

interface Asked {
  readonly resolve: (report: SealReport | CompactReport) => void
  readonly reject: (error: Error) => void
}

/**
 * Starts the sealing thread. Disposing of it stops after the block at hand and waits for that;
 * the hour at hand then stays in the journal.
 */
export function startSealer(): Sealer {
  // Beside this file, whether it runs as it is or compiled.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const worker = new Worker(new URL(`./seal-worker${extension}`, import.meta.url))
  const asked = new Map<number, Asked>()
  let nextId = 0
  let isEnding = false
  let failure: Error | null = null

  const fail = (error: Error) => {
    failure = error
    for (const { reject } of asked.values()) reject(error)
    asked.clear()
  }
  worker.on('message', (answer: SealAnswer) => {
    const waiting = asked.get(answer.id)
    asked.delete(answer.id)
    if (asked.size === 0 && !isEnding) worker.unref()
    if ('report' in answer) waiting?.resolve(answer.report)
    else waiting?.reject(toError(answer))
  })
  worker.on('error', (error: unknown) =>
    fail(error instanceof Error ? error : new Error(String(error))),
  )
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      fail(failure ?? new Error('the sealing thread has ended'))
      resolve()
    })
  })
  // An idle sealer keeps no process alive.
  worker.unref()

  const ask = <R extends SealReport | CompactReport>(request: (id: number) => SealRequest) => {
    if (failure !== null) return Promise.reject<R>(failure)
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    const id = nextId++
    // The worker answers a request with the report of its kind.
    asked.set(id, { resolve: resolve as Asked['resolve'], reject })
    worker.ref()
    worker.postMessage(request(id))
    return promise
  }

  return {
    seal: (log) => ask<SealReport>((id) => ({ kind: 'seal', id, ...log })),
    compact: (log) => ask<CompactReport>((id) => ({ kind: 'compact', id, ...log })),
    async [Symbol.asyncDispose]() {
      // Its end is waited for, so it keeps the process alive until then.
      isEnding = true
      worker.ref()
      worker.postMessage({ kind: 'stop' } satisfies SealRequest)
      await exited
    },
  }
}

function toError(answer: Exclude<SealAnswer, { report: unknown }>): Error {
  return answer.code === null
    ? new Error(answer.message)
    : new AssayError(answer.code, answer.message)
}
