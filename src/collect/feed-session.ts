import type { Blame } from '../market/self-record.ts'
import type { Backpressure } from './backpressure.ts'
import { createBackpressure } from './backpressure.ts'
import type { FeedContext, Speaker } from './feed-control.ts'
import { askAgain, createSpeaker, enterScope, hearControl, redrive } from './feed-control.ts'
import type { Socket, SocketEnd } from './socket.ts'
import { openSocket } from './socket.ts'
import { observeFrame, resetForConnection } from './subscriptions.ts'
import { inspect } from './watchdog.ts'

const LOOK_MS = 250
const NAME_LENGTH_MAX = 64

/** What was before a connection, for the diary. */
export interface Outage {
  readonly failures: number
  readonly downSinceUs: number | null
  readonly blame: Blame
}

/** How one connection went. */
export interface SessionEnd extends SocketEnd {
  /** Milliseconds between the opening and the last frame; 0 without a frame. */
  readonly livedMs: number
  /** What ends the run: the log cannot be written, or we were wrong; else `null`. */
  readonly fatal: unknown
}

/** One connection, while it lasts. */
interface Session {
  readonly context: FeedContext
  readonly conn: string
  frame: number
  openedMs: number
  /** When the last frame came; moved on where silence proves nothing. */
  heardMs: number
  gate: Backpressure | null
  fatal: unknown
}

/**
 * Runs one connection from its first attempt to its end: subscribes, writes every frame into
 * the log, and watches over what should flow. Never rejects.
 */
export async function runSession(context: FeedContext, outage: Outage): Promise<SessionEnd> {
  const { options, feed, url, shownUrl } = context
  const { clock, venue, diary, signal } = options
  const nowMs = clock.monotonicMs()
  const conn = options.nextConn()
  const times = { openedMs: nowMs, heardMs: nowMs }
  const session: Session = { context, conn, frame: 0, ...times, gate: null, fatal: null }
  const over = new AbortController()
  const fail = (error: unknown) => {
    session.fatal ??= error
    socket.kill('the collector failed')
  }
  const onOpen = () => {
    diary.write({ event: 'connect', venue: venue.id, url: shownUrl, ...outage })
    begin(session, socket)
    const speak = createSpeaker(context, { socket, signal: over.signal })
    speak(feed.subscribe(context.subscriptions.all))
    watch(session, { socket, speak, signal: over.signal }).catch(fail)
  }
  const socket = openSocket({
    url,
    clock,
    userAgent: options.userAgent,
    frameBytesMax: feed.limits.frameBytesMax,
    onOpen: guard(onOpen, fail),
    onFrame: guard((payload) => takeFrame(session, payload), fail),
  })
  const leave = () => socket.close()
  signal.addEventListener('abort', leave)
  const end = await socket.ended
  signal.removeEventListener('abort', leave)
  over.abort()
  context.counts.paused = false
  if (end.opened && session.fatal === null) {
    diary.write({ event: 'close', venue: venue.id, code: end.code, reason: end.reason })
  }
  const livedMs = session.frame === 0 ? 0 : session.heardMs - session.openedMs
  return { ...end, livedMs, fatal: session.fatal }
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

function begin(session: Session, socket: Socket): void {
  const { context } = session
  const { clock, journal } = context.options
  session.openedMs = clock.monotonicMs()
  session.heardMs = session.openedMs
  const onResume = () => {
    session.heardMs = clock.monotonicMs()
  }
  session.gate = createBackpressure(socket, { journal, onResume })
  context.onOpen()
  resetForConnection(context.subscriptions, session.openedMs)
  enterScope(
    context,
    context.subscriptions.all.filter((sub) => sub.refused === null),
  )
}

/** Writes one frame into the log and notes what it tells. */
function takeFrame(session: Session, payload: Uint8Array): void {
  const { context, conn, frame } = session
  const { clock, journal } = context.options
  const receivedTimeUs = clock.nowUs()
  session.heardMs = clock.monotonicMs()
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
  session.frame += 1
  context.counts.frames += 1
  context.counts.bytes += payload.length
  if (route.kind === 'data' || route.kind === 'heartbeat') {
    observeFrame(context.subscriptions, route, { us: receivedTimeUs, ms: session.heardMs })
  } else if (route.kind !== 'unknown') {
    hearControl(context, route)
  }
  session.gate?.count(payload.length)
}

/** Looks four times a second whether the connection and everything on it is alive. */
async function watch(
  session: Session,
  line: { readonly socket: Socket; readonly speak: Speaker; readonly signal: AbortSignal },
): Promise<void> {
  const { context, gate } = session
  const { options, feed, subscriptions, counts } = context
  const { clock } = options
  let lookedMs = clock.monotonicMs()
  while (!line.signal.aborted) {
    await clock.sleep(LOOK_MS, line.signal)
    const nowMs = clock.monotonicMs()
    const overslept = nowMs - lookedMs > 3 * LOOK_MS
    lookedMs = nowMs
    counts.paused = gate?.paused ?? false
    // While we were busy or held the venue back, its silence proves nothing.
    if (line.signal.aborted || overslept || counts.paused) continue
    const silentMs = Math.round(nowMs - session.heardMs)
    if (silentMs > feed.limits.silenceMsMax) return line.socket.kill(`no frame for ${silentMs} ms`)
    const { unanswered, stale } = inspect(subscriptions, feed, nowMs)
    if (unanswered.length > 0) askAgain(context, unanswered, line.speak)
    for (const each of stale) redrive(context, each, line.speak)
    const last = stale.find((each) => each.escalate)
    if (last) return line.socket.kill(`${last.sub.symbol} ${last.sub.channel}: ${last.why}`)
  }
}
