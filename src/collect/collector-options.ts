import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import type { BrokenBook } from '../market/book.ts'
import type { Venue } from '../venues/venue.ts'
import type { CandleGap } from './candle-plan.ts'
import type { CollectMode, CollectorStatus } from './collector-status.ts'
import type { Diary } from './diary.ts'
import type { Hole } from './hole-plan.ts'
import type { IncidentLog } from './incidents.ts'
import type { Memory } from './memory.ts'
import type { MemoryStore } from './memory-file.ts'
import type { RateBudget } from './rate-budget.ts'
import type { RestClient } from './rest-client.ts'
import type { HeldTrade } from './rest-poll.ts'

/**
 * Everything a collector of one exchange needs. The warehouse's answers are functions handed in.
 * Several venues are several collectors, which may share a log.
 */
export interface CollectorOptions {
  /** An exchange: aggregators have no feed and are polled by their own poller. */
  readonly venue: Venue
  readonly mode: CollectMode
  /**
   * As people type them, `BTC-USD` or the venue's own symbols, letters in either case; `null` or
   * none for the venue's own choice.
   */
  readonly products: readonly string[] | null
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
  /** Sent with every REST request, such as a key; never written into the log, never told. */
  readonly restHeaders?: Readonly<Record<string, string>>
  /** Holes past their grace; without it no trades are repaired. */
  readonly holes?: () => Promise<readonly Hole[]>
  /** Minutes that lack the venue's own candle; without it none are asked for. */
  readonly candleGaps?: () => Promise<readonly CandleGap[]>
  /** Attempts that must agree before a hole is given up. @default 6 */
  readonly verdictAttempts?: number
  /** The newest trade held of a symbol; polling starts from it. */
  readonly lastHeld?: (symbol: string) => Promise<HeldTrade | null>
  /** What is known after a restart: learned paces, and a pause that is not over. */
  readonly memory?: MemoryStore
  /** When the last record before this run was received, epoch microseconds, if there is one. */
  readonly lastWordUs?: number | null
  /** Silence of a symbol after which REST is asked whether it traded. @default 60 */
  readonly witnessSeconds?: number
  /** Age at which a connection is replaced. @default the feed's own, also for `null` */
  readonly lifeMsMax?: number | null
  /** Keeps order books as well. @default false */
  readonly books?: boolean
  /** Books whose chain of updates broke, as whoever folds them tells it. */
  readonly brokenBooks?: () => Promise<readonly BrokenBook[]>
  /** Told once a second. */
  readonly onStatus?: (status: CollectorStatus) => void
}

/** What the parts of one run share. */
export interface RunContext {
  readonly options: CollectorOptions
  readonly diary: Diary
  readonly incidents: IncidentLog
  readonly memory: Memory
  /** Connection attempts allowed to the venue's host, whatever they are for. */
  readonly connects: RateBudget
  readonly rest: RestClient
  readonly budget: RateBudget
  readonly nextConn: () => string
  readonly userAgent: string
  readonly sinceUs: number
  readonly startPos: number
  /** Aborted once, by whoever ends the run, with a text as its reason. */
  readonly stopping: AbortController
}
