import { askAgain, redrive, settleStale } from './feed-control.ts'
import type { SessionState } from './feed-session.ts'
import { inquire } from './feed-witness.ts'
import { isFlowing } from './subscriptions.ts'
import type { Findings, Stale } from './watchdog.ts'
import { inspect } from './watchdog.ts'

const LOOK_MS = 250
const WITNESS_SECONDS = 60
const HOUR_MS = 3_600_000
/** A successor that has not everything by then is taken if any trade flows. */
const READY_MS_MAX = 10_000

/**
 * Looks four times a second, until aborted, whether a connection and everything on it is alive,
 * and says when it is ready and when another is to stand beside it.
 */
export async function watchSession(state: SessionState, signal: AbortSignal): Promise<void> {
  const { context, gate, socket } = state
  const { options, feed, counts } = context
  const { clock } = options
  const lifeMs = options.lifeMsMax ?? feed.limits.lifeMsMax
  const reliefMs = lifeMs === null ? Number.POSITIVE_INFINITY : lifeMs - leadMs(lifeMs)
  let lookedMs = clock.monotonicMs()
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return
    const nowMs = clock.monotonicMs()
    const overslept = nowMs - lookedMs > 3 * LOOK_MS
    lookedMs = nowMs
    counts.paused = gate?.paused ?? false
    state.talk?.line.keepAlive(nowMs)
    noteAge(state, nowMs, reliefMs)
    noteReady(state, nowMs)
    // While we were busy or held the venue back, its silence proves nothing.
    if (overslept || counts.paused) continue
    const silentMs = Math.round(nowMs - state.aliveMs)
    if (silentMs > feed.limits.silenceMsMax) {
      state.cause = 'silent'
      return socket.kill(`no frame for ${silentMs} ms`)
    }
    act(state, signal, nowMs)
  }
}

/** How long before its end a connection is relieved: a twentieth of its life, at most 1 h. */
function leadMs(lifeMs: number): number {
  return Math.min(lifeMs / 2, Math.max(2000, Math.min(HOUR_MS, lifeMs / 20)))
}

function noteAge(state: SessionState, nowMs: number, reliefMs: number): void {
  if (nowMs - state.openedMs < reliefMs) return
  // Should the venue be earlier than its word, its cut is one that was due all the same.
  state.cause = 'planned_cut'
  state.relief.resolve('its time is up')
}

function noteReady(state: SessionState, nowMs: number): void {
  const subs = state.subscriptions.all.filter((sub) => sub.refused === null)
  if (subs.every((sub) => sub.acked || isFlowing(sub))) state.ready.resolve(true)
  if (nowMs - state.openedMs < READY_MS_MAX) return
  state.ready.resolve(subs.some((sub) => sub.fact && isFlowing(sub)))
}

function act(state: SessionState, signal: AbortSignal, nowMs: number): void {
  const { context, subscriptions, talk } = state
  const { witness, witnessSeconds = WITNESS_SECONDS } = context.options
  if (talk === null) return
  const watch = { feed: context.feed, witnessMs: witness === null ? null : witnessSeconds * 1000 }
  const findings = inspect(subscriptions, watch, nowMs)
  if (findings.unanswered.length > 0) askAgain(talk, findings.unanswered)
  for (const stale of findings.stale) drive(state, stale, false)
  settleStale(talk)
  askWitness(state, findings, signal)
}

function drive(state: SessionState, stale: Stale, isProven: boolean): void {
  if (state.talk === null) return
  redrive(state.talk, stale, isProven)
  if (!stale.escalate) return
  const { symbol, channel } = stale.sub
  state.socket.kill(`${symbol} ${channel}: ${stale.why}`)
}

function askWitness(state: SessionState, findings: Findings, signal: AbortSignal): void {
  const { witness, clock } = state.context.options
  if (witness === null) return
  const onStale = (stale: Stale) => drive(state, stale, true)
  const fail = (error: unknown) => {
    if (signal.aborted) return
    state.fatal ??= error
    state.socket.kill('the collector failed')
  }
  const ask = (subs: Findings['quiet'], priority: 'live' | 'repair') => {
    if (subs.length === 0) return
    inquire(subs, { witness, clock, signal, priority, onStale }).catch(fail)
  }
  ask(findings.doubted, 'live')
  ask(findings.quiet, 'repair')
}
