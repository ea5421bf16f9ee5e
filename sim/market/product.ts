import { AssayError } from '../../src/core/errors.ts'

/** What the simulated venue lists: names, steps and pace of one product. */
export interface Product {
  /** The venue's own name, `BTC-USD`. */
  readonly id: string
  readonly base: string
  readonly quote: string
  /** Decimals of the quote increment; prices are whole numbers of it. */
  readonly priceDecimals: number
  /** Decimals of the base increment; sizes are whole numbers of it. */
  readonly sizeDecimals: number
  /** Price at the start of history, in ticks. */
  readonly startTicks: number
  readonly firstTradeId: number
  readonly firstSequence: number
  /** Part of the market's total rate this product gets, relative to the others'. */
  readonly share: number
  /** Its own pace whatever the market's rate, for quiet products; `null` follows the share. */
  readonly tradesPerSecond: number | null
}

const MINUTE_RATE = 1 / 60

function listed(
  id: string,
  steps: readonly [priceDecimals: number, sizeDecimals: number, startTicks: number],
  numbers: readonly [firstTradeId: number, firstSequence: number],
  pace: { readonly share?: number; readonly tradesPerSecond?: number },
): Product {
  const [base = id, quote = 'USD'] = id.split('-')
  return {
    id,
    base,
    quote,
    priceDecimals: steps[0],
    sizeDecimals: steps[1],
    startTicks: steps[2],
    firstTradeId: numbers[0],
    firstSequence: numbers[1],
    share: pace.share ?? 1,
    tradesPerSecond: pace.tradesPerSecond ?? null,
  }
}

// Steps are the venue's own of 2026 (WIRE-FORMATS 5); ids start where the real ones stood.
// REKT-USD is not listed there: it is here for its small price, whole sizes and long silences.
const CATALOGUE: readonly Product[] = [
  listed('BTC-USD', [2, 8, 8_414_083], [1_100_000_000, 136_967_652_357], { share: 6 }),
  listed('ETH-USD', [2, 8, 191_941], [833_000_000, 94_120_334_808], { share: 4 }),
  listed('SOL-USD', [2, 8, 14_862], [215_000_000, 31_808_112_400], { tradesPerSecond: 0.25 }),
  listed('REKT-USD', [10, 0, 2_137_000], [1_800_000, 402_118_900], {
    tradesPerSecond: MINUTE_RATE,
  }),
  listed('LINK-USD', [3, 2, 17_242], [91_000_000, 20_113_480_310], { share: 1 }),
  listed('DOT-USD', [4, 8, 38_114], [48_000_000, 9_101_455_020], { share: 0.5 }),
  listed('PEPE-USD', [8, 0, 1_032], [37_000_000, 6_230_119_001], { share: 1 }),
  listed('WIF-USD', [3, 2, 812], [26_000_000, 5_000_340_118], { share: 0.5 }),
]

/** What is traded when nothing else is asked: two busy products and two quiet ones. */
export const DEFAULT_PRODUCTS: readonly string[] = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'REKT-USD']

/** A product that once was listed: subscribing to it fails, and its history is gone. */
export const DELISTED_PRODUCT = 'LUNA-USD'

/**
 * Returns the products of these names.
 *
 * A name that is not in the catalogue is listed all the same, with a price near one and a
 * cent-like step, so that a test may trade whatever it likes.
 *
 * @throws AssayError `ASSAY_UNKNOWN_PRODUCT` for a name that is not `BASE-QUOTE`.
 */
export function resolveProducts(wanted: readonly (string | Product)[]): readonly Product[] {
  return wanted.map((item) => {
    if (typeof item !== 'string') return item
    const known = CATALOGUE.find((product) => product.id === item)
    if (known !== undefined) return known
    if (!/^[A-Z0-9]{1,20}-[A-Z0-9]{1,20}$/.test(item) || item === DELISTED_PRODUCT) {
      throw new AssayError('ASSAY_UNKNOWN_PRODUCT', `The simulator cannot list ${item}.`, {
        context: { product: item },
      })
    }
    return listed(item, [4, 8, 10_000], [1_000_000, 50_000_000], { share: 1 })
  })
}

/**
 * Returns each product's trades per second for a market that trades `total` in all.
 *
 * Quiet products keep their own pace and come on top; where only quiet ones are listed there
 * is nobody else to trade, and they share the rate like the others.
 */
export function ratesOf(products: readonly Product[], total: number): ReadonlyMap<string, number> {
  const busy = products.filter((product) => product.tradesPerSecond === null)
  const sharing = busy.length > 0 ? busy : products
  const shares = sharing.reduce((sum, product) => sum + product.share, 0)
  return new Map(
    products.map((product) => [
      product.id,
      sharing.includes(product)
        ? (total * product.share) / shares
        : Math.min(total, product.tradesPerSecond ?? total),
    ]),
  )
}
