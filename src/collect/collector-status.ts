import type { BackfillStatus } from './backfill-scheduler.ts'
import type { RunContext } from './collector-options.ts'
import type { CollectorParts } from './collector-parts.ts'
import type { FeedStatus } from './feed-options.ts'
import type { Incident } from './incidents.ts'
import type { ListingTask } from './listing.ts'
import type { PollStatus } from './rest-poll.ts'
import type { WitnessStatus } from './witness.ts'

/** How a collector gets its data: the socket, polling over REST, or both. */
export type CollectMode = 'ws' | 'rest' | 'both'

/** A collector at one moment. */
export interface CollectorStatus {
  readonly venue: string
  readonly mode: CollectMode
  readonly products: readonly string[]
  /** Whether the venue's listing has confirmed the products. */
  readonly listed: boolean
  /** When collecting began, epoch microseconds. */
  readonly sinceUs: number
  /** Records written into the log by this run. */
  readonly records: number
  /** `null` where the mode has none, or no holes can be asked for. */
  readonly feed: FeedStatus | null
  readonly poll: PollStatus | null
  readonly backfill: BackfillStatus | null
  readonly witness: WitnessStatus | null
  /** What is wrong now, oldest first. */
  readonly incidents: readonly Incident[]
  /** Over the last seconds; of the fact channel for the second. */
  readonly framesPerSecond: number
  readonly factFramesPerSecond: number
  /** Lag of the fact subscription that is heard of most recently, by both clocks, or `null`. */
  readonly lagUs: number | null
  /** How REST stands: requests waiting, and milliseconds left of a pause the venue asked for. */
  readonly rest: { readonly waiting: number; readonly pausedMs: number }
}

/** What a run amounted to. */
export interface CollectorSummary {
  readonly reason: string
  readonly products: readonly string[]
  readonly seconds: number
  /** Records written, and the position below which all are durable. */
  readonly records: number
  readonly durablePos: number
  readonly frames: number
  readonly bytes: number
  readonly connects: number
  readonly handovers: number
  readonly polls: number
  /** Missing trades that REST pages held, and holes given up. */
  readonly found: number
  readonly gaveUp: number
}

/** Smoothed rates of a feed's frames. */
export interface Meter {
  /** Takes the counts at `nowMs`; call it about once a second. */
  sample(feed: FeedStatus | null, nowMs: number): void
  readonly framesPerSecond: number
  readonly factFramesPerSecond: number
}

const WEIGHT = 0.5

/** Opens a meter at zero. */
export function createMeter(startMs: number): Meter {
  let lastMs = startMs
  let last = { frames: 0, facts: 0 }
  const rate = { frames: 0, facts: 0 }
  return {
    sample(feed, nowMs) {
      const seconds = (nowMs - lastMs) / 1000
      if (feed === null || seconds <= 0) return
      const facts = feed.subscriptions.reduce((sum, sub) => sum + (sub.fact ? sub.frames : 0), 0)
      rate.frames += ((feed.frames - last.frames) / seconds - rate.frames) * WEIGHT
      rate.facts += ((facts - last.facts) / seconds - rate.facts) * WEIGHT
      last = { frames: feed.frames, facts }
      lastMs = nowMs
    },
    get framesPerSecond() {
      return rate.frames
    },
    get factFramesPerSecond() {
      return rate.facts
    },
  }
}

/** Takes a collector's state now. */
export function collectorStatus(
  run: RunContext,
  work: {
    readonly listing: ListingTask
    readonly parts: CollectorParts
    readonly meter: Meter
  },
): CollectorStatus {
  const { options, startPos, sinceUs, budget } = run
  const { parts, meter } = work
  const { products } = parts
  const feed = parts.feed?.status() ?? null
  return {
    ...{ venue: options.venue.id, mode: options.mode, products, sinceUs, feed },
    listed: work.listing.arrived,
    records: options.journal.nextPos - startPos,
    poll: parts.poller?.status() ?? null,
    backfill: parts.backfill?.status() ?? null,
    witness: parts.witness === null ? null : { ...parts.witness.status },
    incidents: run.incidents.current,
    framesPerSecond: meter.framesPerSecond,
    factFramesPerSecond: meter.factFramesPerSecond,
    lagUs: leastLagUs(feed),
    rest: budget.status(),
  }
}

/**
 * Returns the least lag among the fact subscriptions that flow: of a quiet product the last
 * trade is old, which says nothing of how far behind we are.
 */
function leastLagUs(feed: FeedStatus | null): number | null {
  let least: number | null = null
  for (const sub of feed?.subscriptions ?? []) {
    if (!sub.fact || sub.state !== 'flowing' || sub.lagUs === null) continue
    if (least === null || sub.lagUs < least) least = sub.lagUs
  }
  return least
}
