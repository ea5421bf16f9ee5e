import type { FeedState, SubscriptionStatus } from './feed-options.ts'
import type { SubscriptionState } from './subscriptions.ts'
import { isFlowing } from './subscriptions.ts'

/** Takes a subscription's state now, on a feed that stands so. */
export function subscriptionStatus(
  sub: SubscriptionState,
  feedState: FeedState,
): SubscriptionStatus {
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
