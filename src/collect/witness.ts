import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { Venue } from '../venues/venue.ts'
import type { Priority } from './rate-budget.ts'
import type { RestClient } from './rest-client.ts'

/** The venue's word, over REST, on its newest trades. */
export interface RestWitness {
  /**
   * Returns the newest trade id of each symbol the venue answered for, into the log like any
   * answer; empty where it cannot be asked now.
   */
  ask(symbols: readonly string[], priority: Priority): Promise<ReadonlyMap<string, number>>
  readonly status: WitnessStatus
}

/** What a witness has been asked so far. */
export interface WitnessStatus {
  /** Requests made, and how many brought no answer. */
  readonly asked: number
  readonly failed: number
}

const TRIES_MAX = 2

/** Returns a venue's witness, or `null` where its heartbeats tell. */
export function createRestWitness(options: {
  readonly venue: Venue
  readonly rest: RestClient
  readonly log: Logger
  readonly signal: AbortSignal
}): RestWitness | null {
  const { venue, rest, log, signal } = options
  if (venue.history.witness([]) === null) return null
  const tally = { asked: 0, failed: 0 }

  async function ask(symbols: readonly string[], priority: Priority) {
    const newest = new Map<string, number>()
    const onNewest = (symbol: string, lastId: number) => {
      if (lastId > (newest.get(symbol) ?? -1)) newest.set(symbol, lastId)
    }
    for (const request of venue.history.witness(symbols) ?? []) {
      if (signal.aborted) break
      tally.asked += 1
      try {
        await rest.get(request, { priority, signal, onNewest, triesMax: TRIES_MAX })
      } catch (error) {
        if (signal.aborted) break
        if (!(error instanceof AssayError)) throw error
        tally.failed += 1
        log.debug({ code: error.code }, `${venue.name} cannot be asked for its newest trades`)
      }
    }
    return newest
  }

  return { ask, status: tally }
}
