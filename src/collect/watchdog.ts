import type { Feed } from '../venues/venue.ts'
import { patienceMs } from './pace.ts'
import type { SubscriptionState, Subscriptions } from './subscriptions.ts'
import { isFlowing } from './subscriptions.ts'

const ACK_MS = 3000
const REFUSED_MS = 300_000
const ASK_MS_MAX = 300_000
const OWED_MS = 2000
const RETRY_MS = 2000
const RETRY_MS_MAX = 60_000
const CALM_MS = 30_000
const TRIES_BEFORE_RECONNECT = 3
const ESCALATE_MS = 60_000
const ESCALATE_MS_MAX = 3_600_000
const WITNESS_MS = 5000

/** What one look at the subscriptions calls for. */
export interface Findings {
  /** Neither acknowledged nor flowing: ask again. */
  readonly unanswered: readonly SubscriptionState[]
  /** Acknowledged, but its data stopped: drive it anew. */
  readonly stale: readonly Stale[]
}

/** One subscription whose data stopped. */
export interface Stale {
  readonly sub: SubscriptionState
  readonly silentMs: number
  readonly why: string
  /** Driving it anew did not help: the connection itself is to go. */
  readonly escalate: boolean
}

/**
 * Looks at every subscription once and says what is to be done; notes what it asked for, so
 * that the next look gives it time.
 *
 * A symbol is muted when a heartbeat named a trade that has not come within 2 s. Without such a
 * witness it is suspected when it is silent beyond its own patience, which doubts stretch: a
 * quiet market is asked about more and more rarely. A symbol whose witness says that nothing
 * traded is never suspected.
 */
export function inspect(subscriptions: Subscriptions, feed: Feed, nowMs: number): Findings {
  const unanswered: SubscriptionState[] = []
  const stale: Stale[] = []
  for (const sub of subscriptions.all) {
    if (!sub.acked && !isFlowing(sub)) {
      if (nowMs - sub.askedMs < answerMs(sub)) continue
      sub.askedMs = nowMs
      sub.asks += 1
      unanswered.push(sub)
      continue
    }
    const suspicion = suspect(subscriptions, { feed, sub, nowMs })
    if (suspicion !== null) stale.push(note(sub, suspicion, nowMs))
    else if (sub.tries > 0 && nowMs - sub.triedMs > CALM_MS) calm(sub)
  }
  return { unanswered, stale }
}

function answerMs(sub: SubscriptionState): number {
  if (sub.refused !== null) return REFUSED_MS
  return Math.min(ASK_MS_MAX, ACK_MS * 2 ** (sub.asks - 1))
}

function suspect(
  subscriptions: Subscriptions,
  at: { readonly feed: Feed; readonly sub: SubscriptionState; readonly nowMs: number },
): { readonly silentMs: number; readonly why: string } | null {
  const { feed, sub, nowMs } = at
  if (!sub.fact && !sub.heartbeat) return null
  const rest = sub.tries === 0 ? 0 : Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** sub.tries)
  if (sub.triedMs >= 0 && nowMs - sub.triedMs < rest) return null
  if (sub.fact && feed.limits.heartbeatWitness) {
    const owedMs = sub.owedSinceMs < 0 ? 0 : nowMs - sub.owedSinceMs
    if (owedMs > OWED_MS) {
      const silentMs = Math.round(nowMs - sub.freshMs)
      return { silentMs, why: `trade ${sub.owedId} is owed for ${Math.round(owedMs)} ms` }
    }
    if (witnessSpeaks(subscriptions, sub.symbol, nowMs)) return null
  }
  const silentMs = Math.round(nowMs - sub.freshMs)
  if (silentMs <= patienceMs(sub.pace) * 2 ** sub.doubts) return null
  return {
    silentMs,
    why: `silent for ${silentMs} ms, usual gap ${sub.pace.meanGapMs.toFixed(0)} ms`,
  }
}

function witnessSpeaks(subscriptions: Subscriptions, symbol: string, nowMs: number): boolean {
  for (const sub of subscriptions.of(symbol)) {
    if (sub.heartbeat && sub.seenMs >= 0 && nowMs - sub.seenMs < WITNESS_MS) return true
  }
  return false
}

function note(
  sub: SubscriptionState,
  suspicion: { readonly silentMs: number; readonly why: string },
  nowMs: number,
): Stale {
  const escalate = sub.tries >= TRIES_BEFORE_RECONNECT && nowMs >= sub.escalateAtMs
  sub.tries += 1
  sub.triedMs = nowMs
  sub.doubts = Math.min(10, sub.doubts + 1)
  if (escalate) {
    // One bad symbol must not cost the others their connection again and again.
    sub.escalateAtMs = nowMs + Math.min(ESCALATE_MS_MAX, ESCALATE_MS * 2 ** sub.escalations)
    sub.escalations += 1
  }
  return { sub, ...suspicion, escalate }
}

function calm(sub: SubscriptionState): void {
  sub.tries = 0
  sub.triedMs = -1
  sub.escalations = 0
}
