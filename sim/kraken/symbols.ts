import type { Product } from '../market/product.ts'

// Assets the venue lists under names of its own wherever symbols are not of version 2.
const LEGACY_NAMES: ReadonlyMap<string, string> = new Map([
  ['BTC', 'XBT'],
  ['DOGE', 'XDG'],
])

// Pairs of these assets are keyed in four letters a side: XXBTZUSD.
const X_ASSETS: ReadonlySet<string> = new Set('XBT ETH XRP LTC XLM XMR ZEC ETC REP MLN'.split(' '))
const Z_ASSETS: ReadonlySet<string> = new Set(['USD', 'EUR', 'GBP', 'CAD', 'JPY'])

/** The names one pair has at the venue. */
export interface PairNames {
  /** WebSocket v2, and REST with `assetVersion=1`: `BTC/USD`. */
  readonly symbol: string
  /** WebSocket v1, told by REST as `wsname`: `XBT/USD`. */
  readonly wsname: string
  /** What REST is asked by: `XBTUSD`. */
  readonly altname: string
  /** What REST answers under: `XXBTZUSD`, or the altname for newer pairs. */
  readonly key: string
}

/** Returns an asset's name outside version 2: `XBT` for bitcoin. */
function legacyName(asset: string): string {
  return LEGACY_NAMES.get(asset) ?? asset
}

/** Returns an asset's key in REST: `XXBT`, `ZUSD`, `SOL`. */
export function assetKey(asset: string): string {
  const name = legacyName(asset)
  if (Z_ASSETS.has(name)) return `Z${name}`
  return X_ASSETS.has(name) || name === 'XDG' ? `X${name}` : name
}

/** Returns every name of a product's pair. */
export function pairNames(product: Product): PairNames {
  const { base, quote } = product
  const [oldBase, oldQuote] = [legacyName(base), legacyName(quote)]
  const altname = `${oldBase}${oldQuote}`
  const old = X_ASSETS.has(oldBase) && (Z_ASSETS.has(oldQuote) || oldQuote === 'XBT')
  const dollar = base === 'USDT' && quote === 'USD'
  const key = old || dollar ? `${dollar ? base : assetKey(base)}${assetKey(quote)}` : altname
  return { symbol: `${base}/${quote}`, wsname: `${oldBase}/${oldQuote}`, altname, key }
}
