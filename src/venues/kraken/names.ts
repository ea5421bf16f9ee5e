import { SYMBOL_BYTES_MAX } from '../../market/symbol.ts'

/**
 * Codes that Kraken's older interfaces give an asset, where it has another name today: a letter
 * before the name tells crypto from fiat. A closed list; assets listed since have no such code.
 */
const LEGACY_CODES: Readonly<Record<string, string>> = Object.freeze({
  XETC: 'ETC',
  XETH: 'ETH',
  XICN: 'ICN',
  XLTC: 'LTC',
  XMLN: 'MLN',
  XNMC: 'NMC',
  XREP: 'REP',
  XXBT: 'XBT',
  XXDG: 'XDG',
  XXLM: 'XLM',
  XXMR: 'XMR',
  XXRP: 'XRP',
  XXVN: 'XVN',
  XZEC: 'ZEC',
  ZAUD: 'AUD',
  ZCAD: 'CAD',
  ZEUR: 'EUR',
  ZGBP: 'GBP',
  ZJPY: 'JPY',
  ZKRW: 'KRW',
  ZUSD: 'USD',
})

/** Assets that are called otherwise on the current WebSocket. */
const RENAMED: Readonly<Record<string, string>> = Object.freeze({ XBT: 'BTC', XDG: 'DOGE' })

const ALTERNATE: Readonly<Record<string, string>> = Object.freeze(
  Object.fromEntries(Object.entries(RENAMED).map(([old, name]) => [name, old])),
)

/** Quote assets that end a pair written without a slash, the longest first. */
const QUOTES: readonly string[] = Object.freeze(
  [
    ...Object.keys(LEGACY_CODES),
    ...['RLUSD', 'PYUSD', 'USDT', 'USDC', 'USDG', 'USDQ', 'USDR', 'EURQ', 'EURR', 'EURC'],
    ...['USD', 'EUR', 'GBP', 'CAD', 'JPY', 'AUD', 'CHF', 'AED', 'BRL', 'DAI'],
    ...['XBT', 'BTC', 'ETH', 'SOL', 'DOT'],
  ].toSorted((a, b) => b.length - a.length),
)

/** Returns the name that the current WebSocket gives an asset, by any of Kraken's names for it. */
export function assetName(code: string): string {
  const plain = lookUp(LEGACY_CODES, code) ?? code
  return lookUp(RENAMED, plain) ?? plain
}

/**
 * Returns the symbol, as the current WebSocket spells it, of a pair in any of Kraken's other
 * spellings, or `null` where it is none that can be told apart.
 *
 * Older names differ in the asset (`XBT/USD`), in the slash (`XBTUSD`) or in both and a letter
 * (`XXBTZUSD`). Without a slash, a list of quote assets tells where to cut: a last resort for
 * answers whose request is not known. Listings name base and quote in fields of their own.
 *
 * @example
 * symbolOfPair('XXBTZUSD') // 'BTC/USD'
 */
export function symbolOfPair(pair: string): string | null {
  if (!/^[A-Z0-9./-]+$/i.test(pair) || pair.length > SYMBOL_BYTES_MAX) return null
  const slash = pair.indexOf('/')
  if (slash >= 0) {
    const [base, quote] = [pair.slice(0, slash), pair.slice(slash + 1)]
    const isPair = base !== '' && quote !== '' && !quote.includes('/')
    return isPair ? `${assetName(base)}/${assetName(quote)}` : null
  }
  const quote = QUOTES.find((each) => pair.endsWith(each) && isBase(pair, each))
  if (quote === undefined) return null
  return `${assetName(pair.slice(0, -quote.length))}/${assetName(quote)}`
}

/**
 * Returns the name by which REST is asked for a symbol.
 *
 * @example
 * altnameOf('DOGE/USD') // 'XDGUSD'
 */
export function altnameOf(symbol: string): string {
  return symbol
    .split('/')
    .map((asset) => lookUp(ALTERNATE, asset) ?? asset)
    .join('')
}

/** What is left before a quote must be an asset; before a coded quote, one that has a code too. */
function isBase(pair: string, quote: string): boolean {
  const base = pair.slice(0, -quote.length)
  if (!Object.hasOwn(LEGACY_CODES, quote)) return base.length > 1
  return Object.hasOwn(LEGACY_CODES, base) || base === 'USDT'
}

function lookUp(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
