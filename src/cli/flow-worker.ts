import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../core/assert.ts'
import { openContext } from './context.ts'
import type { FlowEnded, FlowJob } from './flow-thread.ts'
import { keepFlowing, openFlow, tellWarnings } from './open-flow.ts'

/**
 * The thread that makes scheduled assets beside a running collector. It reads the configuration
 * by itself, as what people add to it cannot be handed from thread to thread.
 */
assert(parentPort !== null, 'the flow of a run has a thread of its own')
const port = parentPort

// As the sealer does: on Linux this is the calling thread's niceness alone.
const LOWEST_PRIORITY = 19
if (process.platform === 'linux') setPriority(0, LOWEST_PRIORITY)

const stopping = new AbortController()
port.on('message', () => stopping.abort('the run was stopped'))

const { flags, settings } = workerData as FlowJob
const context = await openContext(flags, () => settings)
const { log } = context
const { signal } = stopping

try {
  await using flow = await openFlow(context, {
    command: 'run',
    signal,
    isCollecting: true,
    listener: tellWarnings(context),
  })
  await keepFlowing(context, flow, ({ asset, partition_key: partition, state, reason }) => {
    log.debug({ asset, partition, state, reason }, 'a run ended')
  })
  port.postMessage({ type: 'ended', failure: null } satisfies FlowEnded)
} catch (error) {
  const failure = error instanceof Error ? error.message : String(error)
  port.postMessage({ type: 'ended', failure } satisfies FlowEnded)
}
port.close()
