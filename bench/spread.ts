/** What several rounds of one measurement came to. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/** Returns the median and the ends of a list that is not empty. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  const lower = sorted[middle - 1] ?? upper
  const median = sorted.length % 2 === 1 ? upper : (lower + upper) / 2
  return { median, least: sorted[0] ?? median, greatest: sorted.at(-1) ?? median }
}

/** Returns the ratios of what was measured side by side, round by round. */
export function ratios(values: readonly number[], references: readonly number[]): number[] {
  return values.map((value, round) => value / (references[round] ?? Number.NaN))
}
