import type { Product } from '../market/product.ts'
import { decimalText } from '../market/text.ts'

const increment = (decimals: number) => decimalText(1, decimals)

function flags(product: Product) {
  return {
    id: product.id,
    base_currency: product.base,
    quote_currency: product.quote,
    quote_increment: increment(product.priceDecimals),
    base_increment: increment(product.sizeDecimals),
    display_name: `${product.base}-${product.quote}`,
    min_market_funds: '1',
    post_only: false,
    limit_only: false,
    cancel_only: false,
    status: 'online',
    fx_stablecoin: false,
  }
}

/** Returns a product as REST lists it. */
export function productRow(product: Product) {
  return {
    ...flags(product),
    margin_enabled: false,
    status_message: '',
    trading_disabled: false,
    max_slippage_percentage: '0.02000000',
    auction_mode: false,
    high_bid_limit_percentage: '',
  }
}

function currencyRow(id: string) {
  return {
    id,
    name: id,
    display_name: id,
    min_size: '0.00000001',
    status: 'online',
    status_message: '',
    max_precision: '0.00000001',
    convertible_to: [],
    details: { type: id === 'USD' ? 'fiat' : 'crypto' },
    default_network: '',
    supported_networks: [],
  }
}

/** Returns the `status` message: every product and currency. */
export function statusFrame(products: readonly Product[]): string {
  const currencies = new Set(products.flatMap((product) => [product.base, product.quote]))
  return JSON.stringify({
    type: 'status',
    products: products.map((product) => ({ ...flags(product), status_message: null })),
    currencies: [...currencies].map(currencyRow),
  })
}
