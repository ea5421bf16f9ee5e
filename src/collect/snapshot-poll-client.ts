import { assert } from '../core/assert.ts'
import { AssayError } from '../core/errors.ts'
import { type EventSink, IGNORE_EVENTS } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import type { CoinSelection } from '../venues/snapshot-source.ts'
import type { Venue } from '../venues/venue.ts'
import type { Priority } from './rate-budget.ts'
import { createRateBudget } from './rate-budget.ts'
import type { RestClient, RestClientOptions } from './rest-client.ts'
import { createRestClient } from './rest-client.ts'

const RETRIES = 3
const TIMEOUT_SECONDS = 30

/** What a person may say of asking an aggregator. */
export interface SnapshotClientSettings {
  /** Instead of the venue's own URL. */
  readonly restUrl?: string
  /** Requests a minute. @default what the venue allows without a key */
  readonly ratePerMinute?: number
  /** @default 30 */
  readonly timeoutSeconds?: number
  /** A key of one's own; it goes into a header, and neither into a URL nor into the log. */
  readonly apiKey?: string | null
}

/** Everything {@link openSnapshotClient} needs. */
export interface SnapshotClientOptions
  extends SnapshotClientSettings,
    Pick<
      RestClientOptions,
      'venue' | 'journal' | 'clock' | 'random' | 'log' | 'conn' | 'userAgent' | 'onPause'
    > {}

/**
 * Opens a REST client of an aggregator, with its allowance and key.
 *
 * The allowance is spread evenly over the minute, without a burst: what was saved up and spent
 * at once would pass it within some other minute.
 *
 * @throws ASSAY_USAGE when the URL is none.
 */
export function openSnapshotClient(options: SnapshotClientOptions): RestClient {
  const { venue, restUrl, apiKey = null, clock } = options
  const { snapshots, history } = venue
  assert(snapshots, 'an aggregator says how its snapshots are asked for')
  const { ratePerMinute = snapshots.ratePerMinute, timeoutSeconds = TIMEOUT_SECONDS } = options
  const ratePerSecond = ratePerMinute / 60
  return createRestClient({
    ...options,
    budget: createRateBudget({ ratePerSecond, burst: 1, clock }),
    timeoutMs: timeoutSeconds * 1000,
    ...(apiKey !== null && {
      headers: { [snapshots.keyHeader(restUrl ?? history.restUrl)]: apiKey },
    }),
  })
}

/** How one poll is made. */
export interface MarketsPoll {
  readonly venue: Venue
  readonly rest: RestClient
  readonly coins: CoinSelection
  readonly priority: Priority
  readonly signal: AbortSignal
  /** When the poll began: the key of its snapshots, over all of its pages. */
  readonly polledUs: number
  /** Further tries of a request. @default 3 */
  readonly retriesMax?: number
  /** Told of each page, with the coins on it. */
  readonly onPage?: (coins: readonly string[]) => void
}

/**
 * Asks for the state of the coins, page after page, and returns the coins that were told of.
 *
 * @throws what {@link RestClient.get} throws; ASSAY_VENUE_REFUSED when the answer is a no.
 */
export async function pollMarkets(poll: MarketsPoll): Promise<ReadonlySet<string>> {
  const { venue, rest, coins, priority, signal, polledUs } = poll
  const { snapshots } = venue
  assert(snapshots, 'an aggregator says how its snapshots are asked for')
  const triesMax = triesOf(poll.retriesMax)
  const seen = new Set<string>()
  for (let request = snapshots.page(coins, null); request !== null; ) {
    const answer = await rest.get(request, { priority, signal, triesMax, polledUs })
    if (answer.refused !== null) {
      const message = `${venue.name} refuses ${request.channel}: ${answer.refused}`
      const context = { status: answer.page.status }
      throw new AssayError('ASSAY_VENUE_REFUSED', message, { retry: 'backoff', context })
    }
    const told = coinsOf(venue, answer.record)
    for (const coin of told) seen.add(coin)
    poll.onPage?.(told)
    request = snapshots.page(coins, answer.page)
  }
  return seen
}

/** Returns how often a request is tried, for so many further tries. @default 3 further ones */
export function triesOf(retriesMax: number = RETRIES): number {
  return retriesMax + 1
}

function coinsOf(venue: Venue, record: RawRecord): string[] {
  const coins: string[] = []
  const sink: EventSink = {
    ...IGNORE_EVENTS,
    snapshot: ({ symbol }) => coins.push(symbol),
  }
  venue.decoders[record.dialect]?.(record, sink)
  return coins
}
