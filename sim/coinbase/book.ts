import type { DepthBook, DepthChanges, DepthLevel } from '../market/depth-book.ts'
import type { Product } from '../market/product.ts'
import { decimalText, microsText, paddedText } from '../market/text.ts'

/** Go's zero time, which the venue seldom writes where it has none. */
export const ZERO_TIME = '0001-01-01T00:00:00.000000Z'

const SIZE_DECIMALS = 8

function pricePart(product: Product, ticks: number): string {
  return `"${decimalText(ticks, product.priceDecimals)}"`
}

// A level that is gone is told either way.
function sizePart(product: Product, ticks: number, units: number): string {
  if (units === 0 && ticks % 2 === 0) return '"0"'
  return `"${paddedText(units, product.sizeDecimals, SIZE_DECIMALS)}"`
}

/** Returns a `snapshot` of a whole book, best levels first. */
export function bookSnapshotFrame(product: Product, book: DepthBook, timeUs: number): string {
  const side = (levels: readonly DepthLevel[]) =>
    levels
      .map(([ticks, units]) => `[${pricePart(product, ticks)},${sizePart(product, ticks, units)}]`)
      .join(',')
  const { bids, asks } = book.levels(Number.POSITIVE_INFINITY)
  return (
    `{"type":"snapshot","product_id":"${product.id}","asks":[${side(asks)}],` +
    `"bids":[${side(bids)}],"time":"${microsText(timeUs)}"}`
  )
}

/** Returns an `l2update`: absolute sizes, in one list for both sides. */
export function bookUpdateFrame(product: Product, changes: DepthChanges, time: string): string {
  const side = (name: 'buy' | 'sell', levels: ReadonlyMap<number, number>) =>
    [...levels].map(
      ([ticks, units]) =>
        `["${name}",${pricePart(product, ticks)},${sizePart(product, ticks, units)}]`,
    )
  const rows = [...side('buy', changes.bids), ...side('sell', changes.asks)]
  return `{"type":"l2update","product_id":"${product.id}","changes":[${rows}],"time":"${time}"}`
}
