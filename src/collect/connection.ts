import { assert } from '../core/assert.ts'
import { redact } from '../core/redact.ts'
import { backoffMs } from '../core/retry.ts'
import { baseUrl } from './base-url.ts'
import type { FeedContext } from './feed-control.ts'
import type { FeedOptions, FeedState, FeedStatus, SubscriptionStatus } from './feed-options.ts'
import { paceKey } from './feed-options.ts'
import { runSession } from './feed-session.ts'
import { createOutageLog } from './outage.ts'
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
 *
 * @throws ASSAY_USAGE when the URL is none.
 */
export function collectFeed(options: FeedOptions): FeedHandle {
  const { venue, clock, signal } = options
  const name = options.feedName ?? Object.keys(venue.feeds)[0]!
  const feed = venue.feeds[name]
  assert(feed, 'the feed is one of the venue')
  const url = baseUrl(options.url ?? feed.url, ['ws:', 'wss:'])
  const subscriptions = createSubscriptions(
    feed,
    options.products,
    (channel, symbol) => options.paces?.[paceKey(venue.id, channel, symbol)],
  )
  const counts = { frames: 0, bytes: 0, paused: false }
  // What is told of the address, and to whom, is not ours to know: it goes without its secrets.
  const shownUrl = redact(url)
  const outages = createOutageLog(options, shownUrl)
  let state: FeedState = 'connecting'
  let connects = 0

  const turn = (to: FeedState) => {
    state = to
    options.onStatus?.(status())
  }
  const onOpen = () => {
    connects += 1
    outages.opened()
    turn('open')
  }
  const heard = { complaint: '' }
  const addresses = { url, shownUrl }
  const context: FeedContext = {
    ...{ options, feed, ...addresses, subscriptions, counts, heard, onOpen },
  }

  async function run(): Promise<void> {
    let attempt = 0
    while (!signal.aborted) {
      await options.connects.take('live', signal).catch(() => undefined)
      if (signal.aborted) break
      turn('connecting')
      const end = await runSession(context, outages.outage)
      if (end.fatal !== null) throw end.fatal
      if (signal.aborted) break
      outages.ended(end)
      turn('waiting')
      attempt = end.livedMs >= STABLE_MS ? 0 : attempt + 1
      const pauseMs = backoffMs(Math.max(0, attempt - 1), { ...RETRY, random: options.random })
      await clock.sleep(Math.max(pauseMs, end.retryAfterMs), signal)
    }
    turn('stopped')
  }

  function status(): FeedStatus {
    const { frames, bytes, paused } = counts
    const { failures, downSinceUs } = outages.outage
    return {
      ...{ venue: venue.id, feed: name, url: shownUrl, state, connects, failures, downSinceUs },
      ...{ lastFailure: outages.lastFailure, frames, bytes, paused },
      subscriptions: subscriptions.all.map((sub) => subscriptionStatus(sub, state)),
    }
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
