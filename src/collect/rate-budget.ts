import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'

/** Who is served first when requests wait: the live feed, then holes, then old history. */
export type Priority = 'live' | 'repair' | 'backfill'

/**
 * A host's allowance of requests, shared by everything that talks to it.
 *
 * A token bucket that starts full. When the host says "not now", {@link RateBudget.pause} stops
 * every request until that time has passed, and the bucket fills from empty after it.
 */
export interface RateBudget {
  /** Resolves when one request may be made; rejects with the signal's reason when aborted. */
  take(priority: Priority, signal?: AbortSignal): Promise<void>
  /** Grants nothing for `ms` from now; a longer pause already under way stands. */
  pause(ms: number): void
  /** Callers waiting, and milliseconds left of a pause. */
  status(): { readonly waiting: number; readonly pausedMs: number }
}

const WAITING_MAX = 10_000

/** Opens a full bucket of `burst` tokens that refills at `ratePerSecond`. */
export function createRateBudget(options: {
  readonly ratePerSecond: number
  readonly burst: number
  readonly clock: Clock
}): RateBudget {
  const { clock } = options
  const bucket = createBucket(options)
  const queues: Record<Priority, (() => void)[]> = { live: [], repair: [], backfill: [] }
  let serving = false
  let nap = new AbortController()

  const waiting = () => queues.live.length + queues.repair.length + queues.backfill.length

  /** Serves the waiting in order of priority; one runs at a time, and none when nobody waits. */
  async function serve(): Promise<void> {
    serving = true
    while (waiting() > 0) {
      const waitMs = bucket.take()
      if (waitMs > 0) {
        nap = new AbortController()
        await clock.sleep(Math.ceil(waitMs), nap.signal)
        continue
      }
      const grant = queues.live.shift() ?? queues.repair.shift() ?? queues.backfill.shift()
      grant?.()
    }
    serving = false
  }

  function take(priority: Priority, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      assert(waiting() < WAITING_MAX, 'callers wait for their turn before asking for another')
      const queue = queues[priority]
      const leave = () => {
        queue.splice(queue.indexOf(grant), 1)
        // A nap nobody waits for would hold the process open until a long pause ends.
        if (waiting() === 0) nap.abort()
        reject(signal?.reason)
      }
      const grant = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      signal?.addEventListener('abort', leave, { once: true })
      queue.push(grant)
      if (!serving) void serve()
    })
  }

  const status = () => ({ waiting: waiting(), pausedMs: bucket.pausedMs() })
  return { take, pause: bucket.pause, status }
}

/** The tokens themselves, filled lazily. */
function createBucket(options: {
  readonly ratePerSecond: number
  readonly burst: number
  readonly clock: Clock
}) {
  const { ratePerSecond, burst, clock } = options
  assert(ratePerSecond > 0 && burst >= 1, 'a budget allows something')
  let tokens = burst
  let filledMs = clock.monotonicMs()
  let pausedUntilMs = filledMs
  const pausedMs = () => Math.max(0, pausedUntilMs - clock.monotonicMs())
  return {
    pausedMs,
    /** Takes a token and returns 0, or returns how long until there is one. */
    take(): number {
      if (pausedMs() > 0) return pausedMs()
      const nowMs = clock.monotonicMs()
      tokens = Math.min(burst, tokens + ((nowMs - filledMs) * ratePerSecond) / 1000)
      filledMs = nowMs
      if (tokens < 1) return ((1 - tokens) * 1000) / ratePerSecond
      tokens -= 1
      return 0
    },
    pause(ms: number): void {
      const untilMs = clock.monotonicMs() + ms
      if (untilMs <= pausedUntilMs) return
      pausedUntilMs = untilMs
      tokens = 0
      filledMs = untilMs
    },
  }
}
