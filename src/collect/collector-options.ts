import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { Venue } from '../venues/venue.ts'
import type { CollectMode, CollectorStatus } from './collector-status.ts'
import type { Diary } from './diary.ts'
import type { Hole } from './hole-plan.ts'
import type { PaceStore } from './pace.ts'
import type { RateBudget } from './rate-budget.ts'
import type { RestClient } from './rest-client.ts'

/** Everything a collector needs. The warehouse's answers are functions handed in. */
export interface CollectorOptions {
  readonly venue: Venue
  readonly mode: CollectMode
  /** As a person typed them; letters match in either case. */
  readonly products: readonly string[]
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** The command and version for the diary, and for the `User-Agent`. */
  readonly command: string
  readonly version: string
  /** @default the venue's first feed */
  readonly feedName?: string
  /** Instead of the venue's own URLs. */
  readonly wsUrl?: string
  readonly restUrl?: string
  /** Pause between polls. @default 300 */
  readonly pollSeconds?: number
  /** Ends the collector as {@link Collector.stop} does. */
  readonly signal?: AbortSignal
  /** Holes past their grace; without it nothing is repaired. */
  readonly holes?: () => Promise<readonly Hole[]>
  /** Attempts that must agree before a hole is given up. @default 6 */
  readonly verdictAttempts?: number
  /** The newest trade id held of a symbol; polling starts from it. */
  readonly lastHeldId?: (symbol: string) => Promise<number | null>
  readonly paceStore?: PaceStore
  /** Told once a second. */
  readonly onStatus?: (status: CollectorStatus) => void
}

/** What the parts of one run share. */
export interface RunContext {
  readonly options: CollectorOptions
  readonly diary: Diary
  readonly rest: RestClient
  readonly budget: RateBudget
  readonly nextConn: () => string
  readonly userAgent: string
  readonly sinceUs: number
  readonly startPos: number
  /** Aborted once, by whoever ends the run, with a text as its reason. */
  readonly stopping: AbortController
}
