/** The venue's one dialect: whatever its REST interface answers. */
export const REST_DIALECT = 'coingecko/rest'

/** The currency that facts are in; answers in others are kept raw. */
export const QUOTE = 'usd'

const MINUTE_US = 60_000_000
const HOUR_US = 60 * MINUTE_US
const DAY_US = 24 * HOUR_US

/** Widths of candles that CoinGecko is known to give. */
export const CANDLE_WIDTHS_US: readonly number[] = [
  30 * MINUTE_US,
  HOUR_US,
  4 * HOUR_US,
  DAY_US,
  4 * DAY_US,
]

const CHANNEL_OF_PATH: readonly (readonly [RegExp, string])[] = [
  [/\/coins\/markets\/?$/, 'markets'],
  [/\/coins\/list\/?$/, 'list'],
  [/\/coins\/[^/]+\/market_chart(\/range)?\/?$/, 'market_chart'],
  [/\/coins\/[^/]+\/ohlc(\/range)?\/?$/, 'ohlc'],
  [/\/simple\/price\/?$/, 'price'],
  [/\/ping\/?$/, 'ping'],
  [/\/global\/?$/, 'global'],
]

/** Returns the channel of an answer by its URL; `unknown` for other endpoints. */
export function channelOf(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/?#]*/, '').replace(/[?#].*$/s, '')
  return CHANNEL_OF_PATH.find(([pattern]) => pattern.test(path))?.[1] ?? 'unknown'
}

/** Returns the coin that a URL asks about, or `null`. */
export function coinOf(url: string): string | null {
  return /\/coins\/([!-.0-~]{1,64})\/(?:market_chart|ohlc)/.exec(url)?.[1] ?? null
}

/** An address that asks for dollars first of all, as ours do. */
const IN_DOLLARS = /^[^?&]*\?vs_currency=usd(?:&|$)/

/**
 * Returns whether what a URL asks for is in US dollars. `vs_currencies` may name several
 * currencies; an answer whose URL is not known is taken to be in dollars.
 */
export function isInDollars(url: string): boolean {
  if (IN_DOLLARS.test(url)) return true
  const asked = /[?&]vs_currenc(?:y|ies)=([^&#]*)/.exec(url)?.[1]
  if (asked === undefined || asked === QUOTE) return true
  const words = asked.toLowerCase().split(/%2c|,|%20|\+/)
  return words.includes(QUOTE)
}

/**
 * Returns the width of candles that CoinGecko documents for the span a URL asks for: 30 minutes
 * up to 2 days, 4 hours up to 30, else 4 days; or the one asked for.
 */
export function candleWidthUs(url: string): number {
  const interval = /[?&]interval=([a-z]+)/.exec(url)?.[1]
  if (interval === 'hourly') return HOUR_US
  if (interval === 'daily') return DAY_US
  const days = Number(/[?&]days=([0-9]{1,5})/.exec(url)?.[1] ?? Number.POSITIVE_INFINITY)
  if (days <= 2) return 30 * MINUTE_US
  return days <= 30 ? 4 * HOUR_US : 4 * DAY_US
}
