import type { CandleFold } from '../market/candles.ts'

/** What a ticker sums up over its day. */
export interface DayTotals {
  readonly volumeUnits: bigint
  /** Ticks times units. */
  readonly notional: bigint
  readonly tradeCount: number
}

/**
 * Returns a reader of one product's totals since its market began: a simulated market seldom
 * gets older than the day the venue's tickers look back on. Closed minutes are added up once.
 */
export function createDayTotals(candles: CandleFold): () => DayTotals {
  let closed: DayTotals = { volumeUnits: 0n, notional: 0n, tradeCount: 0 }
  let fromUs = 0
  const add = (sum: DayTotals, part: DayTotals): DayTotals => ({
    volumeUnits: sum.volumeUnits + part.volumeUnits,
    notional: sum.notional + part.notional,
    tradeCount: sum.tradeCount + part.tradeCount,
  })
  return () => {
    const minutes = candles.minutes(fromUs, Number.POSITIVE_INFINITY)
    const current = minutes.at(-1)
    if (current === undefined) return closed
    closed = minutes.slice(0, -1).reduce(add, closed)
    fromUs = current.openTimeUs
    return add(closed, current)
  }
}
