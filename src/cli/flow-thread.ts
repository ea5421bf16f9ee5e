import { Worker } from 'node:worker_threads'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { GlobalFlags, Settings } from './context.ts'

/** How the thread is to read its configuration: as the command that starts it did. */
export interface FlowJob {
  readonly flags: GlobalFlags
  readonly settings: Settings
}

/** What the thread says at its end. */
export interface FlowEnded {
  readonly type: 'ended'
  /** `null` where it was told to stop. */
  readonly failure: string | null
}

/** Time for a thread that is told to stop to put back what it makes. */
const STOP_MS_MAX = 2000
/** A pause before a thread that failed is started again. */
const AGAIN_MS = 30_000

/**
 * Keeps a thread that makes scheduled assets, until the signal aborts. One that fails is started
 * again after a pause: collecting goes on in the meantime.
 *
 * One that does not end within two seconds of the abort is ended: its asset does not listen, or the
 * machine has no time for a thread of low priority. What it was making is committed or is not, as
 * after a kill, and is taken up by the next flow.
 */
export async function keepFlowThread(
  job: FlowJob,
  {
    clock,
    log,
    signal,
  }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const failure = await runThread(job, clock, signal)
    if (failure === null || signal.aborted) return
    log.error({ failure }, 'scheduled assets are not made for a while; the flow is started again')
    await clock.sleep(AGAIN_MS, signal)
  }
}

/** Runs one thread to its end; returns what it failed of, or null. */
function runThread(job: FlowJob, clock: Clock, signal: AbortSignal): Promise<string | null> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const worker = new Worker(new URL(`./flow-worker.${extension}`, import.meta.url), {
    workerData: job,
  })
  const over = new AbortController()
  const stop = () => {
    worker.postMessage('stop')
    void clock.sleep(STOP_MS_MAX, over.signal).then(() => worker.terminate())
  }
  signal.addEventListener('abort', stop)
  worker.on('message', (ended: FlowEnded) => resolve(ended.failure))
  worker.on('error', (error: unknown) => {
    resolve(error instanceof Error ? error.message : String(error))
  })
  worker.on('exit', () => {
    signal.removeEventListener('abort', stop)
    over.abort()
    resolve('its thread ended')
  })
  return promise
}
