import { decimalText } from '../market/text.ts'
import type { FrameType, SystemState } from './frames.ts'
import { numberText } from './numbers.ts'
import type { Pair } from './pair.ts'

const FIAT: ReadonlySet<string> = new Set(['USD', 'EUR', 'GBP', 'CAD', 'JPY'])
const COST_DECIMALS = 5

const step = (decimals: number) => numberText(decimalText(1, decimals))

function pairItem(pair: Pair, status: SystemState): string {
  const { base, quote, priceDecimals, sizeDecimals } = pair.product
  return (
    `{"symbol":"${pair.symbol}","base":"${base}","quote":"${quote}","status":"${status}",` +
    `"qty_precision":${sizeDecimals},"qty_increment":${step(sizeDecimals)},` +
    `"price_precision":${priceDecimals},"cost_precision":${COST_DECIMALS},"marginable":false,` +
    `"has_index":true,"cost_min":0.5,"tick_size":${step(priceDecimals)},` +
    `"price_increment":${step(priceDecimals)},"qty_min":${step(sizeDecimals)}}`
  )
}

function assetItem(id: string): string {
  const precision = FIAT.has(id) ? 4 : 10
  return (
    `{"id":"${id}","status":"enabled","precision":${precision},` +
    `"precision_display":${precision >> 1},"borrowable":false,"collateral_value":1.0,` +
    '"margin_rate":0.02}'
  )
}

/**
 * Returns an `instrument` message: its `data` is an object, not a list. An update tells pairs
 * whose status changed and leaves the assets empty.
 */
export function instrumentFrame(
  type: FrameType,
  pairs: readonly Pair[],
  status: SystemState,
): string {
  const ids = new Set(pairs.flatMap(({ product }) => [product.base, product.quote]))
  const assets = type === 'snapshot' ? [...ids].toSorted().map(assetItem) : []
  const items = pairs.map((pair) => pairItem(pair, status))
  return (
    `{"channel":"instrument","type":"${type}",` +
    `"data":{"assets":[${assets.join(',')}],"pairs":[${items.join(',')}]}}`
  )
}
