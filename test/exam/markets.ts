import type { Product, SimulatorOptions, VenueId } from '../../sim/index.ts'
import { defaultProducts, resolveProducts } from '../../sim/market/catalogue.ts'
import { FIFTEEN } from '../../sim/market/fifteen.ts'
import { BAN_MS, type ExamOptions } from './options.ts'

/** The venues that trade; the fourth, CoinGecko, only tells of prices. */
export const TRADING_VENUES = ['coinbase', 'binance-us', 'kraken'] as const

/** A venue with trades of its own. */
export type TradingVenue = (typeof TRADING_VENUES)[number]

/** Trades a second of the products that keep a pace of their own: a minute apart, or rarer. */
const QUIET: Readonly<Record<string, number>> = { REKT: 1 / 60, KSM: 1 / 90, PENGU: 1 / 120 }
/** Neither quiet nor busy: one in five seconds. */
const SLOW: Readonly<Record<string, number>> = { JUP: 0.2 }

/** The products every venue is asked for, as people write them. */
export const SELECTORS: readonly string[] = FIFTEEN.map(({ base }) => `${base}-USD`)

function namesOf(venue: TradingVenue): readonly string[] {
  return venue === 'coinbase' ? SELECTORS : defaultProducts(venue)
}

/** Returns the fifteen products of a venue, three of them quiet. */
export function productsOf(venue: TradingVenue): readonly Product[] {
  return resolveProducts(namesOf(venue), venue).map((product) => {
    const own = paceOf(product)
    return { ...product, tradesPerSecond: own, share: product.share }
  })
}

function paceOf({ base }: Product): number | null {
  // Binance.US lists REKT by the thousand.
  const coin = base.replace(/^1000/, '')
  return QUIET[coin] ?? SLOW[coin] ?? null
}

/** Whether a product trades once a minute or more rarely. */
export function isQuiet(product: Product): boolean {
  return product.tradesPerSecond !== null && product.tradesPerSecond <= 1 / 60
}

/** Returns the four venues, in one time, with nothing wrong as yet. */
export function simulatorOptions(options: ExamOptions): SimulatorOptions {
  const { seed, tradesPerSecond, lifeSeconds } = options
  const of = <T>(make: (venue: TradingVenue) => T) =>
    Object.fromEntries(TRADING_VENUES.map((venue) => [venue, make(venue)])) as Partial<
      Record<VenueId, T>
    >
  return {
    seed,
    venues: [...TRADING_VENUES, 'coingecko'],
    products: of(productsOf),
    tradesPerSecond: of(() => tradesPerSecond),
    // Long enough that the quietest has traded before: its scope's beginning can be proven.
    historyMinutes: 30,
    clocks: {
      connectionLifeMs: lifeSeconds * 1000,
      pingEveryMs: 20_000,
      pongWithinMs: 60_000,
      banMs: BAN_MS,
    },
  }
}
