import { assert } from './assert.ts'

/** Time, as a parameter: whoever needs the hour is given one of these. */
export interface Clock {
  /** Wall clock, whole epoch microseconds UTC. May step back when the system's clock is set. */
  nowUs(): number
  /** Milliseconds since some fixed moment; never steps back. For measuring and for deadlines. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once and without throwing when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves both clocks on and wakes every sleeper whose time has come, earliest first. */
  advance(ms: number): void
  /** How many sleepers wait now. */
  readonly sleeping: number
}

// `setTimeout` fires at once when asked for more than this.
const TIMEOUT_MS_MAX = 2_147_483_647

/** The machine's own clock. */
export const systemClock: Clock = createSystemClock()

function createSystemClock(): Clock {
  // The wall clock counts whole milliseconds and the monotonic clock finer ones. Their offset
  // lends the former a fraction, but never moves it into another millisecond: a clock set by
  // NTP, or a laptop that slept, is followed at once.
  let offsetMs = performance.timeOrigin
  return {
    nowUs() {
      const wallMs = Date.now()
      const fineMs = performance.now() + offsetMs
      if (fineMs >= wallMs && fineMs < wallMs + 1) return Math.floor(fineMs * 1000)
      offsetMs += wallMs - fineMs
      return wallMs * 1000
    },
    monotonicMs: () => performance.now(),
    sleep(ms, signal) {
      assert(ms <= TIMEOUT_MS_MAX, 'a sleep is shorter than 24 days')
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        signal?.addEventListener('abort', wake)
      })
    },
  }
}

/**
 * Returns a clock for tests that stands at `startUs` until it is advanced.
 *
 * Woken sleepers continue after the current task, as promises do: a loop that sleeps again
 * must be given a turn between two advances.
 */
export function createManualClock(startUs: number): ManualClock {
  assert(Number.isSafeInteger(startUs), 'time is whole epoch microseconds')
  let elapsedMs = 0
  const sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>()
  return {
    nowUs: () => startUs + Math.floor(elapsedMs * 1000),
    monotonicMs: () => elapsedMs,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted || ms <= 0) return resolve()
        const wake = () => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { dueMs: elapsedMs + ms, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake)
      })
    },
    advance(ms) {
      assert(ms >= 0, 'time does not run back')
      elapsedMs += ms
      const due = [...sleepers].filter((sleeper) => sleeper.dueMs <= elapsedMs)
      for (const sleeper of due.toSorted((a, b) => a.dueMs - b.dueMs)) sleeper.wake()
    },
    get sleeping() {
      return sleepers.size
    },
  }
}
