/** What the simulated venue lists: names, steps and pace of one product. */
export interface Product {
  /** The venue's own name: `BTC-USD`, `BTCUSD`, `BTC/USD`, `bitcoin`. */
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
