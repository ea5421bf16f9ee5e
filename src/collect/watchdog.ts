import type { Feed } from '../venues/venue.ts'
import { patienceMs } from './pace.ts'
import type { SubscriptionState, Subscriptions } from './subscriptions.ts'
import { isFlowing, noteAsked } from './subscriptions.ts'

const ACK_MS = 3000
/** A refusal may be a mood: it is tested soon, and then ever more rarely. */
const REFUSED_MS = 30_000
const ASK_MS_MAX = 300_000
const OWED_MS = 2000
const COMPANION_OWED_MS = 15_000
const COMPANION_TRADES_MIN = 5
const RETRY_MS = 2000
const RETRY_MS_MAX = 60_000
const CALM_MS = 30_000
const TRIES_BEFORE_RECONNECT = 3
const ESCALATE_MS = 60_000
const ESCALATE_MS_MAX = 3_600_000
const WITNESS_MS = 5000
const DOUBTS_MAX = 10
/** Silence is borne no longer than this where nobody can be asked what it means. */
const UNWITNESSED_MS = 600_000
const UNHEARD_MAX = 3

/** What one look at the subscriptions calls for. */
export interface Findings {
  /** Neither acknowledged nor flowing: ask again. */
  readonly unanswered: readonly SubscriptionState[]
  /** Its data stopped: drive it anew. */
  readonly stale: readonly Stale[]
  /** Silent beyond its pace: ask the venue by another way whether it traded. */
  readonly doubted: readonly SubscriptionState[]
  /** Silent for so long that the venue is asked whatever the pace. */
  readonly quiet: readonly SubscriptionState[]
}

/** One subscription whose data stopped. */
export interface Stale {
  readonly sub: SubscriptionState
  readonly silentMs: number
  readonly why: string
  /** Driving it anew did not help: the connection itself is to go. */
  readonly escalate: boolean
}

/** By what a feed is judged. */
export interface Watch {
  readonly feed: Feed
  /** Silence after which REST is asked; `null` where there is no such witness. */
  readonly witnessMs: number | null
}

/**
 * Looks at every subscription once and says what is to be done; notes what it asked for, so
 * that the next look gives it time.
 *
 * A symbol is muted when a heartbeat named a trade that has not come within 2 s. Without such a
 * witness it is suspected when it is silent beyond its own patience, which doubts stretch: a
 * quiet market is asked about more and more rarely. A symbol whose witness says that nothing
 * traded is never suspected. Where REST can be asked, a suspicion is only a reason to ask it.
 *
 * A ticker or candle is suspected when it is silent for 15 s and five trades of its symbol: one
 * frame of it may be lost, and the next tells all of it again.
 */
export function inspect(subscriptions: Subscriptions, watch: Watch, nowMs: number): Findings {
  const unanswered: SubscriptionState[] = []
  const stale: Stale[] = []
  const doubted: SubscriptionState[] = []
  const quiet: SubscriptionState[] = []
  for (const sub of subscriptions.all) {
    if (!sub.acked && !isFlowing(sub)) {
      if (nowMs - sub.askedMs < answerMs(sub)) continue
      noteAsked(sub, nowMs)
      unanswered.push(sub)
      continue
    }
    const suspicion = suspect(subscriptions, { watch, sub, nowMs })
    if (suspicion?.sure) {
      stale.push(noteStale(sub, suspicion, nowMs))
      noteDoubt(sub)
    } else if (suspicion !== null) doubted.push(noteWitnessing(sub, nowMs))
    else if (isQuiet(watch, sub, nowMs)) quiet.push(noteWitnessing(sub, nowMs))
    else if (sub.tries > 0 && nowMs - sub.triedMs > CALM_MS) calm(sub)
  }
  return { unanswered, stale, doubted, quiet }
}

function answerMs(sub: SubscriptionState): number {
  if (sub.refused !== null) return Math.min(ASK_MS_MAX, REFUSED_MS * 2 ** (sub.asks - 1))
  return Math.min(ASK_MS_MAX, ACK_MS * 2 ** (sub.asks - 1))
}

interface Suspicion {
  readonly silentMs: number
  readonly why: string
  /** Whether it is certain enough to act upon. */
  readonly sure: boolean
}

function suspect(
  subscriptions: Subscriptions,
  at: { readonly watch: Watch; readonly sub: SubscriptionState; readonly nowMs: number },
): Suspicion | null {
  const { sub, nowMs } = at
  if (sub.book || sub.symbol === '') return null
  const rest = sub.tries === 0 ? 0 : Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** sub.tries)
  if (sub.triedMs >= 0 && nowMs - sub.triedMs < rest) return null
  const silentMs = Math.round(nowMs - sub.freshMs)
  const owedMs = sub.owedSinceMs < 0 ? 0 : Math.round(nowMs - sub.owedSinceMs)
  if (!sub.fact && !sub.heartbeat) {
    if (owedMs <= COMPANION_OWED_MS || sub.strikes < COMPANION_TRADES_MIN) return null
    const why = `its symbol made ${sub.strikes} trades in ${owedMs} ms without it`
    return { silentMs, why, sure: true }
  }
  if (sub.fact && at.watch.feed.limits.heartbeatWitness) {
    if (owedMs > OWED_MS) {
      return { silentMs, why: `trade ${sub.owedId} is owed for ${owedMs} ms`, sure: true }
    }
    if (witnessSpeaks(subscriptions, sub.symbol, nowMs)) return null
  }
  return suspectSilence(at.watch, sub, nowMs)
}

/** Suspects a subscription for its silence alone. */
function suspectSilence(watch: Watch, sub: SubscriptionState, nowMs: number): Suspicion | null {
  const silentMs = Math.round(nowMs - sub.freshMs)
  if (silentMs <= patienceOf(sub)) return null
  const why = `silent for ${silentMs} ms, usual gap ${sub.pace.meanGapMs.toFixed(0)} ms`
  if (!sub.fact || watch.witnessMs === null) return { silentMs, why, sure: true }
  const untriedMs = nowMs - Math.max(sub.freshMs, sub.triedMs)
  if (sub.unheard >= UNHEARD_MAX && untriedMs > UNWITNESSED_MS) return { silentMs, why, sure: true }
  if (sub.witnessing || nowMs < sub.witnessAtMs) return null
  return { silentMs, why, sure: false }
}

/** How long a subscription may be silent before it is suspected; doubts stretch it. */
export function patienceOf(sub: SubscriptionState): number {
  return patienceMs(sub.pace) * 2 ** sub.doubts
}

function isQuiet({ witnessMs }: Watch, sub: SubscriptionState, nowMs: number): boolean {
  if (!sub.fact || witnessMs === null || sub.witnessing) return false
  return nowMs - Math.max(sub.seenMs, sub.witnessedMs, sub.askedMs) > witnessMs
}

function noteWitnessing(sub: SubscriptionState, nowMs: number): SubscriptionState {
  sub.witnessing = true
  sub.witnessedMs = nowMs
  return sub
}

function witnessSpeaks(subscriptions: Subscriptions, symbol: string, nowMs: number): boolean {
  for (const sub of subscriptions.of(symbol)) {
    if (sub.heartbeat && sub.seenMs >= 0 && nowMs - sub.seenMs < WITNESS_MS) return true
  }
  return false
}

/** Notes that a subscription is about to be driven anew, and says whether that is enough. */
export function noteStale(
  sub: SubscriptionState,
  suspicion: { readonly silentMs: number; readonly why: string },
  nowMs: number,
): Stale {
  const { silentMs, why } = suspicion
  const fruitless = sub.tries >= TRIES_BEFORE_RECONNECT && nowMs >= sub.escalateAtMs
  // A ticker or candle is no reason to part with trades that flow.
  const escalate = fruitless && (sub.fact || sub.heartbeat)
  sub.tries += 1
  sub.triedMs = nowMs
  if (escalate) {
    // One bad symbol must not cost the others their connection again and again.
    sub.escalateAtMs = nowMs + Math.min(ESCALATE_MS_MAX, ESCALATE_MS * 2 ** sub.escalations)
    sub.escalations += 1
  }
  return { sub, silentMs, why, escalate }
}

/** Notes that a suspicion was not borne out, or could only be acted upon: the next comes later. */
export function noteDoubt(sub: SubscriptionState): void {
  sub.doubts = Math.min(DOUBTS_MAX, sub.doubts + 1)
}

function calm(sub: SubscriptionState): void {
  sub.tries = 0
  sub.triedMs = -1
  sub.escalations = 0
}
