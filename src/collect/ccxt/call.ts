import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/log.ts'
import type { Random } from '../../core/random.ts'
import { backoffMs } from '../../core/retry.ts'
import type { IncidentCause } from '../../market/self-record.ts'
import type { IncidentLog } from '../incidents.ts'

const RETRY = { baseMs: 2000, capMs: 60_000 }

/** What is asked of the library, for the incident log. */
export interface Call {
  /** The name of the method. */
  readonly channel: string
  readonly symbol?: string
}

/** Everything {@link createCaller} needs. */
export interface CallerOptions {
  readonly venue: string
  readonly incidents: IncidentLog
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

/** What came back, and how often it failed before. */
export interface Answered<T> {
  readonly value: T
  readonly failures: number
}

/** Asks the library again and again until it answers; `null` once aborted. */
export type Caller = <T>(call: Call, ask: () => Promise<T>) => Promise<Answered<T> | null>

/**
 * Returns a caller of the library's methods.
 *
 * A failure begins an incident of the method and symbol, which lasts until there is an answer;
 * pauses between attempts grow to a minute. The library cannot be told to leave off: an answer
 * that comes after the abort is let go.
 */
export function createCaller(options: CallerOptions): Caller {
  const { venue, incidents, clock, random, log, signal } = options
  return async (call, ask) => {
    let cause: IncidentCause | null = null
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const value = await orAborted(ask(), signal)
        if (signal.aborted) return null
        if (cause !== null) incidents.close({ ...call, cause })
        return { value: value as Awaited<ReturnType<typeof ask>>, failures }
      } catch (error) {
        const found = causeOf(error)
        const detail = error instanceof Error ? error.message : String(error)
        if (cause !== null && cause !== found) incidents.close({ ...call, cause })
        incidents.open({ ...call, cause: found, detail })
        if (failures === 0) log.warn({ venue, ...call }, `${call.channel} failed: ${detail}`)
        cause = found
        await clock.sleep(backoffMs(failures, { ...RETRY, random }), signal)
      }
    }
    return null
  }
}

/** The names of an error's classes, its own first: the library tells its kinds of failure so. */
function classesOf(error: unknown): string[] {
  const names: string[] = []
  for (let at: unknown = error; at instanceof Error; at = Object.getPrototypeOf(at)) {
    names.push(at.constructor.name)
  }
  return names
}

function causeOf(error: unknown): IncidentCause {
  const classes = classesOf(error)
  const isOne = (...names: string[]) => names.some((name) => classes.includes(name))
  if (isOne('RateLimitExceeded', 'DDoSProtection')) return 'rate_limited'
  // Only we close its sockets while we collect: where one of them had fallen silent.
  if (isOne('ExchangeClosedByUser')) return 'stale'
  return isOne('NetworkError') ? 'disconnected' : 'refused'
}

/** Settles as `promise` does, or resolves once aborted; leaves nothing behind on the signal. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const leave = () => resolve(null)
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', leave)
      end()
    }
    signal.addEventListener('abort', leave, { once: true })
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    )
  })
}
