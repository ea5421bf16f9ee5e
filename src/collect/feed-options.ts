import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { BrokenBook } from '../market/book.ts'
import type { Venue } from '../venues/venue.ts'
import type { Diary } from './diary.ts'
import type { IncidentLog } from './incidents.ts'
import type { Pace } from './pace.ts'
import type { RateBudget } from './rate-budget.ts'
import type { RestClient } from './rest-client.ts'
import type { RestWitness } from './witness.ts'

/** Everything one feed needs. */
export interface FeedOptions {
  readonly venue: Venue
  /** @default the venue's first feed */
  readonly feedName?: string
  /** Instead of the feed's own URL. */
  readonly url?: string
  /** The venue's own symbols. */
  readonly products: readonly string[]
  readonly journal: Journal
  readonly diary: Diary
  readonly incidents: IncidentLog
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Ends the feed: the connection is closed with code 1000. */
  readonly signal: AbortSignal
  /** Connection attempts allowed to this host, shared by its feeds. */
  readonly connects: RateBudget
  readonly nextConn: () => string
  readonly userAgent: string
  /** Asked before a silent subscription is driven anew; `null` where heartbeats tell. */
  readonly witness: RestWitness | null
  /** Silence of a fact subscription after which the witness is asked. @default 60 */
  readonly witnessSeconds?: number
  /** Age at which a connection is replaced. @default the feed's own, also for `null` */
  readonly lifeMsMax?: number | null
  /** Keeps order books as well, where the feed has them. */
  readonly books?: boolean
  /** Fetches the books' snapshots. */
  readonly rest: RestClient
  /** Books whose chain broke, as whoever folds them tells it. */
  readonly brokenBooks?: () => Promise<readonly BrokenBook[]>
  /** Paces learned before, by {@link paceKey}. */
  readonly paces?: Readonly<Record<string, Pace>>
  /** Told when the feed's state changes, not for every frame. */
  readonly onStatus?: (status: FeedStatus) => void
}

/** Where a feed stands. */
export type FeedState = 'connecting' | 'open' | 'waiting' | 'stopped'

/** A feed at one moment. */
export interface FeedStatus {
  readonly venue: string
  readonly feed: string
  readonly url: string
  readonly state: FeedState
  /** Connections made, and attempts that failed since the last one. */
  readonly connects: number
  readonly failures: number
  /** Connections that were replaced by another before the venue cut them. */
  readonly handovers: number
  /** Why there is no connection, or why the last one ended; `null` if none ever did. */
  readonly lastFailure: string | null
  /** Since when the feed is down, epoch microseconds; `null` while it is open. */
  readonly downSinceUs: number | null
  readonly frames: number
  readonly bytes: number
  /** Whether reading waits for the log. */
  readonly paused: boolean
  readonly subscriptions: readonly SubscriptionStatus[]
}

/** One subscription at one moment. */
export interface SubscriptionStatus {
  readonly channel: string
  /** Empty for a channel that concerns no product. */
  readonly symbol: string
  readonly fact: boolean
  readonly state: 'idle' | 'asked' | 'acked' | 'flowing' | 'stale' | 'refused'
  readonly frames: number
  /** Highest trade id seen; -1 if none. */
  readonly lastId: number
  /** The venue's clock, epoch microseconds; 0 if none. */
  readonly lastEventTimeUs: number
  /** How long the last frame was under way, by both clocks; `null` if none came. */
  readonly lagUs: number | null
  readonly meanGapMs: number
  /** The venue's words of refusal. */
  readonly refused: string | null
}

/** Names one subscription's pace where paces are kept. */
export function paceKey(venue: string, channel: string, symbol: string): string {
  return `${venue} ${channel} ${symbol}`
}
