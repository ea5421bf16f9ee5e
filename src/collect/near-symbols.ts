const PRODUCT_LENGTH_MAX = 64

/**
 * Returns up to `max` symbols that may have been meant by `product`, nearest first: those that
 * differ by separators, then by few letters, then those that start alike.
 */
export function nearSymbols(product: string, symbols: readonly string[], max: number): string[] {
  const wanted = fold(product.slice(0, PRODUCT_LENGTH_MAX))
  if (wanted === '') return []
  const near: { symbol: string; distance: number }[] = []
  for (const symbol of symbols) {
    const folded = fold(symbol)
    const edits = editDistance(wanted, folded)
    const alike = folded.startsWith(wanted) || wanted.startsWith(folded)
    const distance = alike ? Math.min(edits, 2) : edits
    if (distance <= 2) near.push({ symbol, distance })
  }
  const byDistance = near.toSorted(
    (a, b) => a.distance - b.distance || (a.symbol < b.symbol ? -1 : 1),
  )
  return byDistance.slice(0, max).map(({ symbol }) => symbol)
}

function fold(symbol: string): string {
  return symbol.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
}

/** Levenshtein's distance: letters to insert, drop or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
