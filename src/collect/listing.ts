import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { Random } from '../core/random.ts'
import { backoffMs } from '../core/retry.ts'
import type { Listing } from '../market/instrument.ts'
import type { Venue } from '../venues/venue.ts'
import { nearSymbols } from './near-symbols.ts'
import type { RestClient } from './rest-client.ts'

const RETRY = { baseMs: 2000, capMs: 300_000 }
const NEAR_MAX = 5

/** What is needed to ask a venue what it lists. */
export interface ListingOptions {
  readonly venue: Venue
  readonly rest: RestClient
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Requested products beside the venue's listing. */
export interface ResolvedProducts {
  /** The venue's own spelling. */
  readonly known: readonly string[]
  readonly unknown: readonly { readonly product: string; readonly near: readonly string[] }[]
}

/**
 * Asks for the venue's listing once (three tries); the answer goes into the log like any other.
 *
 * @throws what {@link RestClient.get} throws; ASSAY_VENUE_REFUSED when the answer is no listing.
 */
export async function fetchListing(options: ListingOptions): Promise<readonly Listing[]> {
  const { venue, rest, signal } = options
  const answer = await rest.get(venue.history.listing, { priority: 'live', signal, triesMax: 3 })
  const listings = answer.page.status === 200 ? venue.listings(answer.record) : []
  if (listings.length > 0) return listings
  const { status } = answer.page
  const message = `${venue.name} gave no listing of its products (status ${status})`
  throw new AssayError('ASSAY_VENUE_REFUSED', message, { retry: 'backoff', context: { status } })
}

/** A listing that is being asked for until it is there. */
export interface ListingTask {
  /**
   * Returns the known ones of `products` once the listing is there; where the first attempt
   * fails or `waitMs` pass, `products` as they stand, and a notice.
   *
   * @throws ASSAY_UNKNOWN_PRODUCT when none is known.
   */
  resolve(products: readonly string[], waitMs: number): Promise<readonly string[]>
  /** Whether the listing is there. */
  readonly arrived: boolean
  /** Resolves when the listing is there or the signal aborts. */
  readonly done: Promise<void>
}

/** Starts asking for the listing, with pauses of at most 5 minutes between attempts. */
export function startListing(options: ListingOptions): ListingTask {
  const { clock, random, signal, log, venue } = options
  const first = Promise.withResolvers<void>()
  let listings: readonly Listing[] | null = null
  let assumed: readonly string[] | null = null

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
    // The venue refuses what it does not list; here the reason is told.
    if (listings !== null && assumed !== null) {
      for (const notice of noticesOf(resolveProducts(assumed, listings), venue)) log.warn(notice)
    }
  }

  return {
    done: run(),
    get arrived() {
      return listings !== null
    },
    async resolve(products, waitMs) {
      const waiting = new AbortController()
      await Promise.race([first.promise, clock.sleep(waitMs, waiting.signal)])
      waiting.abort()
      if (listings !== null) return requireProducts(resolveProducts(products, listings), options)
      log.warn({ venue: venue.id }, `${venue.name} gives no listing yet; going on without it`)
      assumed = products
      return products
    },
  }
}

/** Sorts requested products into known and unknown; letters match in either case. */
export function resolveProducts(
  products: readonly string[],
  listings: readonly Listing[],
): ResolvedProducts {
  const symbols = listings.map((listing) => listing.symbol)
  const bySpelling = new Map(symbols.map((symbol) => [symbol.toUpperCase(), symbol]))
  const known = new Set<string>()
  const unknown: { product: string; near: readonly string[] }[] = []
  for (const product of products) {
    const symbol = symbols.includes(product) ? product : bySpelling.get(product.toUpperCase())
    if (symbol === undefined)
      unknown.push({ product, near: nearSymbols(product, symbols, NEAR_MAX) })
    else known.add(symbol)
  }
  return { known: [...known], unknown }
}

/**
 * Returns the known products, with a notice for each unknown one.
 *
 * @throws ASSAY_UNKNOWN_PRODUCT when none is known.
 */
export function requireProducts(
  resolved: ResolvedProducts,
  options: { readonly venue: Venue; readonly log: Logger },
): readonly string[] {
  const { venue, log } = options
  const notices = noticesOf(resolved, venue)
  if (resolved.known.length === 0) {
    const context = { venue: venue.id, unknown: resolved.unknown }
    throw new AssayError('ASSAY_UNKNOWN_PRODUCT', notices.join('. '), { context })
  }
  for (const notice of notices) log.warn({ venue: venue.id }, `${notice}; the others go on`)
  return resolved.known
}

function noticesOf(resolved: ResolvedProducts, venue: Venue): string[] {
  return resolved.unknown.map(({ product, near }) => {
    const hint = near.length === 0 ? '' : `; near it are ${near.join(', ')}`
    return `${venue.name} does not list ${JSON.stringify(product.slice(0, 64))}${hint}`
  })
}
