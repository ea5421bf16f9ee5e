import { assert } from '../src/core/assert.ts'

/** Milliseconds that part of the delays do not exceed. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** That all positions below `pos` were done at a time. */
export interface Mark {
  readonly pos: number
  readonly timeUs: number
}

/** Returns the quantiles of delays in any order; NaN of none. */
export function quantiles(delays: readonly number[]): Quantiles {
  const sorted = delays.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** Returns the milliseconds from each receipt to the first mark beyond its position. */
export function delaysOf(received: readonly Mark[], marks: readonly Mark[]): number[] {
  let at = 0
  return received.map(({ pos, timeUs }) => {
    while (at < marks.length && (marks[at] as Mark).pos <= pos) at += 1
    const mark = marks[at]
    assert(mark !== undefined, 'all that was received is committed in the end')
    return (mark.timeUs - timeUs) / 1000
  })
}
