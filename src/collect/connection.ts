import { assert } from '../core/assert.ts'
import { backoffMs } from '../core/retry.ts'
import type { Blame } from '../market/self-record.ts'
import { joinBlame } from './blame.ts'
import type { FeedContext } from './feed-control.ts'
import type { FeedOptions, FeedState, FeedStatus, SubscriptionStatus } from './feed-options.ts'
import { paceKey } from './feed-options.ts'
import type { SessionEnd } from './feed-session.ts'
import { runSession } from './feed-session.ts'
import type { Pace } from './pace.ts'
import type { SubscriptionState } from './subscriptions.ts'
import { createSubscriptions, isFlowing } from './subscriptions.ts'

const RETRY = { baseMs: 500, capMs: 30_000 }
const STABLE_MS = 30_000

/** One running feed. */
export interface FeedHandle {
  status(): FeedStatus
  /** What was learned of each subscription's pace. */
  paces(): Record<string, Pace>
  /** Resolves when the signal has ended the feed; rejects when the log cannot be written. */
  readonly done: Promise<void>
}

/**
 * Keeps one feed of a venue connected until aborted: whatever ends a connection, another is
 * made after a jittered pause of at most 30 s, which shrinks only once a connection has carried
 * data for 30 s.
 */
export function collectFeed(options: FeedOptions): FeedHandle {
  const { venue, clock, log, signal } = options
  const name = options.feedName ?? Object.keys(venue.feeds)[0]!
  const feed = venue.feeds[name]
  assert(feed, 'the feed is one of the venue')
  const url = options.url ?? feed.url
  const subscriptions = createSubscriptions(
    feed,
    options.products,
    (channel, symbol) => options.paces?.[paceKey(venue.id, channel, symbol)],
  )
  const counts = { frames: 0, bytes: 0, paused: false }
  let state: FeedState = 'connecting'
  let connects = 0
  let failures = 0
  let lastFailure: string | null = null
  let downSinceUs: number | null = null
  let blame: Blame | null = null

  const turn = (to: FeedState) => {
    state = to
    options.onStatus?.(status())
  }
  const onOpen = () => {
    connects += 1
    failures = 0
    downSinceUs = null
    blame = null
    turn('open')
    log.info({ venue: venue.id, url }, `connected to ${venue.name}`)
  }
  const context: FeedContext = { options, feed, url, subscriptions, counts, onOpen }

  function noteEnd(end: SessionEnd): void {
    downSinceUs ??= clock.nowUs()
    lastFailure = end.reason === '' ? `closed with code ${end.code}` : end.reason
    if (end.opened) {
      log.warn({ venue: venue.id, code: end.code }, `${venue.name} is gone: ${lastFailure}`)
      return
    }
    failures += 1
    blame = joinBlame(blame, end.blame)
    // Said at 1, 2, 4, 8 … failures: a long outage is not a long log.
    if ((failures & (failures - 1)) === 0) {
      const facts = { venue: venue.id, url, failures, blame }
      log.warn(facts, `${venue.name} cannot be reached (${lastFailure}); trying again`)
    }
  }

  async function run(): Promise<void> {
    let attempt = 0
    while (!signal.aborted) {
      await options.connects.take('live', signal).catch(() => undefined)
      if (signal.aborted) break
      turn('connecting')
      const outage = { failures, downSinceUs, blame: blame ?? ('unknown' as const) }
      const end = await runSession(context, outage)
      if (end.fatal !== null) throw end.fatal
      if (signal.aborted) break
      noteEnd(end)
      turn('waiting')
      attempt = end.livedMs >= STABLE_MS ? 0 : attempt + 1
      const pauseMs = backoffMs(Math.max(0, attempt - 1), { ...RETRY, random: options.random })
      await clock.sleep(Math.max(pauseMs, end.retryAfterMs), signal)
    }
    turn('stopped')
  }

  function status(): FeedStatus {
    const { frames, bytes, paused } = counts
    const about = { venue: venue.id, feed: name, url, state, connects, failures, lastFailure }
    const subs = subscriptions.all.map((sub) => subscriptionStatus(sub, state))
    return { ...about, downSinceUs, frames, bytes, paused, subscriptions: subs }
  }

  function paces(): Record<string, Pace> {
    const learned = subscriptions.all.filter((sub) => sub.pace.samples > 0)
    return Object.fromEntries(
      learned.map((sub) => [paceKey(venue.id, sub.channel, sub.symbol), { ...sub.pace }]),
    )
  }

  return { status, paces, done: run() }
}

function subscriptionStatus(sub: SubscriptionState, feedState: FeedState): SubscriptionStatus {
  const { channel, symbol, fact, frames, lastId, lastEventTimeUs, refused } = sub
  const lagUs = frames > 0 && lastEventTimeUs > 0 ? sub.lastReceivedUs - lastEventTimeUs : null
  const { meanGapMs } = sub.pace
  const about = { channel, symbol, fact, frames, lastId, lastEventTimeUs, lagUs, meanGapMs }
  return { ...about, refused, state: stateOf(sub, feedState) }
}

function stateOf(sub: SubscriptionState, feedState: FeedState): SubscriptionStatus['state'] {
  if (feedState !== 'open') return 'idle'
  if (sub.refused !== null) return 'refused'
  if (sub.tries > 0 && sub.freshMs < sub.triedMs) return 'stale'
  if (isFlowing(sub)) return 'flowing'
  return sub.acked ? 'acked' : 'asked'
}
