import type { Clock } from '../../src/core/clock.ts'

/** Something that waits for a time of the world. */
interface Waiting {
  readonly dueMs: number
  readonly order: number
  wake: (() => void) | null
}

/** Time, as it truly passes: it jumps from one moment at which something happens to the next. */
export interface World {
  readonly startUs: number
  readonly nowMs: number
  /** Calls at a time; cancelled by the call that it returns. */
  at(dueMs: number, act: () => void): () => void
  /** Lets happen all that does until `endMs`; returns when nothing is left to do by then. */
  runUntil(endMs: number): Promise<void>
}

/** Returns a world that begins at `startUs`. */
export function createWorld(startUs: number): World {
  // Sorted, the earliest last: so it is popped, and few lie after a new one.
  const queue: Waiting[] = []
  let nowMs = 0
  let order = 0
  const isAfter = (one: Waiting, other: Waiting) =>
    one.dueMs > other.dueMs || (one.dueMs === other.dueMs && one.order > other.order)
  const pop = (endMs: number) => {
    while (queue.at(-1)?.wake === null) queue.pop()
    const next = queue.at(-1)
    return next !== undefined && next.dueMs <= endMs ? queue.pop() : undefined
  }
  return {
    startUs,
    get nowMs() {
      return nowMs
    },
    at(dueMs, act) {
      const waiting: Waiting = { dueMs: Math.max(dueMs, nowMs), order: order++, wake: act }
      let low = 0
      let high = queue.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (isAfter(queue[middle]!, waiting)) low = middle + 1
        else high = middle
      }
      queue.splice(low, 0, waiting)
      return () => {
        waiting.wake = null
      }
    },
    async runUntil(endMs) {
      await settled()
      for (let next = pop(endMs); next !== undefined; next = pop(endMs)) {
        nowMs = next.dueMs
        next.wake?.()
        await settled()
      }
      nowMs = endMs
    },
  }
}

/** Resolves once everybody waits: nothing here waits for anything but promises and the world. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Returns what a process of the world takes for the time, off by as much as `skewUs` tells. */
export function clockOf(
  world: World,
  skewUs: () => number,
  wake: (resolve: () => void) => void,
): Clock {
  return {
    nowUs: () => Math.floor(world.startUs + world.nowMs * 1000 + skewUs()),
    monotonicMs: () => world.nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const cancel = world.at(world.nowMs + ms, () => {
          signal?.removeEventListener('abort', onAbort)
          wake(resolve)
        })
        const onAbort = () => {
          cancel()
          resolve()
        }
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
  }
}
