import type { Blame } from '../market/self-record.ts'
import { createRequestLog } from './acks.ts'
import type { Backpressure } from './backpressure.ts'
import { createBackpressure } from './backpressure.ts'
import type { Conversation, FeedContext } from './feed-control.ts'
import { enterScope, hearControl, request } from './feed-control.ts'
import { watchSession } from './feed-watch.ts'
import { createLine } from './line.ts'
import type { Socket, SocketEnd } from './socket.ts'
import { openSocket } from './socket.ts'
import type { Subscriptions } from './subscriptions.ts'
import { observeFrame, resetForConnection } from './subscriptions.ts'

const NAME_LENGTH_MAX = 64

/** What was before a connection, for the diary. */
export interface Outage {
  readonly failures: number
  readonly downSinceUs: number | null
  readonly blame: Blame
}

/** How one connection went. */
export interface SessionEnd extends SocketEnd {
  /** Milliseconds between the opening and the last sign of life; 0 without a frame. */
  readonly livedMs: number
  /** Why it ended, as an incident has it. */
  readonly cause: 'disconnected' | 'silent' | 'planned_cut'
  /** When the last sign of life came; 0 without one. */
  readonly heardUs: number
  /** What ends the run: the log cannot be written, or we were wrong; else `null`. */
  readonly fatal: unknown
}

/** One connection, from its first attempt to its end. */
export interface Session {
  readonly conn: string
  readonly subscriptions: Subscriptions
  /** Frames taken so far: the ordinal of the next. */
  readonly frames: number
  /** Whether the venue is known to end it soon. */
  readonly isEnding: boolean
  /** What can be said on it; `null` before it is open. */
  readonly talk: Conversation | null
  /** Whether everything it was asked for is acknowledged or flows; false if it ended before. */
  readonly ready: Promise<boolean>
  /** Resolves with the reason when another connection should be opened beside this one. */
  readonly relief: Promise<string>
  /** Resolves once, whatever happens; never rejects. */
  readonly ended: Promise<SessionEnd>
  /** Asks for another connection beside this one. */
  askRelief(why: string): void
  /** Says goodbye; frames that are under way are taken. */
  leave(reason: string): void
}

/** A connection as its own parts see it. */
export interface SessionState {
  readonly context: FeedContext
  readonly conn: string
  readonly subscriptions: Subscriptions
  readonly socket: Socket
  frame: number
  openedMs: number
  /** When the last sign of life came, pongs included. */
  aliveMs: number
  heardUs: number
  gate: Backpressure | null
  talk: Conversation | null
  cause: SessionEnd['cause']
  fatal: unknown
  readonly ready: PromiseWithResolvers<boolean>
  readonly relief: PromiseWithResolvers<string>
}

/**
 * Opens one connection: subscribes, writes every frame into the log, and watches over what
 * should flow.
 */
export function openSession(
  context: FeedContext,
  about: {
    readonly subscriptions: Subscriptions
    readonly outage: Outage
    readonly onOpen: () => void
  },
): Session {
  const over = new AbortController()
  const state = startSession(context, { ...about, over })
  const { signal } = context.options
  const leave = (reason: string) => state.socket.close(reason)
  const stop = () => leave('closed by us')
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()

  async function end(): Promise<SessionEnd> {
    const ended = await state.socket.ended
    signal.removeEventListener('abort', stop)
    over.abort()
    state.ready.resolve(false)
    context.counts.paused = false
    if (ended.opened && state.fatal === null) {
      const { diary, venue } = context.options
      diary.write({ event: 'close', venue: venue.id, code: ended.code, reason: ended.reason })
    }
    const livedMs = state.frame === 0 ? 0 : state.aliveMs - state.openedMs
    const { heardUs, fatal } = state
    return { ...ended, livedMs, cause: causeOf(state.cause, ended), heardUs, fatal }
  }

  return {
    conn: state.conn,
    subscriptions: state.subscriptions,
    get frames() {
      return state.frame
    },
    get isEnding() {
      return state.cause === 'planned_cut'
    },
    get talk() {
      return over.signal.aborted ? null : state.talk
    },
    ready: state.ready.promise,
    relief: state.relief.promise,
    askRelief: state.relief.resolve,
    ended: end(),
    leave,
  }
}

/** Going away, and restarting: the codes with which a venue ends connections by plan. */
const PLANNED_CODES: readonly (number | null)[] = [1001, 1012]

function causeOf(known: SessionEnd['cause'], end: SocketEnd): SessionEnd['cause'] {
  if (!end.opened) return 'disconnected'
  return PLANNED_CODES.includes(end.code) ? 'planned_cut' : known
}

function startSession(
  context: FeedContext,
  about: {
    readonly subscriptions: Subscriptions
    readonly outage: Outage
    readonly onOpen: () => void
    readonly over: AbortController
  },
): SessionState {
  const { options, feed, url } = context
  const { clock } = options
  const nowMs = clock.monotonicMs()
  const fail = (error: unknown) => {
    state.fatal ??= error
    socket.kill('the collector failed')
  }
  const onOpen = () => {
    begin(state, about.over.signal, about)
    watchSession(state, about.over.signal).catch(fail)
  }
  const alive = () => {
    state.aliveMs = clock.monotonicMs()
    state.heardUs = clock.nowUs()
  }
  const onPing = (data: Uint8Array) => {
    alive()
    state.talk?.line.pong(data)
  }
  const socket = openSocket({
    url,
    clock,
    userAgent: options.userAgent,
    frameBytesMax: feed.limits.frameBytesMax,
    onOpen: guard(onOpen, fail),
    onFrame: guard((payload) => takeFrame(state, payload), fail),
    onPing: guard(onPing, fail),
    onPong: alive,
  })
  const state: SessionState = {
    ...{ context, conn: options.nextConn(), subscriptions: about.subscriptions, socket },
    ...{ frame: 0, openedMs: nowMs, aliveMs: nowMs, heardUs: 0 },
    ...{ gate: null, talk: null, cause: 'disconnected', fatal: null },
    ready: Promise.withResolvers<boolean>(),
    relief: Promise.withResolvers<string>(),
  }
  return state
}

// A throw inside a socket's event would end the process past every boundary.
function guard<T extends unknown[]>(
  handle: (...args: T) => void,
  fail: (error: unknown) => void,
): (...args: T) => void {
  return (...args) => {
    try {
      handle(...args)
    } catch (error) {
      fail(error)
    }
  }
}

function begin(
  state: SessionState,
  signal: AbortSignal,
  about: { readonly outage: Outage; readonly onOpen: () => void },
): void {
  const { context, socket, subscriptions } = state
  const { clock, journal, diary, venue } = context.options
  diary.write({ event: 'connect', venue: venue.id, url: context.shownUrl, ...about.outage })
  state.openedMs = clock.monotonicMs()
  state.aliveMs = state.openedMs
  const onResume = () => {
    state.aliveMs = clock.monotonicMs()
  }
  state.gate = createBackpressure(socket, { journal, onResume })
  about.onOpen()
  resetForConnection(subscriptions, state.openedMs)
  enterScope(
    context,
    subscriptions.all.filter((sub) => sub.refused === null),
  )
  const line = createLine(context.feed, { socket, clock, signal })
  state.talk = { context, subscriptions, requests: createRequestLog(), line }
  request(state.talk, 'subscribe', subscriptions.all)
}

/** Writes one frame into the log and notes what it tells. */
function takeFrame(state: SessionState, payload: Uint8Array): void {
  const { context, conn, frame, talk } = state
  const { clock, journal } = context.options
  const receivedTimeUs = clock.nowUs()
  state.aliveMs = clock.monotonicMs()
  state.heardUs = receivedTimeUs
  const route = context.feed.route(payload)
  journal.append({
    dialect: context.feed.dialect,
    channel: route.channel.length <= NAME_LENGTH_MAX ? route.channel : 'unknown',
    symbol: route.symbol !== null && route.symbol.length <= NAME_LENGTH_MAX ? route.symbol : null,
    origin: 'ws',
    receivedTimeUs,
    conn,
    frame,
    request: null,
    payload,
  })
  state.frame += 1
  context.counts.frames += 1
  context.counts.bytes += payload.length
  if (route.kind === 'data' || route.kind === 'heartbeat') {
    observeFrame(state.subscriptions, route, { us: receivedTimeUs, ms: state.aliveMs })
  } else if (route.kind !== 'unknown' && talk !== null) {
    hearControl(talk, route)
  }
  if (route.endsSoon) {
    state.cause = 'planned_cut'
    state.relief.resolve('the venue announced its end')
  }
  state.gate?.count(payload.length)
}
