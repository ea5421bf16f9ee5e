import { randomBytes } from 'node:crypto'
import type { Journal } from '../bronze/index.ts'
import type { Clock } from '../core/clock.ts'
import type { RecordRequest } from '../market/record.ts'
import type { SelfEvent } from '../market/self-record.ts'
import { SELF_DIALECT } from '../market/self-record.ts'

const TICK_MS = 1000
const CONN_BYTES = 10

/**
 * Returns a maker of connection ids, unique in the world: 80 random bits name this run, a
 * counter its connections.
 */
export function createConnIds(): () => string {
  const run = randomBytes(CONN_BYTES).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `c-${run}-${count}`
  }
}

/** Writes the collector's own diary into the log it keeps. */
export interface Diary {
  /** Appends one entry, received now; returns its position. */
  write(event: SelfEvent): number
  /** Writes a `tick` for each second in which nothing reached the log, until aborted. */
  keepTicking(signal: AbortSignal): Promise<void>
}

/** Opens a diary over `journal`, as a connection of its own. */
export function createDiary(options: {
  readonly journal: Journal
  readonly clock: Clock
  readonly conn: string
  /** The file a replay tells of, which names the scopes it opens. */
  readonly request?: RecordRequest
}): Diary {
  const { journal, clock, conn, request = null } = options
  let frame = 0

  function write(event: SelfEvent): number {
    const pos = journal.append({
      dialect: SELF_DIALECT,
      channel: 'self',
      symbol: 'symbol' in event ? event.symbol : null,
      origin: 'self',
      receivedTimeUs: clock.nowUs(),
      conn,
      frame,
      request,
      payload: Buffer.from(JSON.stringify(event)),
    })
    frame += 1
    return pos
  }

  return {
    write,
    async keepTicking(signal) {
      // Positions tell silence without a word from those who append.
      let seenPos = -1
      while (!signal.aborted) {
        if (journal.nextPos === seenPos) write({ event: 'tick' })
        seenPos = journal.nextPos
        await clock.sleep(TICK_MS, signal)
      }
    },
  }
}
