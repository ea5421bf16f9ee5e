/** Longest symbol, in bytes, that a venue is believed to have. */
export const SYMBOL_BYTES_MAX = 64

/** Symbols read before, at the place their bytes hash to: bounded, and only a memo. */
const CACHE_SIZE = 2048
const cache: string[] = new Array<string>(CACHE_SIZE).fill('')

/** Bytes that may stand in a symbol. */
const IN_SYMBOLS = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > 0x20 && byte <= 0x7e && !`"'\`\\;<>`.includes(String.fromCharCode(byte)) ? 1 : 0,
)

/**
 * Returns the symbol that `bytes[start, end)` spells, or `null` where that is none.
 *
 * A symbol is 1 to 64 printable ASCII bytes, without what no venue calls a product and a query, a
 * shell or a path may misread: quotes, space, `;`, `<`, `>`, backslash, two dots in a row. Nothing
 * here would misread them, but names travel.
 *
 * The same bytes usually give the same string object again, so that reading a known symbol
 * allocates nothing.
 */
export function readSymbol(bytes: Uint8Array, start: number, end: number): string | null {
  const length = end - start
  if (length < 1 || length > SYMBOL_BYTES_MAX) return null
  const place = placeOf(bytes, start, end)
  const known = cache[place] as string
  if (known.length === length && spells(bytes, start, known)) return known
  let symbol = ''
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    if (IN_SYMBOLS[byte] === 0) return null
    symbol += String.fromCharCode(byte)
  }
  if (symbol.includes('..')) return null
  cache[place] = symbol
  return symbol
}

/** Hashes the length and six bytes, for time's sake: base and quote tell most symbols apart. */
function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const last = end - 1
  const middle = start + ((end - start) >> 1)
  let hash = (bytes[start] as number) + Math.imul(end - start, 97)
  hash = Math.imul(hash, 31) + (bytes[start < last ? start + 1 : last] as number)
  hash = Math.imul(hash, 31) + (bytes[start + 1 < last ? start + 2 : last] as number)
  hash = Math.imul(hash, 31) + (bytes[middle] as number)
  hash = Math.imul(hash, 31) + (bytes[last > start ? last - 1 : last] as number)
  hash = Math.imul(hash, 31) + (bytes[last] as number)
  return (hash ^ (hash >>> 11)) & (CACHE_SIZE - 1)
}

function spells(bytes: Uint8Array, start: number, symbol: string): boolean {
  for (let i = 0; i < symbol.length; i += 1) {
    if (bytes[start + i] !== symbol.charCodeAt(i)) return false
  }
  return true
}
