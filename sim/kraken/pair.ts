import type { Market } from '../market/market.ts'
import type { Product } from '../market/product.ts'
import type { ProductMarket } from '../market/product-market.ts'
import type { PairNames } from './symbols.ts'
import { pairNames } from './symbols.ts'

/** One listed pair: its market and all its names. */
export interface Pair extends PairNames {
  readonly product: Product
  readonly engine: ProductMarket
}

/** All listed pairs, found by product or by any of their names. */
export interface Pairs {
  readonly all: readonly Pair[]
  /** Every product of the market has a pair. */
  ofProduct(id: string): Pair
  /** A pair by the name WebSocket v2 takes, and no other. */
  ofSymbol(symbol: string): Pair | null
  /** A pair by any name REST takes: `XBTUSD`, `XXBTZUSD`, `BTC/USD`, `XBT/USD`, `BTCUSD`. */
  ofName(name: string): Pair | null
}

/** Returns the pairs of a market. */
export function createPairs(market: Market): Pairs {
  const all = [...market.products.values()].map((engine) => {
    return { ...pairNames(engine.product), product: engine.product, engine }
  })
  const byProduct = new Map(all.map((pair) => [pair.product.id, pair]))
  const bySymbol = new Map(all.map((pair) => [pair.symbol, pair]))
  const byName = new Map(
    all.flatMap((pair) =>
      [pair.symbol, pair.symbol.replace('/', ''), pair.wsname, pair.key, pair.altname].map(
        (name) => [name, pair] as const,
      ),
    ),
  )
  return {
    all,
    ofProduct: (id) => byProduct.get(id)!,
    ofSymbol: (symbol) => bySymbol.get(symbol) ?? null,
    ofName: (name) => byName.get(name.toUpperCase()) ?? null,
  }
}
