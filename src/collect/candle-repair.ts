import type { CandleGap } from './candle-plan.ts'
import { createCandleMemory, planCandles } from './candle-plan.ts'
import { driveHistory } from './history.ts'
import type { BackfillOptions } from './hole-repair.ts'

/** What asking for candles has come to. */
export interface CandleTally {
  /** Spans asked for, and candles that pages held of them. */
  spans: number
  candles: number
}

const SPANS_PER_ROUND = 5

/**
 * Returns a function that asks for the candles of up to five spans that lack some, newest first.
 *
 * Pages go into the log; whoever reads it sees what came. A gap that stays is asked for ever more
 * rarely, and once an hour after six attempts: a venue may leave out minutes without trades.
 */
export function createCandleRepair(
  options: BackfillOptions,
  tally: CandleTally,
): (gaps: readonly CandleGap[], signal: AbortSignal) => Promise<void> {
  const { venue, rest, diary, clock } = options
  const memory = createCandleMemory()

  return async (gaps, signal) => {
    const nowUs = clock.nowUs()
    const due = gaps.filter((gap) => memory.isDue(gap, nowUs))
    const reach = { nowUs, minutesMax: venue.candleRules.restMinutesMax }
    for (const { span, gaps: members } of planCandles(due, reach).slice(0, SPANS_PER_ROUND)) {
      if (signal.aborted) return
      // Noted before: a request that fails is an attempt like one that brings nothing.
      for (const gap of members) memory.add(gap, clock.nowUs())
      const { symbol, fromUs, toUs } = span
      const range = { symbol, fromUs, toUs, firstId: null, lastId: null }
      const drive = { range, kind: 'candles' as const, priority: 'repair' as const, signal }
      const outcome = await driveHistory({ venue, rest, diary }, drive)
      tally.spans += 1
      tally.candles += outcome.trades
    }
  }
}
