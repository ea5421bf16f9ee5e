import { assert } from './assert.ts'
import type { Random } from './random.ts'

/** Bounds of a growing pause, and where its jitter comes from. */
export interface BackoffOptions {
  /** Longest pause before the first retry. */
  readonly baseMs: number
  /** Longest pause before any retry. */
  readonly capMs: number
  readonly random: Random
}

/**
 * Returns how long to wait before retry number `attempt`, counted from 0, in milliseconds.
 *
 * The pause is drawn evenly from `[0, min(capMs, baseMs * 2 ** attempt))`. Drawing from the
 * whole range, not from around its end, is what keeps many clients that lost one server at the
 * same moment from coming back at the same moment.
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const { baseMs, capMs, random } = options
  assert(Number.isSafeInteger(attempt) && attempt >= 0, 'attempts are counted from 0')
  assert(baseMs > 0 && capMs >= baseMs, 'a pause has a positive base below its cap')
  // 2 ** attempt overflows to Infinity in the end; the least of it and the cap stays finite.
  return random.next() * Math.min(capMs, baseMs * 2 ** attempt)
}
