/** Buckets without trades that a price is carried over at most. */
export const CARRY_MAX = 60

/** What was last paid in a bucket or before it, for as long back as is asked. */
export interface PriceMemory {
  readonly buckets: Float64Array
  readonly prices: Float64Array
  readonly areComplete: Uint8Array
  /** The last bucket told of. */
  bucket: number
  price: number
  isComplete: boolean
  /** Buckets that `price` has been carried over. */
  carried: number
}

/** Returns a memory that reaches `reach` buckets back. */
export function createPriceMemory(reach: number): PriceMemory {
  return {
    buckets: new Float64Array(reach + 1).fill(-1),
    prices: new Float64Array(reach + 1),
    areComplete: new Uint8Array(reach + 1),
    bucket: -1,
    price: Number.NaN,
    isComplete: true,
    carried: 0,
  }
}

/**
 * Takes the next bucket that is held.
 *
 * A price lasts through buckets that are known to be without trades. It is forgotten at one that
 * is missing or may have had some, and after {@link CARRY_MAX}: so it rests on that many buckets
 * at most, whatever came before them.
 */
export function rememberPrice(
  memory: PriceMemory,
  bucket: number,
  { close, isComplete }: { readonly close: number | null; readonly isComplete: boolean },
): void {
  if (close !== null) {
    memory.price = close
    memory.isComplete = isComplete
    memory.carried = 0
  } else {
    memory.carried += 1
    const isKnown = isComplete && bucket === memory.bucket + 1 && memory.carried <= CARRY_MAX
    if (!isKnown) memory.price = Number.NaN
  }
  memory.bucket = bucket
  const at = bucket % memory.buckets.length
  memory.buckets[at] = bucket
  memory.prices[at] = memory.price
  memory.areComplete[at] = memory.isComplete ? 1 : 0
}

/** Returns what was last paid up to the end of a bucket, or `null` where that is not known. */
export function recallPrice(
  memory: PriceMemory,
  bucket: number,
): { readonly price: number; readonly isComplete: boolean } | null {
  const at = bucket % memory.buckets.length
  if (bucket < 0 || memory.buckets[at] !== bucket) return null
  const price = memory.prices[at] as number
  return Number.isNaN(price) ? null : { price, isComplete: memory.areComplete[at] === 1 }
}
