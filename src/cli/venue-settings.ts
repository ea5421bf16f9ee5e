import { join } from 'node:path'
import type { CcxtCollectorOptions } from '../collect/ccxt/collector.ts'
import type { CollectorOptions } from '../collect/collector-options.ts'
import { createMemoryFile } from '../collect/memory-file.ts'
import type { SnapshotCollectorOptions } from '../collect/snapshot-collector.ts'
import type { AssayConfig } from '../core/config.ts'
import { createRandom } from '../core/random.ts'
import type { CoinSelection } from '../venues/snapshot-source.ts'
import type { Venue } from '../venues/venue.ts'
import type { CollectorsOptions } from './collectors.ts'
import { venueOfId } from './venue-of.ts'
import { VERSION } from './version.ts'

type VenueId = Exclude<keyof AssayConfig['venues'], 'ccxt'>

/** Stands before the id of an exchange that the ccxt library collects. */
const CCXT = 'ccxt:'

/** Where a venue is reached: the configuration's hosts, else its own. */
export interface Hosts {
  readonly restUrl: string
  /** `null` of a venue without a feed. */
  readonly wsUrl: string | null
  /** Which of its feeds; `null` of a venue without one. */
  readonly feedName: string | null
}

/**
 * Returns the venues to collect from, in the order named.
 *
 * @throws ASSAY_UNKNOWN_VENUE.
 */
export function chosenVenues(config: AssayConfig): readonly Venue[] {
  return config.collect.venues.filter((id) => !id.startsWith(CCXT)).map(venueOfId)
}

/** Returns the exchanges that the ccxt library is to collect, by its own ids. */
export function ccxtExchanges(config: AssayConfig): readonly string[] {
  const named = config.collect.venues.filter((id) => id.startsWith(CCXT))
  return named.map((id) => id.slice(CCXT.length))
}

/** Returns where a venue is reached. */
export function hostsOf(config: AssayConfig, venue: Venue): Hosts {
  const own = config.venues[venue.id as VenueId]
  const restUrl = own?.restUrl ?? venue.history.restUrl
  const names = Object.keys(venue.feeds)
  const feedName = (own && 'feed' in own ? own.feed : names[0]) ?? null
  if (feedName === null) return { restUrl, wsUrl: null, feedName }
  const wsUrl = own && 'wsUrl' in own ? own.wsUrl : null
  return { restUrl, wsUrl: wsUrl ?? venue.feeds[feedName]?.url ?? null, feedName }
}

/** Returns the products wanted of an exchange; `null` leaves them to the venue. */
export function productsOf(config: AssayConfig, venue: Venue): readonly string[] | null {
  const own = config.venues[venue.id as VenueId]
  return own && 'products' in own ? own.products : null
}

/** Returns the coins wanted of an aggregator. */
export function coinsOf(config: AssayConfig, venue: Venue): CoinSelection {
  const { coins } = config.venues.coingecko
  if (coins !== null && 'top' in coins) return { kind: 'top', count: coins.top }
  return { kind: 'ids', ids: coins ?? venue.defaultProducts }
}

/** Returns what keeps a venue's paces and pauses over restarts. */
export function memoryOf(dataDir: string, venue: Venue) {
  return createMemoryFile(join(dataDir, 'tmp', `collector-${venue.id}.json`))
}

/** Returns what the configuration says of an exchange's collector. */
export function exchangeSettings(
  options: CollectorsOptions & Pick<CollectorOptions, 'lastWordUs'>,
  venue: Venue,
): CollectorOptions {
  const { config, dataDir, journal, clock, log, command, signal, answers, lastWordUs } = options
  const { restUrl, wsUrl, feedName } = hostsOf(config, venue)
  const own = config.venues[venue.id as VenueId]
  const lifeMsMax = own && 'lifeSecondsMax' in own ? own.lifeSecondsMax * 1000 : null
  return {
    ...{ venue, journal, clock, log, command, version: VERSION, signal, lastWordUs, restUrl },
    random: randomOf(options, venue.id),
    mode: config.mode,
    products: productsOf(config, venue),
    ...(wsUrl !== null && { wsUrl }),
    ...(feedName !== null && { feedName }),
    pollSeconds: config.poll.everySeconds,
    witnessSeconds: config.collect.witnessSeconds,
    verdictAttempts: config.backfill.maxAttempts,
    ...{ lifeMsMax, books: config.collect.books },
    memory: memoryOf(dataDir, venue),
    ...(answers !== null && {
      holes: () => answers.holes(venue.id),
      candleGaps: () => answers.candleGaps(venue.id),
      ...(config.collect.books && { brokenBooks: () => answers.brokenBooks(venue.id) }),
    }),
  }
}

/** Returns what the configuration says of an exchange that the ccxt library collects. */
export function ccxtSettings(
  options: CollectorsOptions & Pick<CollectorOptions, 'lastWordUs'>,
  exchange: string,
): CcxtCollectorOptions {
  const { config, journal, clock, log, command, signal, lastWordUs } = options
  const { products, pollSeconds } = config.venues.ccxt
  return {
    ...{ exchange, journal, clock, log, command, version: VERSION, signal, lastWordUs },
    ...{ products, pollSeconds, mode: config.mode },
    random: randomOf(options, exchange),
  }
}

/** Returns what the configuration says of an aggregator's collector. */
export function snapshotSettings(
  options: CollectorsOptions,
  venue: Venue,
): SnapshotCollectorOptions {
  const { config, journal, clock, log, command, signal } = options
  const { everySeconds } = config.venues.coingecko
  return {
    ...{ venue, journal, clock, log, command, version: VERSION, signal, everySeconds },
    ...snapshotClientSettings(config, venue),
    random: randomOf(options, venue.id),
    coins: coinsOf(config, venue),
  }
}

/** Returns how the configuration has an aggregator asked. */
export function snapshotClientSettings(config: AssayConfig, venue: Venue) {
  const { ratePerMinute, timeoutSeconds, retriesMax, apiKey } = config.venues.coingecko
  const { restUrl } = hostsOf(config, venue)
  return { restUrl, ratePerMinute, timeoutSeconds, retriesMax, apiKey }
}

function randomOf({ clock }: Pick<CollectorsOptions, 'clock'>, id: string) {
  return createRandom(`${process.pid}-${clock.nowUs()}-${id}`)
}
