import type { Product } from '../market/product.ts'
import { paddedText } from '../market/text.ts'
import { PADDED } from './frames.ts'

/** Request weight an address may use in a minute. */
export const WEIGHT_PER_MINUTE = 1200

const RATE_LIMITS = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: WEIGHT_PER_MINUTE },
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
  { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 6100 },
]

/** A pair that is listed and no longer traded. */
const BROKEN: Pick<Product, 'id' | 'base' | 'quote' | 'priceDecimals' | 'sizeDecimals'> = {
  id: 'LUNAUSD',
  base: 'LUNA',
  quote: 'USD',
  priceDecimals: 4,
  sizeDecimals: 2,
}

const step = (decimals: number) => paddedText(1, decimals, PADDED)

function symbolRow(product: typeof BROKEN, status: 'TRADING' | 'BREAK') {
  return {
    symbol: product.id,
    status,
    baseAsset: product.base,
    baseAssetPrecision: PADDED,
    quoteAsset: product.quote,
    quotePrecision: PADDED,
    quoteAssetPrecision: PADDED,
    baseCommissionPrecision: PADDED,
    quoteCommissionPrecision: PADDED,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'],
    icebergAllowed: true,
    ocoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: step(product.priceDecimals),
        maxPrice: '1000000.00000000',
        tickSize: step(product.priceDecimals),
      },
      {
        filterType: 'LOT_SIZE',
        minQty: step(product.sizeDecimals),
        maxQty: '90000000000.00000000',
        stepSize: step(product.sizeDecimals),
      },
      { filterType: 'MIN_NOTIONAL', minNotional: '1.00000000', applyToMarket: true },
    ],
    permissions: ['SPOT'],
  }
}

/** Returns `exchangeInfo` of these products, and of the broken pair where `all` are asked for. */
export function exchangeInfo(products: readonly Product[], all: boolean, nowMs: number) {
  const symbols = products.map((product) => symbolRow(product, 'TRADING'))
  return {
    timezone: 'UTC',
    serverTime: nowMs,
    rateLimits: RATE_LIMITS,
    exchangeFilters: [],
    symbols: all ? [...symbols, symbolRow(BROKEN, 'BREAK')] : symbols,
  }
}
