import type { CandleFold } from './candles.ts'
import { createCandleFold } from './candles.ts'
import type { Fill } from './ledger.ts'
import type { Product } from './product.ts'
import { ratesOf } from './product.ts'
import type { ProductMarket } from './product-market.ts'
import { createProductMarket } from './product-market.ts'

/** What a market is made of. */
export interface MarketOptions {
  readonly products: readonly Product[]
  readonly seed: number | string
  /** Where the live market begins; history lies before it. */
  readonly startUs: number
  /** Total of the products that share the rate. */
  readonly tradesPerSecond: number
  readonly historyMinutes: number
  /** Trades kept over all products; the oldest 65,536 of the longest tape go first. */
  readonly tradesHeldMax: number
}

/** All products, traded side by side in one time. The same options give the same trades. */
export interface Market {
  readonly products: ReadonlyMap<string, ProductMarket>
  readonly candles: ReadonlyMap<string, CandleFold>
  /** Time up to which everything has been traded. */
  readonly timeUs: number
  readonly tradesTotal: number
  /** Trades let go for memory's sake; the truth is whole only while this is 0. */
  readonly tradesEvicted: number
  readonly trading: boolean
  /** Trades every order before `timeUs`, in order of time over all products. */
  advanceTo(timeUs: number, visit: (fills: readonly Fill[]) => void): void
  /** Stops or resumes trading; orders wait, time goes on. */
  setTrading(on: boolean): void
}

const HISTORY_TRADES_PER_SECOND_MAX = 20

function createEngines(options: MarketOptions, historyUs: number): readonly ProductMarket[] {
  const historyRate = Math.min(options.tradesPerSecond, HISTORY_TRADES_PER_SECOND_MAX)
  const rates = ratesOf(options.products, historyRate)
  return options.products.map((product) =>
    createProductMarket(product, options.seed, {
      startUs: historyUs,
      tradesPerSecond: rates.get(product.id)!,
    }),
  )
}

const earlier = (a: ProductMarket, b: ProductMarket) => (b.nextTimeUs < a.nextTimeUs ? b : a)
const heldBy = (engine: ProductMarket) => engine.ledger.tape.end - engine.ledger.tape.start
const longer = (a: ProductMarket, b: ProductMarket) => (heldBy(b) > heldBy(a) ? b : a)

/** Returns a market with its history already traded. */
export function createMarket(options: MarketOptions): Market {
  const historyUs = options.startUs - Math.round(options.historyMinutes * 60_000_000)
  const engines = createEngines(options, historyUs)
  const candles = new Map(engines.map((e) => [e.product.id, createCandleFold(e.ledger.tape)]))
  let timeUs = historyUs
  let total = 0
  let evicted = 0
  let stoppedAtUs: number | null = null

  function evict(): void {
    const longest = engines.reduce(longer)
    // Minutes are folded before their trades go.
    candles.get(longest.product.id)!.minutes(0, 0)
    evicted += longest.ledger.tape.evict()
  }

  function advanceTo(untilUs: number, visit: (fills: readonly Fill[]) => void): void {
    if (untilUs <= timeUs) return
    while (stoppedAtUs === null) {
      const engine = engines.reduce(earlier)
      if (engine.nextTimeUs >= untilUs) break
      const fills = engine.step()
      total += fills.length
      visit(fills)
    }
    if (total - evicted > options.tradesHeldMax) evict()
    timeUs = untilUs
  }

  advanceTo(options.startUs, () => undefined)
  const rates = ratesOf(options.products, options.tradesPerSecond)
  for (const engine of engines) engine.setRate(rates.get(engine.product.id)!, options.startUs)

  return {
    products: new Map(engines.map((engine) => [engine.product.id, engine])),
    candles,
    get timeUs() {
      return timeUs
    },
    get tradesTotal() {
      return total
    },
    get tradesEvicted() {
      return evicted
    },
    get trading() {
      return stoppedAtUs === null
    },
    advanceTo,
    setTrading(on) {
      if (on === (stoppedAtUs === null)) return
      if (on) for (const engine of engines) engine.postpone(timeUs - stoppedAtUs!)
      stoppedAtUs = on ? null : timeUs
    },
  }
}
