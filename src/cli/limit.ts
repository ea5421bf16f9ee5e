import { parseCountArgument } from './time-argument.ts'

// What fits a screen, where neither a span nor a limit was asked for.
const NEWEST = 30

/** How many rows of a span are wanted, and which end of it. */
export interface Limit {
  readonly limit: number
  readonly keep: 'first' | 'last'
}

/**
 * Reads `--limit` beside `--from` and `--to`: a span that was asked for is given whole, and
 * without one the newest rows are.
 *
 * @throws ASSAY_USAGE for what is no number.
 */
export function readLimit(flags: {
  readonly from?: string
  readonly to?: string
  readonly limit?: string
}): Limit {
  const { from, to, limit } = flags
  const otherwise = from === undefined && to === undefined ? NEWEST : Number.MAX_SAFE_INTEGER
  return {
    limit: limit === undefined ? otherwise : parseCountArgument(limit, '--limit'),
    keep: from === undefined ? 'last' : 'first',
  }
}
