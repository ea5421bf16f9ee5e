import { assert } from './assert.ts'

/** A seeded source of numbers: the same seed gives the same sequence on every machine. */
export interface Random {
  /** A float in `[0, 1)` with 53 random bits. */
  next(): number
  /** A whole number from `lo` to `hi`, both included. */
  int(lo: number, hi: number): number
  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T
  /** A waiting time of a Poisson process whose mean wait is `mean`. */
  exponential(mean: number): number
  /** A normally distributed float with mean 0 and deviation 1. */
  gaussian(): number
}

/**
 * Returns a generator seeded by a number or a text.
 *
 * Not for secrets. A program that wants another sequence every time (the jitter of a retry)
 * seeds it with `crypto.randomUUID()`.
 */
export function createRandom(seed: number | string): Random {
  const bits = sfc32(String(seed))
  // Two draws make 53 bits: 27 high and 26 low.
  const next = () => ((bits() >>> 5) * 67_108_864 + (bits() >>> 6)) / 9_007_199_254_740_992
  return {
    next,
    int(lo, hi) {
      assert(Number.isSafeInteger(lo) && Number.isSafeInteger(hi) && lo <= hi, 'lo <= hi, whole')
      return lo + Math.floor(next() * (hi - lo + 1))
    },
    pick(list) {
      assert(list.length > 0, 'there is something to pick from')
      return list[Math.floor(next() * list.length)]!
    },
    exponential: (mean) => -mean * Math.log(1 - next()),
    // Box and Muller's transform; the second value of the pair is not kept, so that a
    // sequence of calls reads the same number of draws whatever their kinds.
    gaussian: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  }
}

// Chris Doty-Humphrey's "small fast counter" generator: 128 bits of state, period above 2^64,
// and nothing but 32-bit additions, shifts and xors.
function sfc32(seed: string): () => number {
  let a = hash32(seed, 0x9e3779b9)
  let b = hash32(seed, 0x85ebca6b)
  let c = hash32(seed, 0xc2b2ae35)
  let counter = 1
  const draw = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  // Seeds that differ in one bit drift apart within a few rounds; these are thrown away.
  for (let round = 0; round < 16; round += 1) draw()
  return draw
}

// FNV-1a over UTF-16 units, started from a basis of our own so that one text gives three words.
function hash32(text: string, basis: number): number {
  let hash = basis | 0
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash ^ (hash >>> 15)
}
