import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { Clock } from '../core/clock.ts'
import { systemCode } from '../core/errors.ts'
import type { Blame } from '../market/self-record.ts'
import { blameOf } from './blame.ts'
import { retryAfterMs } from './retry-after.ts'

const HANDSHAKE_MS_MAX = 10_000
const CLOSE_MS_MAX = 1500
const GOING_AWAY = 1000

/** How a connection ended, or why it never began. */
export interface SocketEnd {
  readonly opened: boolean
  /** Close code; `null` where the connection ended without one. */
  readonly code: number | null
  readonly reason: string
  readonly blame: Blame
  /** How long the venue asked us to stay away; 0 if it did not. */
  readonly retryAfterMs: number
}

/** One WebSocket, from the first attempt to the end; there is no second life. */
export interface Socket {
  send(text: string): void
  ping(): void
  /** Answers a ping, which this socket does not do by itself: a pong is a message like others. */
  pong(data: Uint8Array): void
  /** Stops reading, so that TCP holds the venue back. */
  pause(): void
  resume(): void
  /** Says goodbye, giving `reason` as the cause, and waits at most 1.5 s for the answer. */
  close(reason: string): void
  /** Ends the connection at once, giving `reason` as the cause. */
  kill(reason: string): void
  /** Resolves once, whatever happens; never rejects. */
  readonly ended: Promise<SocketEnd>
}

/** What a socket needs to open, and whom it tells. */
export interface SocketOptions {
  readonly url: string
  readonly userAgent: string
  /** Longer frames end the connection with code 1009. */
  readonly frameBytesMax: number
  readonly clock: Clock
  readonly onOpen: () => void
  /** @param frame one whole message; borrowed, read it before returning. */
  readonly onFrame: (frame: Uint8Array) => void
  /** The venue sent a ping. */
  readonly onPing: (data: Uint8Array) => void
  /** The venue answered a ping. */
  readonly onPong: () => void
}

/** Opens a WebSocket. */
export function openSocket(options: SocketOptions): Socket {
  const { clock } = options
  const ws = new WebSocket(options.url, {
    // Compressed frames cost more time here than bytes on the wire, and can be bombs.
    perMessageDeflate: false,
    maxPayload: options.frameBytesMax,
    // Bytes that are not UTF-8 are kept and refused later; they must not cost the connection.
    skipUTF8Validation: true,
    autoPong: false,
    handshakeTimeout: HANDSHAKE_MS_MAX,
    headers: { 'user-agent': options.userAgent },
  })
  const cut = new AbortController()
  let opened = false
  let failure: { reason: string; blame: Blame; retryAfterMs: number } | null = null
  const fail = (reason: string, blame: Blame = 'unknown', pauseMs = 0) => {
    failure ??= { reason, blame, retryAfterMs: pauseMs }
  }
  // The peer may never answer a close frame; the connection does not wait for it for ever.
  const endSoon = async () => {
    await clock.sleep(CLOSE_MS_MAX, cut.signal)
    ws.terminate()
  }

  ws.on('open', () => {
    opened = true
    options.onOpen()
  })
  ws.on('message', (data) => options.onFrame(data as Buffer))
  ws.on('ping', (data) => options.onPing(data))
  ws.on('pong', () => options.onPong())
  ws.on('unexpected-response', (_request, response: IncomingMessage) => {
    const status = response.statusCode ?? 0
    const pauseMs = retryAfterMs(response.headers['retry-after'], clock.nowUs()) ?? 0
    fail(`upgrade answered with status ${status}`, blameOf({ status }), pauseMs)
    ws.terminate()
  })
  ws.on('error', (error) => {
    const code = systemCode(error)
    fail(code === '' ? error.message : `${code}: ${error.message}`, blameOf({ code }))
    // What broke the protocol may go on sending: ws has told it why, and we leave.
    if (opened) void endSoon()
  })
  const ended = new Promise<SocketEnd>((resolve) => {
    ws.on('close', (code, reason) => {
      cut.abort()
      const end = failure ?? { reason: String(reason), blame: 'unknown' as const, retryAfterMs: 0 }
      // 1005 and 1006 are no codes of a close frame: they stand for its absence.
      resolve({ opened, code: code === 1005 || code === 1006 ? null : code, ...end })
    })
  })
  return {
    ended,
    send: (text) => ws.send(text),
    ping: () => ws.ping(),
    pong: (data) => ws.pong(data),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    close(reason) {
      fail(reason)
      if (!opened) return ws.terminate()
      ws.close(GOING_AWAY)
      void endSoon()
    },
    kill(reason) {
      fail(reason)
      ws.terminate()
    },
  }
}
