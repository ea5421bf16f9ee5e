import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'

/** Who is served first when requests wait: the live feed, then holes, then old history. */
export type Priority = 'live' | 'repair' | 'backfill'

/** Whoever waits for a turn. */
export interface Turn {
  readonly priority: Priority
  readonly signal?: AbortSignal
  /** What it costs of the allowance; never more than the burst is taken. @default 1 */
  readonly weight?: number
}

/**
 * A host's allowance of requests, shared by everything that talks to it.
 *
 * A token bucket that starts full. When the host says "not now", {@link RateBudget.pause} stops
 * every request until that time has passed, and the bucket fills from empty after it.
 */
export interface RateBudget {
  /** Resolves when one request may be made; rejects with the signal's reason when aborted. */
  take(priority: Priority, signal?: AbortSignal): Promise<void>
  /**
   * Makes one request in its turn. Requests follow one another, so that a pause asked for by one
   * answer holds back the next; one that takes more than 2 s no longer holds up the others, of
   * which four at most are under way.
   */
  run<T>(turn: Turn, request: () => Promise<T>): Promise<T>
  /** Grants nothing for `ms` from now; a longer pause already under way stands. */
  pause(ms: number): void
  /** Callers waiting, and milliseconds left of a pause. */
  status(): { readonly waiting: number; readonly pausedMs: number }
}

const WAITING_MAX = 10_000
const SLOW_MS = 2000
const UNDER_WAY_MAX = 4
const PAUSE_MS_MAX = 20 * 86_400_000

interface Waiting {
  readonly priority: Priority
  readonly weight: number
  /** Whether it counts as under way until it says that it is done. */
  readonly holds: boolean
  readonly grant: () => void
}

interface RateOptions {
  readonly ratePerSecond: number
  readonly burst: number
  readonly clock: Clock
}

/** Opens a full bucket of `burst` tokens that refills at `ratePerSecond`. */
export function createRateBudget(options: RateOptions): RateBudget {
  const { clock } = options
  const bucket = createBucket(options)
  const underWay = createUnderWay(clock)
  const queue = createQueue()
  let serving = false
  let nap = new AbortController()

  /** Serves the waiting in order of priority; one runs at a time, and none when nobody waits. */
  async function serve(): Promise<void> {
    serving = true
    for (let next = queue.first(); next !== undefined; next = queue.first()) {
      const waitMs = (next.holds ? underWay.waitMs() : 0) || bucket.take(next.weight)
      if (waitMs > 0) {
        nap = new AbortController()
        await clock.sleep(Math.min(PAUSE_MS_MAX, Math.ceil(waitMs)), nap.signal)
        continue
      }
      queue.remove(next)
      next.grant()
      // Whoever was granted starts before the next is looked at.
      await Promise.resolve()
    }
    serving = false
  }

  function wait(turn: Turn, holds: boolean): Promise<() => void> {
    const { priority, signal, weight = 1 } = turn
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const leave = () => {
        queue.remove(entry)
        // A nap nobody waits for would hold the process open until a long pause ends.
        nap.abort()
        reject(signal?.reason)
      }
      const grant = () => {
        signal?.removeEventListener('abort', leave)
        const done = holds ? underWay.begin() : () => {}
        resolve(() => {
          done()
          if (holds) nap.abort()
        })
      }
      const entry: Waiting = { priority, weight, holds, grant }
      signal?.addEventListener('abort', leave, { once: true })
      queue.add(entry)
      // One that comes before those that wait must not wait for their naps.
      if (serving) nap.abort()
      else void serve()
    })
  }

  return {
    async take(priority, signal) {
      await wait({ priority, ...(signal && { signal }) }, false)
    },
    async run(turn, request) {
      const done = await wait(turn, true)
      try {
        return await request()
      } finally {
        done()
      }
    },
    pause: bucket.pause,
    status: () => ({ waiting: queue.count(), pausedMs: bucket.pausedMs() }),
  }
}

/** Those who wait, by priority and then in order of arrival. */
function createQueue() {
  const queues: Record<Priority, Waiting[]> = { live: [], repair: [], backfill: [] }
  const inOrder = [queues.live, queues.repair, queues.backfill]
  const count = () => inOrder.reduce((sum, queue) => sum + queue.length, 0)
  return {
    count,
    add(entry: Waiting): void {
      assert(count() < WAITING_MAX, 'callers wait for their turn before asking for another')
      queues[entry.priority].push(entry)
    },
    remove(entry: Waiting): void {
      const queue = queues[entry.priority]
      queue.splice(queue.indexOf(entry), 1)
    },
    first: (): Waiting | undefined => inOrder.find((queue) => queue.length > 0)?.[0],
  }
}

/** Requests that were made and are not answered. */
function createUnderWay(clock: Clock) {
  const begun = new Set<{ readonly ms: number }>()
  return {
    begin(): () => void {
      const one = { ms: clock.monotonicMs() }
      begun.add(one)
      return () => void begun.delete(one)
    },
    /** Returns how long until another may begin, as far as is known. */
    waitMs(): number {
      const slowAtMs = clock.monotonicMs() - SLOW_MS
      let waitMs = begun.size >= UNDER_WAY_MAX ? SLOW_MS : 0
      for (const { ms } of begun) if (ms > slowAtMs) waitMs = Math.max(waitMs, ms - slowAtMs)
      return waitMs
    },
  }
}

/** The tokens themselves, filled lazily. */
function createBucket(options: RateOptions) {
  const { ratePerSecond, burst, clock } = options
  assert(ratePerSecond > 0 && burst >= 1, 'a budget allows something')
  let tokens = burst
  let filledMs = clock.monotonicMs()
  let pausedUntilMs = filledMs
  const pausedMs = () => Math.max(0, pausedUntilMs - clock.monotonicMs())
  return {
    pausedMs,
    /** Takes `weight` tokens and returns 0, or returns how long until there are so many. */
    take(weight: number): number {
      if (pausedMs() > 0) return pausedMs()
      const nowMs = clock.monotonicMs()
      const wanted = Math.min(weight, burst)
      tokens = Math.min(burst, tokens + ((nowMs - filledMs) * ratePerSecond) / 1000)
      filledMs = nowMs
      if (tokens < wanted) return ((wanted - tokens) * 1000) / ratePerSecond
      tokens -= wanted
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
