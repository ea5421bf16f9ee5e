import type { Clock } from '../core/clock.ts'
import type { Priority } from './rate-budget.ts'
import type { SubscriptionState } from './subscriptions.ts'
import type { Stale } from './watchdog.ts'
import { noteDoubt, noteStale, patienceOf } from './watchdog.ts'
import type { RestWitness } from './witness.ts'

/** A trade on the way to us is no missed one. */
const GRACE_MS = 2000
const RECHECK_MS = 5000
const UNHEARD_MS = 2000
const UNHEARD_MS_MAX = 60_000
/** Proofs that drive a subscription anew whose silence is not unusual for it. */
const STRIKES_MAX = 2

/** Who is asked, and whom the answer concerns. */
export interface Inquiry {
  readonly witness: RestWitness
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly priority: Priority
  /** Told of a subscription that the venue's answer proves to be stale. */
  readonly onStale: (stale: Stale) => void
}

/**
 * Asks the venue over REST for the newest trades of silent subscriptions and judges each.
 *
 * One whose venue traded on without it is stale: at once where its silence is unusual for it,
 * else when that was seen twice, for one lost trade of a quiet symbol is a hole and no more. One
 * whose venue did not trade is quiet, and is doubted more rarely. Whoever cannot be asked proves
 * nothing.
 */
export async function inquire(subs: readonly SubscriptionState[], inquiry: Inquiry): Promise<void> {
  const { witness, clock, signal, priority } = inquiry
  const symbols = subs.map((sub) => sub.symbol)
  const newest = await witness.ask(symbols, priority)
  // An answer of a connection that is gone says nothing of the next.
  const ahead = signal.aborted
    ? []
    : subs.filter((sub) => isAhead(sub, newest.get(sub.symbol), clock.monotonicMs()))
  if (ahead.length > 0) await clock.sleep(GRACE_MS, signal)
  for (const sub of subs) sub.witnessing = false
  if (signal.aborted) return
  for (const sub of ahead) accuse(sub, newest.get(sub.symbol)!, inquiry)
}

/** Takes an answer; whether it speaks of a trade that did not come. */
function isAhead(sub: SubscriptionState, lastId: number | undefined, nowMs: number): boolean {
  if (lastId === undefined) {
    sub.unheard += 1
    sub.witnessAtMs = nowMs + Math.min(UNHEARD_MS_MAX, UNHEARD_MS * 2 ** sub.unheard)
    return false
  }
  sub.unheard = 0
  if (sub.clearedId < 0) {
    // What traded before it was subscribed is nothing it owes; what trades from now on is.
    sub.clearedId = lastId
    sub.witnessAtMs = nowMs + RECHECK_MS
    return false
  }
  if (lastId > sub.clearedId) return true
  if (nowMs - sub.freshMs > patienceOf(sub)) noteDoubt(sub)
  return false
}

function accuse(sub: SubscriptionState, lastId: number, { clock, onStale }: Inquiry): void {
  if (sub.clearedId >= lastId) return
  const nowMs = clock.monotonicMs()
  const silentMs = Math.round(nowMs - sub.freshMs)
  const missed = lastId - sub.clearedId
  sub.clearedId = lastId
  sub.strikes += 1
  if (silentMs <= patienceOf(sub) && sub.strikes < STRIKES_MAX) return
  const why = `silent for ${silentMs} ms while the venue made ${missed} trades`
  onStale(noteStale(sub, { silentMs, why }, nowMs))
}
