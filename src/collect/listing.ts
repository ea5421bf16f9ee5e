import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import { backoffMs } from '../core/retry.ts'
import type { Listing } from '../market/instrument.ts'
import type { Venue } from '../venues/venue.ts'
import { selectProducts, spellProducts, unknownNotices } from './products.ts'
import type { RestClient } from './rest-client.ts'

const RETRY = { baseMs: 2000, capMs: 300_000 }

/** What is needed to ask a venue what it lists. */
export interface ListingOptions {
  readonly venue: Venue
  readonly rest: RestClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * Asks for the venue's listing once (three tries); the answer goes into the log like any other.
 *
 * @throws what {@link RestClient.get} throws; ASSAY_VENUE_REFUSED when the answer is no listing.
 */
export async function fetchListing(options: ListingOptions): Promise<readonly Listing[]> {
  const { venue, rest, signal } = options
  const answer = await rest.get(venue.history.listing, { priority: 'live', signal, triesMax: 3 })
  const listings = answer.refused === null ? venue.listings(answer.record) : []
  if (listings.length > 0) return listings
  const { status } = answer.page
  const message = `${venue.name} gave no listing of its products (status ${status})`
  throw new AssayError('ASSAY_VENUE_REFUSED', message, { retry: 'backoff', context: { status } })
}

/** A listing that is being asked for until it is there. */
export interface ListingTask {
  /**
   * Returns the venue's symbols of `products` (the venue's own choice where there are none) once
   * the listing is there; where the first attempt fails or `waitMs` pass, what the venue likely
   * calls them, and a notice.
   *
   * @throws ASSAY_UNKNOWN_PRODUCT when none is known.
   */
  resolve(products: readonly string[] | null, waitMs: number): Promise<readonly string[]>
  /** Tells once, should a listing that comes late speak of other symbols than were assumed. */
  onCorrection(adopt: (symbols: readonly string[]) => void): void
  /** Whether the listing is there. */
  readonly arrived: boolean
  /** Resolves when the listing is there or the signal aborts. */
  readonly done: Promise<void>
}

/** Starts asking for the listing, with pauses of at most 5 minutes between attempts. */
export function startListing(options: ListingOptions): ListingTask {
  const { clock, random, signal, log, venue } = options
  const first = Promise.withResolvers<void>()
  const correction = Promise.withResolvers<readonly string[]>()
  let listings: readonly Listing[] | null = null
  let assumed: { readonly wanted: readonly string[]; readonly symbols: readonly string[] } | null =
    null

  async function run(): Promise<void> {
    for (let attempt = 0; listings === null && !signal.aborted; attempt += 1) {
      try {
        listings = await fetchListing(options)
      } catch (error) {
        if (!(error instanceof AssayError) && !signal.aborted) throw error
        if (error instanceof AssayError) log.debug({ code: error.code, attempt }, error.message)
        first.resolve()
        await clock.sleep(backoffMs(attempt, { ...RETRY, random }), signal)
      }
    }
    first.resolve()
    if (listings === null || assumed === null) return
    const corrected = correct(assumed, listings, options)
    if (corrected !== null) correction.resolve(corrected)
  }

  return {
    done: run(),
    onCorrection: (adopt) => void correction.promise.then(adopt),
    get arrived() {
      return listings !== null
    },
    async resolve(products, waitMs) {
      const wanted = wantedProducts(products, venue)
      const waiting = new AbortController()
      await Promise.race([first.promise, clock.sleep(waitMs, waiting.signal)])
      waiting.abort()
      if (listings !== null) return requireProducts(wanted, listings, options)
      log.warn({ venue: venue.id }, `${venue.name} gives no listing yet; going on without it`)
      assumed = { wanted, symbols: spellProducts(wanted, venue) }
      return assumed.symbols
    },
  }
}

/** Returns the products that are wanted of a venue: those named, else its own choice. */
export function wantedProducts(
  products: readonly string[] | null,
  venue: Venue,
): readonly string[] {
  return products === null || products.length === 0 ? venue.defaultProducts : products
}

/**
 * Returns the venue's symbols of the products it lists, with a notice for each that it does not,
 * or for which another stands.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT when none is known.
 */
export function requireProducts(
  products: readonly string[],
  listings: readonly Listing[],
  { venue, log }: { readonly venue: Pick<Venue, 'id' | 'name'>; readonly log: Logger },
): readonly string[] {
  const selected = selectProducts(products, listings)
  const notices = unknownNotices(selected, venue)
  if (selected.known.length === 0) {
    const context = { venue: venue.id, unknown: selected.unknown }
    throw new AssayError('ASSAY_UNKNOWN_PRODUCT', notices.join('. '), { context })
  }
  for (const notice of notices) log.warn({ venue: venue.id }, `${notice}; the others go on`)
  for (const { notice } of selected.known) {
    if (notice !== null) log.warn({ venue: venue.id }, `${venue.name}: ${notice}`)
  }
  return selected.known.map(({ listing }) => listing.symbol)
}

/**
 * Returns the venue's symbols where a listing that came late names others than were assumed
 * without it; `null` where nothing is to be changed. What is unknown stays as it was: the venue
 * refuses it, and here the reason is told.
 */
function correct(
  assumed: { readonly wanted: readonly string[]; readonly symbols: readonly string[] },
  listings: readonly Listing[],
  { venue, log }: ListingOptions,
): readonly string[] | null {
  const selected = selectProducts(assumed.wanted, listings)
  for (const notice of unknownNotices(selected, venue)) log.warn({ venue: venue.id }, notice)
  const known = selected.known.map(({ listing }) => listing.symbol)
  const others = selected.known.filter(({ listing }) => !assumed.symbols.includes(listing.symbol))
  if (others.length === 0) return null
  for (const { product, listing } of others) {
    log.warn({ venue: venue.id }, `${venue.name} lists ${product} as ${listing.symbol}`)
  }
  const unknown = selected.unknown.map(({ product }) => product)
  return [...new Set([...known, ...spellProducts(unknown, venue)])]
}
