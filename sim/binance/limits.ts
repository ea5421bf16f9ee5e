import type { Connection } from '../service/connection.ts'
import type { LongClocks, VenueCounters } from '../venue-sim.ts'

const MESSAGES_PER_SECOND_MAX = 5
const POLICY = 1008
const GOING_AWAY = 1001

/** What the venue demands of one connection, and its patience with it. */
export interface Limits {
  /** Counts a message, ping or pong of the client; ends the connection beyond five a second. */
  heard(frame: 'message' | 'ping' | 'pong', nowUs: number): void
  /** Pings, ends what did not answer, and ends what has lived its day. */
  tick(nowUs: number): void
}

/** Returns the limits of one connection. */
export function createLimits(
  connection: Connection,
  clocks: LongClocks,
  counters: VenueCounters,
): Limits {
  const recentUs: number[] = []
  let nextPingUs = connection.openedUs + clocks.pingEveryMs * 1000
  let unansweredUs: number | null = null
  return {
    heard(frame, nowUs) {
      if (frame === 'pong') unansweredUs = null
      while (recentUs.length > 0 && recentUs[0]! <= nowUs - 1e6) recentUs.shift()
      recentUs.push(nowUs)
      if (recentUs.length <= MESSAGES_PER_SECOND_MAX) return
      counters.messagesOverLimit += 1
      connection.close(POLICY, 'Too many requests')
    },
    tick(nowUs) {
      if (!connection.open) return
      if (nowUs - connection.openedUs >= clocks.connectionLifeMs * 1000) {
        connection.close(GOING_AWAY, 'connection lived its day')
      } else if (unansweredUs !== null && nowUs - unansweredUs >= clocks.pongWithinMs * 1000) {
        connection.close(POLICY, 'Pong timeout')
      } else if (nowUs >= nextPingUs) {
        nextPingUs = nowUs + clocks.pingEveryMs * 1000
        unansweredUs ??= nowUs
        connection.ping(String(Math.floor(nowUs / 1000)))
      }
    },
  }
}
