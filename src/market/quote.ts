/**
 * Quotes that stand for US dollars: where a venue does not list a pair in the first, that in the
 * next is meant. A declaration; whether a dollar is paid for one is told by its own market.
 */
export const USD_QUOTES: readonly string[] = ['USD', 'USDT', 'USDC']

/** Returns what pairs in a quote are ranked in: US dollars, or what stands for them, alike. */
export function currencyOf(quote: string | null): string {
  if (quote === null) return ''
  return USD_QUOTES.includes(quote) ? 'USD' : quote
}
