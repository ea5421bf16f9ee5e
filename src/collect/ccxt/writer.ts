import { createHash } from 'node:crypto'
import type { Journal } from '../../bronze/index.ts'
import type { Clock } from '../../core/clock.ts'
import { ccxtDialect } from '../../venues/ccxt/index.ts'

/** How trades come: by the venue's socket, or by asking for them. */
export type Way = 'ws' | 'rest'

/** One answer of the library. */
export interface CcxtAnswer {
  /** The method that gave it. */
  readonly method: string
  readonly symbol: string | null
  /** Epoch milliseconds, where it was asked for what came since. */
  readonly sinceMs?: number
  readonly value: unknown
  /** Where it holds trades: their tape, and the first one's number where lines number them. */
  readonly tape?: string
  readonly firstLine?: number
}

/** Writes what the library answers into the log. */
export interface CcxtWriter {
  write(answer: CcxtAnswer): void
  readonly records: number
}

/**
 * Opens a writer of one run's answers. A record's payload is the library's structure as JSON, the
 * venue's own words in it where the library keeps them (`info`); its URL names library, exchange,
 * method and arguments, and holds no secret, for none is given to the library.
 */
export function createCcxtWriter(options: {
  readonly journal: Journal
  readonly clock: Clock
  readonly conn: string
  readonly venue: string
  readonly exchange: string
  readonly version: string
}): CcxtWriter {
  const { journal, clock, conn, venue, exchange, version } = options
  const dialect = ccxtDialect(venue)
  let frame = 0
  return {
    write({ method, symbol, sinceMs, value, tape, firstLine }) {
      const query = new URLSearchParams({ version })
      if (symbol !== null) query.set('symbol', symbol)
      if (sinceMs !== undefined) query.set('since', String(sinceMs))
      journal.append({
        ...{ dialect, channel: method, symbol, conn, frame },
        origin: method.startsWith('watch') ? 'ws' : 'rest',
        receivedTimeUs: clock.nowUs(),
        request: {
          url: `ccxt://${exchange}/${method}?${query}`,
          verbatim: false,
          ...(firstLine !== undefined && { firstLine }),
          ...(tape !== undefined && { file: tape }),
        },
        payload: Buffer.from(JSON.stringify(value, withoutBigInts)),
      })
      frame += 1
    },
    get records() {
      return frame
    },
  }
}

/** Returns the name of a tape made of what tells it from others, as a hash like a file's. */
export function tapeName(...parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['ccxt', ...parts]))
    .digest('hex')
}

function withoutBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
