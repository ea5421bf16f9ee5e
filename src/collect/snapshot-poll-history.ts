import { assert } from '../core/assert.ts'
import type { CoinSelection } from '../venues/snapshot-source.ts'
import type { Venue } from '../venues/venue.ts'
import { createConnIds, createDiary } from './diary.ts'
import type { RestClient } from './rest-client.ts'
import type { SnapshotClientOptions } from './snapshot-poll-client.ts'
import { openSnapshotClient, pollMarkets, triesOf } from './snapshot-poll-client.ts'

/** What is asked of an aggregator once. */
export interface CoinRequest extends Omit<SnapshotClientOptions, 'conn' | 'userAgent'> {
  readonly coins: CoinSelection
  readonly version: string
  readonly signal: AbortSignal
  /** Further tries of a request that failed. @default 3 */
  readonly retriesMax?: number
}

/** A past that a person asked for of an aggregator. */
export interface CoinHistoryRequest extends CoinRequest {
  /** How many days back from now, from 1. */
  readonly days: number
  readonly onProgress?: (result: CoinHistoryResult) => void
}

/** What was fetched of one coin. */
export interface CoinHistoryResult {
  readonly coin: string
  /** Samples of its market (`market_chart`). */
  readonly samples: number
  readonly candles: number
  /** The venue's words where it refused some of it, as of an unknown coin; else `null`. */
  readonly refused: string | null
}

/**
 * Fetches the last days of each coin into the log, samples and candles, and flushes it.
 *
 * The first coins by rank are asked for first where no ids are named. Interrupted, it has lost
 * nothing: what came is in the log, and asking again gives the same rows.
 *
 * @throws what {@link RestClient.get} throws; ASSAY_VENUE_REFUSED when a ranking is refused; the
 * signal's reason.
 */
export function requestCoinHistory(
  request: CoinHistoryRequest,
): Promise<readonly CoinHistoryResult[]> {
  const { venue, coins } = request
  return askAggregator(request, 'backfill', async (rest) => {
    const results: CoinHistoryResult[] = []
    for (const coin of await idsOf(request, rest, coins)) {
      const result = await fetchCoin(venue, rest, { coin, ...request })
      results.push(result)
      request.onProgress?.(result)
    }
    return results
  })
}

/**
 * Polls the coins once, into the log, and returns how many were told of.
 *
 * @throws what {@link RestClient.get} throws; ASSAY_VENUE_REFUSED when the answer is a no.
 */
export function requestSnapshots(request: CoinRequest): Promise<number> {
  const { clock, retriesMax } = request
  return askAggregator(request, 'snapshot', async (rest) => {
    const poll = { ...request, rest, priority: 'live' as const, polledUs: clock.nowUs() }
    return (await pollMarkets({ ...poll, ...(retriesMax !== undefined && { retriesMax }) })).size
  })
}

/** Opens what asking an aggregator takes, and leaves the log flushed whatever becomes of it. */
async function askAggregator<T>(
  request: CoinRequest,
  command: string,
  ask: (rest: RestClient) => Promise<T>,
): Promise<T> {
  const { journal, clock, version, signal } = request
  const nextConn = createConnIds()
  const diary = createDiary({ journal, clock, conn: nextConn() })
  const about = { conn: nextConn(), userAgent: `assay/${version}` }
  await using rest = openSnapshotClient({ ...request, ...about })
  diary.write({ event: 'start', command, version })
  try {
    return await ask(rest)
  } finally {
    diary.write({ event: 'stop', reason: signal.aborted ? 'interrupted' : 'done' })
    await journal.flush()
  }
}

async function idsOf(
  request: CoinHistoryRequest,
  rest: RestClient,
  coins: CoinSelection,
): Promise<Iterable<string>> {
  if (coins.kind === 'ids') return coins.ids
  const { venue, signal, clock } = request
  const priority = 'backfill' as const
  return pollMarkets({ venue, rest, coins, priority, signal, polledUs: clock.nowUs() })
}

async function fetchCoin(
  venue: Venue,
  rest: RestClient,
  wanted: Pick<CoinHistoryRequest, 'days' | 'signal' | 'retriesMax'> & { readonly coin: string },
): Promise<CoinHistoryResult> {
  const { coin, days, signal } = wanted
  const { snapshots } = venue
  assert(snapshots, 'an aggregator says how its history is asked for')
  const triesMax = triesOf(wanted.retriesMax)
  const found = { samples: 0, candles: 0 }
  let refused: string | null = null
  for (const request of snapshots.history(coin, days)) {
    const answer = await rest.get(request, { priority: 'backfill', signal, triesMax })
    refused ??= answer.refused
    if (request.channel === 'ohlc') found.candles += answer.page.count
    else found.samples += answer.page.count
  }
  return { coin, ...found, refused }
}
