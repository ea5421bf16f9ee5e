import type { Listing } from '../market/instrument.ts'
import { USD_QUOTES } from '../market/quote.ts'
import type { Venue } from '../venues/venue.ts'
import { nearSymbols } from './near-symbols.ts'

/** A product that was asked for, and the one of the venue's listings that it stands for. */
export interface SelectedProduct {
  /** As it was typed. */
  readonly product: string
  readonly listing: Listing
  /** What is to be told of the choice: another quote, or that it cannot be traded now. */
  readonly notice: string | null
}

/** A product that stands for no one listing. */
export interface UnknownProduct {
  readonly product: string
  /** Symbols that may have been meant. */
  readonly near: readonly string[]
  /** Whether `near` are several that match equally well. */
  readonly ambiguous: boolean
}

/** Products asked for beside the venue's listing. */
export interface SelectedProducts {
  /** One for each symbol, in the order asked for. */
  readonly known: readonly SelectedProduct[]
  readonly unknown: readonly UnknownProduct[]
}

const NEAR_MAX = 5
const PAIR = /^([^-/_]+)[-/_]([^-/_]+)$/

/**
 * Chooses the listing for each product, `BTC-USD` or the venue's own symbol, letters in either
 * case.
 *
 * A pair is the listing whose base and quote are those. Where it is quoted in USD and the venue
 * has no such listing that trades, the pair in USDT stands for it, else the one in USDC: one of
 * them, never two. What is truly quoted, and any multiplier, stay in the listing.
 */
export function selectProducts(
  products: readonly string[],
  listings: readonly Listing[],
): SelectedProducts {
  const bySymbol = new Map(listings.map((listing) => [listing.symbol, listing]))
  const byLetters = Map.groupBy(listings, (listing) => listing.symbol.toUpperCase())
  const byPair = Map.groupBy(listings, (listing) => pairKey(listing.base, listing.quote))
  const known = new Map<string, SelectedProduct>()
  const unknown: UnknownProduct[] = []
  for (const product of products) {
    const exact = bySymbol.get(product)
    const own = exact ? [exact] : (byLetters.get(product.toUpperCase()) ?? [])
    const found = own.length > 0 ? { listings: own, notice: null } : pairOf(product, byPair)
    const [listing] = found.listings
    if (listing !== undefined && found.listings.length === 1) {
      const notice = found.notice ?? idleNotice(product, listing)
      const { symbol } = listing
      if (!known.has(symbol)) known.set(symbol, { product, listing, notice })
      continue
    }
    const ambiguous = found.listings.length > 1
    const symbols = listings.map(({ symbol }) => symbol)
    const near = ambiguous
      ? found.listings.slice(0, NEAR_MAX).map(({ symbol }) => symbol)
      : nearSymbols(product, symbols, NEAR_MAX)
    unknown.push({ product, near, ambiguous })
  }
  return { known: [...known.values()], unknown }
}

/** The listings that match a pair best, and what is to be told where it is not the pair itself. */
function pairOf(
  product: string,
  byPair: ReadonlyMap<string, readonly Listing[]>,
): { readonly listings: readonly Listing[]; readonly notice: string | null } {
  const pair = splitPair(product)
  if (pair === null) return NOTHING
  const quotes = pair.quote === 'USD' ? USD_QUOTES : [pair.quote]
  const found = quotes.map((quote) => best(byPair.get(pairKey(pair.base, quote)) ?? []))
  // What trades comes first; a pair that rests stands for itself if no other trades.
  const listings =
    found.find((some) => some.some(({ active }) => active)) ??
    found.find((some) => some.length > 0) ??
    []
  const [first] = listings
  if (first === undefined || first.quote.toUpperCase() === pair.quote) {
    return { listings, notice: null }
  }
  const instead = `${first.symbol}, quoted in ${first.quote}, stands for it`
  return { listings, notice: `${product} is not traded here; ${instead}` }
}

const NOTHING = { listings: [], notice: null } as const

/** Of listings of one pair: those that trade, spot before others, plain before multiplied. */
function best(listings: readonly Listing[]): readonly Listing[] {
  if (listings.length < 2) return listings
  const rank = ({ active, kind, multiplier }: Listing) =>
    (active ? 0 : 4) + (kind === 'spot' ? 0 : 2) + (multiplier === 1 ? 0 : 1)
  const least = Math.min(...listings.map(rank))
  return listings.filter((listing) => rank(listing) === least)
}

function idleNotice(product: string, listing: Listing): string | null {
  return listing.active ? null : `${product} cannot be traded now; its trades come when it can`
}

function pairKey(base: string, quote: string): string {
  return `${base.toUpperCase()} ${quote.toUpperCase()}`
}

function splitPair(product: string): { readonly base: string; readonly quote: string } | null {
  const match = PAIR.exec(product.toUpperCase())
  return match === null ? null : { base: match[1]!, quote: match[2]! }
}

/** Returns what a venue likely calls these products, where its listing is not at hand. */
export function spellProducts(products: readonly string[], venue: Venue): readonly string[] {
  const spelled = products.map((product) => {
    const pair = splitPair(product)
    return pair === null ? product : venue.spell(pair.base, pair.quote)
  })
  return [...new Set(spelled)]
}

/** Returns what is told of products that stand for no listing. */
export function unknownNotices(selected: SelectedProducts, venue: Pick<Venue, 'name'>): string[] {
  return selected.unknown.map(({ product, near, ambiguous }) => {
    const name = JSON.stringify(product.slice(0, 64))
    if (ambiguous) return `${name} may be any of ${near.join(', ')} at ${venue.name}: name one`
    const hint = near.length === 0 ? '' : `; near it are ${near.join(', ')}`
    return `${venue.name} does not list ${name}${hint}`
  })
}
