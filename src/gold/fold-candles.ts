import { createSum, type DecimalSum, resetSum } from '../market/decimal.ts'
import { addTextToSum, compareDecimalText, sumText } from '../market/decimal-text.ts'
import type { GoldCandleRow } from '../warehouse/index.ts'

/** What a larger candle is folded from: a minute by precedence, or a smaller gold candle. */
export interface CandlePart {
  readonly open_time_us: number
  readonly open: string | null
  readonly high: string | null
  readonly low: string | null
  readonly close: string | null
  readonly volume: string
  readonly notional: string | null
  readonly taker_buy_volume: string | null
  readonly trade_count: number | null
  readonly status: GoldCandleRow['status']
  readonly complete: number
  readonly repaired: number
  readonly minutes_traded: number
  readonly minutes_known: number
}

/** What a bucket comes to, without its key and the commit that stores it. */
export type FoldedCandle = Omit<
  GoldCandleRow,
  'instrument_id' | 'interval_us' | 'open_time_us' | 'revision' | 'change_seq'
>

/** Used again by every fold: one runs from its beginning to its end without a pause. */
const SUM = createSum()

/**
 * Folds the parts of a bucket, in order of time, into one candle.
 *
 * It is complete only when all `expected` parts are there and complete. Sums are `null` where
 * a part that traded does not tell them: a sum of some would be a wrong number.
 */
export function foldCandles(parts: readonly CandlePart[], expected: number): FoldedCandle {
  const traded = parts.filter((part) => part.status === 'traded')
  let complete = parts.length === expected ? 1 : 0
  let repaired = 0
  let minutesTraded = 0
  let minutesKnown = 0
  for (const part of parts) {
    if (part.complete !== 1) complete = 0
    if (part.repaired === 1) repaired = 1
    minutesTraded += part.minutes_traded
    minutesKnown += part.minutes_known
  }
  return {
    open: traded[0]?.open ?? null,
    high: extreme(traded, 'high', 1),
    low: extreme(traded, 'low', -1),
    close: traded.at(-1)?.close ?? null,
    volume: sumOf(traded, 'volume') ?? '0',
    notional: sumOf(traded, 'notional'),
    taker_buy_volume: sumOf(traded, 'taker_buy_volume'),
    trade_count: countOf(traded),
    status: statusOf(parts, traded.length, expected),
    complete,
    repaired,
    minutes_traded: minutesTraded,
    minutes_known: minutesKnown,
  }
}

function statusOf(
  parts: readonly CandlePart[],
  traded: number,
  expected: number,
): GoldCandleRow['status'] {
  if (traded > 0) return 'traded'
  if (parts.length < expected || parts.some((part) => part.status === 'unknown')) return 'unknown'
  return parts.every((part) => part.status === 'venue_down') ? 'venue_down' : 'no_trades'
}

function extreme(parts: readonly CandlePart[], field: 'high' | 'low', sign: 1 | -1): string | null {
  let best: string | null = null
  for (const part of parts) {
    const value = part[field]
    if (value === null) continue
    if (best === null || compareDecimalText(value, best) === sign) best = value
  }
  return best
}

function sumOf(
  parts: readonly CandlePart[],
  field: 'volume' | 'notional' | 'taker_buy_volume',
): string | null {
  const sum: DecimalSum = SUM
  resetSum(sum)
  for (const part of parts) {
    const value = part[field]
    if (value === null) return null
    addTextToSum(sum, value)
  }
  return sumText(sum)
}

function countOf(parts: readonly CandlePart[]): number | null {
  let count = 0
  for (const part of parts) {
    if (part.trade_count === null) return null
    count += part.trade_count
  }
  return count
}
