/** A size as it is held: a Number where its digits fit one, else canonical text. */
export type HeldSize = number | string

/**
 * One side of a book, worst level first.
 *
 * Prices are Numbers, asks' below zero, so that of either side the greatest is the best and
 * stands last, where most changes are and a change moves the fewest others. A Number is good
 * enough for an index and exact besides: it tells apart any two decimals of 15 digits, and its
 * shortest text is the decimal it was made from. Prices of more digits are refused before.
 */
export interface BookSide {
  readonly keys: number[]
  readonly sizes: HeldSize[]
  /** The worst price whose like is known; beyond it nothing is held. `null`: all is known. */
  horizon: number | null
}

/** Returns a side without levels. */
export function createSide(): BookSide {
  return { keys: [], sizes: [], horizon: null }
}

/** Takes every level away. */
export function clearSide(side: BookSide): void {
  side.keys.length = 0
  side.sizes.length = 0
  side.horizon = null
}

/** Sets the size at a price; a size of 0 removes the level, if there is one. */
export function setLevel(side: BookSide, key: number, size: HeldSize): void {
  if (side.horizon !== null && key < side.horizon) return
  const { keys, sizes } = side
  const at = placeOf(keys, key)
  const isHeld = keys[at] === key
  if (size === 0) {
    if (!isHeld) return
    keys.splice(at, 1)
    sizes.splice(at, 1)
  } else if (isHeld) {
    sizes[at] = size
  } else if (at === keys.length) {
    keys.push(key)
    sizes.push(size)
  } else {
    keys.splice(at, 0, key)
    sizes.splice(at, 0, size)
  }
}

/** Fills an empty side with levels in any order; of a price told twice the last stands. */
export function fillSide(
  side: BookSide,
  keys: readonly number[],
  sizes: readonly HeldSize[],
): void {
  const order = keys.map((_, at) => at).sort((a, b) => byPriceThenPlace(keys, a, b))
  for (const at of order) {
    const key = keys[at] as number
    const size = sizes[at] as HeldSize
    const last = side.keys.length - 1
    if (side.keys[last] === key) {
      side.keys.pop()
      side.sizes.pop()
    }
    if (size === 0) continue
    side.keys.push(key)
    side.sizes.push(size)
  }
}

function byPriceThenPlace(keys: readonly number[], a: number, b: number): number {
  return (keys[a] as number) - (keys[b] as number) || a - b
}

/** Cuts a side to its best levels; what falls off will be told again, should it come back. */
export function cutToWindow(side: BookSide, depth: number): void {
  const excess = side.keys.length - depth
  if (excess <= 0) return
  side.keys.splice(0, excess)
  side.sizes.splice(0, excess)
}

/**
 * Cuts a side that has grown by an eighth over `depth` back to it, for good: what lies beyond
 * the worst level left is not known from here on.
 */
export function cutForGood(side: BookSide, depth: number): void {
  if (side.keys.length <= depth + (depth >> 3)) return
  cutToWindow(side, depth)
  side.horizon = side.keys[0] as number
}

/** Returns the index of the first level that is as good as `key`. */
function placeOf(keys: readonly number[], key: number): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as number) < key) low = middle + 1
    else high = middle
  }
  return low
}
