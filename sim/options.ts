import type { Clock } from '../src/core/clock.ts'
import type { FaultKind } from './faults/fault.ts'
import type { FaultPreset } from './faults/presets.ts'
import type { Product } from './market/product.ts'
import type { RateLimitOptions } from './service/rate-limit.ts'
import type { VenueId } from './venue-id.ts'
import type { LongClocks } from './venue-sim.ts'

/** How a simulator is set up. Everything has a default. */
export interface SimulatorOptions {
  /** The same seed and `startUs` give the same trades, whatever venues are played. @default 1 */
  readonly seed?: number | string
  /** The venues played, each with a market of its own. @default ['coinbase'] */
  readonly venues?: readonly VenueId[]
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 takes any free port. @default 0 */
  readonly port?: number
  /**
   * Names from the catalogue, other names of the venue's spelling, or products of your own: a
   * list for Coinbase (for the first venue, where that is not played), or lists by venue. A
   * venue without a list has its default products.
   */
  readonly products?:
    | readonly (string | Product)[]
    | Readonly<Partial<Record<VenueId, readonly (string | Product)[]>>>
  /** Of all busy products of a venue; bursts go above it, calm stays below. @default 20 */
  readonly tradesPerSecond?: number | Readonly<Partial<Record<VenueId, number>>>
  /** Trades before the start that REST can page back to, at up to 20 a second. @default 60 */
  readonly historyMinutes?: number
  /** Trades held for REST and truth, 25 bytes each; the oldest go first. @default 10,000,000 */
  readonly tradesHeldMax?: number
  /** Faults that come by themselves once a client has subscribed. @default 'none' */
  readonly faults?: FaultPreset
  /** Length of the storm. @default 30 */
  readonly stormSeconds?: number
  /** Mean time between the faults of `mixed`, over all venues. @default 700 */
  readonly faultEveryMs?: number
  /** Kinds that `mixed` draws from. @default those a client can fully recover from */
  readonly faultKinds?: readonly FaultKind[]
  /** REST requests per address; `null` for no limit. @default the venue's own limit */
  readonly rateLimit?: RateLimitOptions | null
  /** Whether a rate limited answer has `Retry-After: 1`, at Coinbase. @default false */
  readonly retryAfter?: boolean
  /**
   * How much faster the long clocks run: at 1440 a day is a minute. A ping comes once a second
   * at most, a pong has three seconds, a ban lasts one at least, idleness stays. @default 1
   */
  readonly scale?: number
  /** Long clocks set one by one, in milliseconds as they are to be. */
  readonly clocks?: Partial<LongClocks>
  /** @default 5000 */
  readonly subscribeDeadlineMs?: number
  /** Unread bytes after which a slow client is cut. @default 16 MiB */
  readonly bufferedBytesMax?: number
  readonly clock?: Clock
  /** Where the live market begins. @default the clock's now */
  readonly startUs?: number
}
