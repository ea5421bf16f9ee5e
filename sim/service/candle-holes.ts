/** Minutes that a venue's REST candles lack, though trades were made in them. */
export interface CandleHoles {
  add(product: string, openTimeUs: number): void
  has(product: string, openTimeUs: number): boolean
}

/** Returns an empty list. */
export function createCandleHoles(): CandleHoles {
  const holes = new Set<string>()
  return {
    add: (product, openTimeUs) => {
      holes.add(`${product} ${openTimeUs}`)
    },
    has: (product, openTimeUs) => holes.size > 0 && holes.has(`${product} ${openTimeUs}`),
  }
}
