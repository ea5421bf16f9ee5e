import type { Connection } from '../service/connection.ts'

/** The way of acks to their clients, where a fault may make them late. */
export interface AckQueue {
  send(connection: Connection, frame: string): void
  /** Holds the next `count` acks back for `ms`. */
  delay(ms: number, count: number): void
  /** Sends what was held back long enough. */
  release(nowUs: number): void
}

/** Returns a queue that sends at once. */
export function createAckQueue(nowUs: () => number): AckQueue {
  let waiting: { readonly connection: Connection; readonly frame: string; readonly dueUs: number }[]
  waiting = []
  let [left, delayMs] = [0, 0]
  return {
    send(connection, frame) {
      if (left === 0) {
        connection.send(frame)
        return
      }
      left -= 1
      waiting.push({ connection, frame, dueUs: nowUs() + delayMs * 1000 })
    },
    delay(ms, count) {
      delayMs = ms
      left += count
    },
    release(atUs) {
      if (waiting.length === 0) return
      const due = waiting.filter((ack) => ack.dueUs <= atUs)
      waiting = waiting.filter((ack) => ack.dueUs > atUs)
      for (const { connection, frame } of due) connection.send(frame)
    },
  }
}
