import type { Clock } from '../src/core/clock.ts'
import type { RateLimitOptions } from './coinbase/rate-limit.ts'
import type { FaultKind } from './faults/fault.ts'
import type { FaultPreset } from './faults/presets.ts'
import type { Product } from './market/product.ts'

/** How a simulator is set up. Everything has a default. */
export interface SimulatorOptions {
  /** The same seed and `startUs` give the same trades. @default 1 */
  readonly seed?: number | string
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 takes any free port. @default 0 */
  readonly port?: number
  /** Names from the catalogue, other `BASE-QUOTE` names, or products of your own. */
  readonly products?: readonly (string | Product)[]
  /** Of all busy products together; bursts go above it, calm stays below. @default 20 */
  readonly tradesPerSecond?: number
  /** Trades before the start that REST can page back to, at up to 20 a second. @default 60 */
  readonly historyMinutes?: number
  /** Trades held for REST and truth, 25 bytes each; the oldest go first. @default 10,000,000 */
  readonly tradesHeldMax?: number
  /** Faults that come by themselves once a client has subscribed. @default 'none' */
  readonly faults?: FaultPreset
  /** Length of the storm. @default 30 */
  readonly stormSeconds?: number
  /** Mean time between the faults of `mixed`. @default 700 */
  readonly faultEveryMs?: number
  /** Kinds that `mixed` draws from. @default those a client can fully recover from */
  readonly faultKinds?: readonly FaultKind[]
  /** REST requests per address; `null` for no limit. @default 10 a second, 15 at once */
  readonly rateLimit?: RateLimitOptions | null
  /** Whether a rate limited answer has `Retry-After: 1`. @default false */
  readonly retryAfter?: boolean
  /** @default 5000 */
  readonly subscribeDeadlineMs?: number
  /** Unread bytes after which a slow client is cut. @default 16 MiB */
  readonly bufferedBytesMax?: number
  readonly clock?: Clock
  /** Where the live market begins. @default the clock's now */
  readonly startUs?: number
}
