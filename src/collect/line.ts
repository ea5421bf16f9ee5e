import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import type { Ask, Feed } from '../venues/venue.ts'
import { createRateBudget } from './rate-budget.ts'
import type { Socket } from './socket.ts'

/** What we say on one connection, no faster than the venue bears. */
export interface Line {
  /** Sends requests, in order; what waits is dropped when the connection ends. */
  say(asks: readonly Pick<Ask, 'text'>[]): void
  /** Answers a ping of the venue. */
  pong(data: Uint8Array): void
  /** Sends the pings and texts that are due by `nowMs`; call it a few times a second. */
  keepAlive(nowMs: number): void
}

const WAITING_MAX = 10_000

/** Opens the line of a connection that has just opened. Pings and pongs count as messages. */
export function createLine(
  feed: Feed,
  to: { readonly socket: Socket; readonly clock: Clock; readonly signal: AbortSignal },
): Line {
  const { socket, clock, signal } = to
  const { pingEveryMs } = feed.limits
  const budget = createRateBudget({ ...paced(feed.limits.messagesPerSecond), clock })
  let saidMs = clock.monotonicMs()
  let pingedMs = saidMs
  let waiting = 0
  let line = Promise.resolve()

  const send = (message: () => void) => {
    assert(waiting < WAITING_MAX, 'a connection is told only so much')
    waiting += 1
    line = line.then(async () => {
      await budget.take('live', signal).catch(() => undefined)
      waiting -= 1
      if (!signal.aborted) message()
    })
  }
  return {
    say(asks) {
      for (const { text } of asks) send(() => socket.send(text))
      saidMs = clock.monotonicMs()
    },
    pong: (data) => send(() => socket.pong(data)),
    keepAlive(nowMs) {
      if (pingEveryMs !== null && nowMs - pingedMs >= pingEveryMs) {
        pingedMs = nowMs
        send(() => socket.ping())
      }
      const { keepAlive } = feed
      if (keepAlive !== null && nowMs - saidMs >= keepAlive.everyMs) {
        saidMs = nowMs
        send(() => socket.send(keepAlive.text))
      }
    },
  }
}

/** A burst and a refill that together stay within `perSecond` in any second. */
function paced(perSecond: number): { readonly ratePerSecond: number; readonly burst: number } {
  const burst = Math.max(1, Math.floor(perSecond / 2))
  return { burst, ratePerSecond: Math.max(perSecond - burst, perSecond / 2) }
}
