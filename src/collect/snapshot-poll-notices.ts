import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { Listing } from '../market/instrument.ts'
import type { Venue } from '../venues/venue.ts'
import { nearSymbols } from './near-symbols.ts'
import type { RestClient } from './rest-client.ts'
import { triesOf } from './snapshot-poll-client.ts'

const NEAR_MAX = 5

/** What notices need. */
export interface NoticeOptions {
  readonly venue: Venue
  readonly rest: RestClient
  readonly log: Logger
  readonly retriesMax?: number
}

/** Tells of coins that were asked for and not told of. */
export interface CoinNotices {
  /**
   * Takes the coins that the last poll lacked. Of those it has not told of yet it gives a notice,
   * with ids like them out of the venue's list, which is asked for then; and of those that are
   * back. Rejects only on our own mistakes or with the signal's reason.
   */
  update(missing: readonly string[], signal: AbortSignal): Promise<void>
  /** Coins that were missing at the last update. */
  readonly missing: readonly string[]
}

/** Returns notices of nothing yet. An aggregator leaves out, without a word, what it lacks. */
export function createCoinNotices(options: NoticeOptions): CoinNotices {
  const { venue, rest, log } = options
  let told: ReadonlySet<string> = new Set()

  async function readList(signal: AbortSignal): Promise<readonly Listing[]> {
    const triesMax = triesOf(options.retriesMax)
    try {
      const answer = await rest.get(venue.history.listing, { priority: 'live', signal, triesMax })
      return venue.listings(answer.record)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof AssayError)) throw error
      return []
    }
  }

  async function update(missing: readonly string[], signal: AbortSignal): Promise<void> {
    const fresh = missing.filter((coin) => !told.has(coin))
    for (const coin of told) {
      if (!missing.includes(coin)) log.info({ coin }, `${venue.name} tells of ${coin} again`)
    }
    told = new Set(missing)
    if (fresh.length === 0) return
    const listings = await readList(signal)
    for (const coin of fresh) {
      log.warn({ venue: venue.id, coin }, `${noticeOf(venue, coin, listings)}; the others go on`)
    }
  }

  return {
    update,
    get missing() {
      return [...told]
    },
  }
}

function noticeOf(venue: Venue, coin: string, listings: readonly Listing[]): string {
  const name = JSON.stringify(coin.slice(0, 64))
  if (listings.length === 0) return `${venue.name} tells nothing of ${name}`
  if (listings.some(({ symbol }) => symbol === coin)) {
    return `${venue.name} lists ${name}, but tells nothing of it now`
  }
  const near = likeIt(coin, listings)
  const hint = near.length === 0 ? '' : `; near it are ${near.join(', ')}`
  return `${venue.name} does not know ${name}${hint}`
}

/** Ids that look like it, and ids of coins whose ticker it is: many people write `btc`. */
function likeIt(coin: string, listings: readonly Listing[]): string[] {
  const ids = listings.map(({ symbol }) => symbol)
  const ticker = coin.toUpperCase()
  const byTicker = listings.filter(({ base }) => base === ticker).map(({ symbol }) => symbol)
  return [...new Set([...nearSymbols(coin, ids, NEAR_MAX), ...byTicker])].slice(0, NEAR_MAX)
}
