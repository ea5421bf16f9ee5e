import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import { AssayError, firstFailure } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { backoffMs } from '../core/retry.ts'
import { followCandles } from '../gold/candles.ts'
import { BookFollower } from '../silver/books/follow.ts'
import { Refiner } from '../silver/refiner.ts'
import { adoptVenues } from '../venues/adopt.ts'
import { openWarehouse } from '../warehouse/index.ts'
import { type Answerer, answererOf } from './answers.ts'
import type { FromRefiner, RefineJob, ToRefiner } from './refine-messages.ts'

/**
 * The refiner's thread: the only writer of silver and gold. It reads what is durable, is told
 * of it by the thread that holds the sockets, and answers what is missing.
 */
assert(parentPort !== null, 'the refiner runs in a worker')
const port = parentPort
const job = workerData as RefineJob

/** Logs of other processes are looked at this often. */
const LOOK_MS = 500
/** Larger candles follow their minutes this often. */
const GOLD_MS = 1000
const RETRIES_MAX = 8

const durable = new Map<string, number>()
const stop = new AbortController()
let wake: (() => void) | null = null
let asked: Extract<ToRefiner, { type: 'ask' }>[] = []
let lastSeen = -1

port.on('message', (message: ToRefiner) => {
  if (message.type === 'durable') durable.set(message.log, message.pos)
  else if (message.type === 'ask') asked.push(message)
  else stop.abort()
  wake?.()
})

try {
  await main()
} catch (thrown) {
  const error = firstFailure(thrown)
  const failure = error instanceof AssayError ? error : null
  tell({
    type: 'failed',
    code: failure?.code ?? null,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? (error.stack ?? '') : '',
  })
}
port.close()

function tell(message: FromRefiner): void {
  port.postMessage(message)
}

async function main(): Promise<void> {
  const clock = systemClock
  await adoptVenues(job.venueFiles)
  await using warehouse = await openWarehouse({
    url: job.storeUrl,
    mode: 'write',
    clock,
    holder: job.holder,
  })
  const durablePos = (log: string) => (log === job.ownLog ? (durable.get(log) ?? 0) : undefined)
  await using refiner = await Refiner.open({
    warehouse,
    dataDir: job.dataDir,
    clock,
    holder: job.holder,
    graceUs: job.graceUs,
    durablePos,
    onCommit: (batch, result) => {
      tell({
        type: 'committed',
        log: batch.log,
        pos: batch.checkpoint,
        committedUs: clock.nowUs(),
        accepted: result.accepted,
      })
    },
  })
  await using books = new BookFollower({ warehouse, dataDir: job.dataDir, clock, durablePos })
  const answerer: Answerer = {
    ...answererOf(warehouse, { clock, graceUs: job.graceUs }),
    brokenBooks: async () => books.broken(),
  }
  tell({ type: 'ready' })
  let goldAt = clock.monotonicMs()
  let failures = 0
  while (!stop.signal.aborted) {
    await pause(LOOK_MS)
    try {
      await refiner.refine()
      await books.follow()
      if (clock.monotonicMs() - goldAt >= GOLD_MS) {
        // Trades do not wait until the larger candles of every instrument are folded.
        await followCandles(warehouse, { between: () => refiner.refine() })
        goldAt = clock.monotonicMs()
      }
      await answerAll()
      failures = 0
    } catch (error) {
      if (!canRetry(error) || ++failures > RETRIES_MAX) throw error
      await clock.sleep(
        backoffMs(failures, { baseMs: 100, capMs: 5000, random: createRandom(clock.nowUs()) }),
        stop.signal,
      )
    }
  }
  await refiner.refine()
  await books.follow()
  await followCandles(warehouse)
  await answerAll()
  tell({ type: 'stopped', totals: refiner.totals })

  async function answerAll(): Promise<void> {
    const questions = asked
    asked = []
    for (const { id, question } of questions) {
      tell({ type: 'answer', id, answer: await answerer[question]() })
    }
  }
}

function canRetry(error: unknown): boolean {
  return error instanceof AssayError && error.retry === 'backoff'
}

/** Waits until told of something new, or for `ms`. */
async function pause(ms: number): Promise<void> {
  if (hasNews()) return
  const { promise, resolve } = Promise.withResolvers<void>()
  wake = resolve
  const timer = setTimeout(resolve, ms)
  await promise
  clearTimeout(timer)
  wake = null
}

function hasNews(): boolean {
  const now = durable.get(job.ownLog ?? '') ?? 0
  if (now === lastSeen && asked.length === 0) return stop.signal.aborted
  lastSeen = now
  return true
}
