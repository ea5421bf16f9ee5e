import { AssayError } from '../../src/core/errors.ts'
import type { VenueId } from '../venue-id.ts'
import { FIFTEEN } from './fifteen.ts'
import type { Product } from './product.ts'

/** What one venue can list. */
interface Catalogue {
  readonly products: readonly Product[]
  /** Names of what is listed when nothing else is asked. */
  readonly defaults: readonly string[]
  /** Base and quote of a name outside of the catalogue; `null` where it is no name here. */
  readonly read: (id: string) => readonly [base: string, quote: string] | null
}

/** Steps of a product: decimals of price and size, and the price it starts at, in ticks. */
type Steps = readonly [priceDecimals: number, sizeDecimals: number, startTicks: number]

/** What tells products of one catalogue apart besides their steps. */
interface Facts {
  readonly base: string
  readonly quote: string
  readonly steps: Steps
  readonly firstTradeId: number
  readonly firstSequence?: number
  readonly share?: number
  readonly tradesPerSecond?: number | null
}

function listed(id: string, facts: Facts): Product {
  const [priceDecimals, sizeDecimals, startTicks] = facts.steps
  return {
    id,
    base: facts.base,
    quote: facts.quote,
    priceDecimals,
    sizeDecimals,
    startTicks,
    firstTradeId: facts.firstTradeId,
    firstSequence: facts.firstSequence ?? 50_000_000,
    share: facts.share ?? 1,
    tradesPerSecond: facts.tradesPerSecond ?? null,
  }
}

const MINUTE_RATE = 1 / 60

function dollars(
  base: string,
  steps: Steps,
  numbers: readonly [firstTradeId: number, firstSequence: number],
  pace: { readonly share?: number; readonly tradesPerSecond?: number },
): Product {
  const [firstTradeId, firstSequence] = numbers
  return listed(`${base}-USD`, { base, quote: 'USD', steps, firstTradeId, firstSequence, ...pace })
}

// Steps are the venue's own of 2026 (WIRE-FORMATS 5); ids start where the real ones stood.
// REKT-USD is not listed there: it is here for its small price, whole sizes and long silences.
const COINBASE: readonly Product[] = [
  dollars('BTC', [2, 8, 8_414_083], [1_100_000_000, 136_967_652_357], { share: 6 }),
  dollars('ETH', [2, 8, 191_941], [833_000_000, 94_120_334_808], { share: 4 }),
  dollars('SOL', [2, 8, 14_862], [215_000_000, 31_808_112_400], { tradesPerSecond: 0.25 }),
  dollars('REKT', [10, 0, 2_137_000], [1_800_000, 402_118_900], { tradesPerSecond: MINUTE_RATE }),
  dollars('LINK', [3, 2, 17_242], [91_000_000, 20_113_480_310], { share: 1 }),
  dollars('DOT', [4, 8, 38_114], [48_000_000, 9_101_455_020], { share: 0.5 }),
  dollars('PEPE', [8, 0, 1_032], [37_000_000, 6_230_119_001], { share: 1 }),
  dollars('WIF', [3, 2, 812], [26_000_000, 5_000_340_118], { share: 0.5 }),
]

/** What Coinbase trades when nothing else is asked: two busy products and two quiet ones. */
export const DEFAULT_PRODUCTS: readonly string[] = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'REKT-USD']

/** A product that once was listed: subscribing to it fails, and its history is gone. */
export const DELISTED_PRODUCT = 'LUNA-USD'

const ticksOf = (price: number, decimals: number) => Math.round(price * 10 ** decimals)

// On Binance.US some of the fifteen trade against Tether alone, and REKT by the thousand.
function binanceProduct(base: string, quote: string): Product {
  const coin = FIFTEEN.find((item) => item.base === base)!
  const [priceDecimals, sizeDecimals] = coin.binance
  const thousand = base === 'REKT'
  const price = coin.price * (thousand ? 1000 : 1)
  return listed(`${thousand ? '1000' : ''}${base}${quote}`, {
    base: `${thousand ? '1000' : ''}${base}`,
    quote,
    steps: [priceDecimals, sizeDecimals, ticksOf(price, priceDecimals)],
    firstTradeId: Math.round(coin.firstTradeId / 20),
    share: coin.share,
    tradesPerSecond: coin.tradesPerSecond,
  })
}

const TETHER_ONLY = ['PUMP', 'PENGU', 'FARTCOIN', 'WIF', 'REKT']
const BINANCE = FIFTEEN.map(({ base }) =>
  binanceProduct(base, TETHER_ONLY.includes(base) ? 'USDT' : 'USD'),
)

const KRAKEN = FIFTEEN.map(({ base, price, kraken, firstTradeId, share, tradesPerSecond }) =>
  listed(`${base}/USD`, {
    base,
    quote: 'USD',
    steps: [kraken[0], kraken[1], ticksOf(price, kraken[0])],
    firstTradeId: Math.round(firstTradeId / 10),
    share,
    tradesPerSecond,
  }),
)

// The aggregator's prices come from a market of its own that nobody is told the trades of.
function coin(id: string, base: string, price: number): Product {
  const priceDecimals = price >= 1 ? 4 : price >= 0.001 ? 7 : 12
  const steps: Steps = [priceDecimals, price < 0.001 ? 2 : 6, ticksOf(price, priceDecimals)]
  return listed(id, { base, quote: 'USD', steps, firstTradeId: 1, tradesPerSecond: 0.5 })
}

const COINGECKO: readonly Product[] = [
  ...FIFTEEN.map(({ base, coinId, price }) => coin(coinId, base, price)),
  coin('binancecoin', 'BNB', 912.4),
  coin('cardano', 'ADA', 0.6413),
  coin('ripple', 'XRP', 2.214),
  coin('dogecoin', 'DOGE', 0.1871),
  coin('avalanche-2', 'AVAX', 21.37),
  coin('polygon-ecosystem-token', 'POL', 0.2214),
]

const named = (pattern: RegExp) => (id: string) => {
  const [, base, quote] = pattern.exec(id) ?? []
  return base === undefined || quote === undefined ? null : ([base, quote] as const)
}
const idsOf = (products: readonly Product[]) => products.map((product) => product.id)

const CATALOGUES: Readonly<Record<VenueId, Catalogue>> = {
  coinbase: {
    products: COINBASE,
    defaults: DEFAULT_PRODUCTS,
    read: (id) =>
      id === DELISTED_PRODUCT ? null : named(/^([A-Z0-9]{1,20})-([A-Z0-9]{1,20})$/)(id),
  },
  'binance-us': {
    products: BINANCE,
    defaults: idsOf(BINANCE),
    read: named(/^([A-Z0-9]{1,20}?)(USDT|USDC|USD|BTC)$/),
  },
  kraken: {
    products: KRAKEN,
    defaults: idsOf(KRAKEN),
    read: named(/^([A-Z0-9]{1,20})\/([A-Z0-9]{1,20})$/),
  },
  coingecko: {
    products: COINGECKO,
    defaults: idsOf(COINGECKO),
    read: (id) => (/^[a-z0-9-]{1,64}$/.test(id) ? [id.toUpperCase(), 'USD'] : null),
  },
}

/** Returns the names of what a venue trades when nothing else is asked. */
export function defaultProducts(venue: VenueId): readonly string[] {
  return CATALOGUES[venue].defaults
}

/**
 * Returns the products of these names, each in its venue's own spelling.
 *
 * A name that is not in the catalogue is listed all the same, with a price near one and a
 * cent-like step, so that a test may trade whatever it likes.
 *
 * @throws AssayError `ASSAY_UNKNOWN_PRODUCT` for what is no name at that venue.
 */
export function resolveProducts(
  wanted: readonly (string | Product)[],
  venue: VenueId = 'coinbase',
): readonly Product[] {
  const catalogue = CATALOGUES[venue]
  return wanted.map((item) => {
    if (typeof item !== 'string') return item
    const known = catalogue.products.find((product) => product.id === item)
    if (known !== undefined) return known
    const pair = catalogue.read(item)
    if (pair === null) {
      throw new AssayError('ASSAY_UNKNOWN_PRODUCT', `The simulator cannot list ${item}.`, {
        context: { product: item, venue },
      })
    }
    const [base, quote] = pair
    return listed(item, { base, quote, steps: [4, 8, 10_000], firstTradeId: 1_000_000 })
  })
}
