import type { Hole as WantedHole } from '../collect/hole-plan.ts'
import type { Clock } from '../core/clock.ts'
import { listCandleGaps } from '../silver/candle-holes.ts'
import { type Hole, listHoles } from '../silver/holes.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { Answers } from './collectors.ts'
import type { Context } from './context.ts'
import type { Questions } from './refine-messages.ts'

/** So often, and so far back, candles are asked for trades that ids do not tell of. */
const CANDLES_MS = 5000
const CANDLES_US = 86_400_000_000

/** Answers stand this long: several venues ask for the same at about the same time. */
const FRESH_MS = 400

/** Whom to ask: the refiner's thread, or the warehouse itself. */
export type Answerer = { readonly [Q in keyof Questions]: () => Promise<Questions[Q]> }

/** Returns the warehouse's own answers. */
export function answererOf(
  warehouse: Warehouse,
  { clock, graceUs }: { readonly clock: Clock; readonly graceUs: number },
): Answerer {
  let candlesMs = Number.NEGATIVE_INFINITY
  return {
    holes() {
      const nowMs = clock.monotonicMs()
      const withCandles = nowMs - candlesMs >= CANDLES_MS
      if (withCandles) candlesMs = nowMs
      const candlesFromUs = clock.nowUs() - CANDLES_US
      const query = { openOnly: true, withCandles, candlesFromUs }
      return warehouse.read((db) => listHoles(db, query))
    },
    candleGaps: () => warehouse.read((db) => listCandleGaps(db, { nowUs: clock.nowUs(), graceUs })),
    brokenBooks: async () => [],
  }
}

/** Returns what collectors ask the warehouse for, each venue its own part. */
export function createAnswers(
  answerer: Answerer,
  context: Pick<Context, 'config' | 'clock'>,
): Answers {
  const { clock } = context
  const holes = remembered(clock, () => answerer.holes())
  const candleGaps = remembered(clock, () => answerer.candleGaps())
  const brokenBooks = remembered(clock, () => answerer.brokenBooks())
  return {
    async holes(venue) {
      return wantedHoles(ofVenue(await holes(), venue), context)
    },
    candleGaps: async (venue) => ofVenue(await candleGaps(), venue),
    brokenBooks: async (venue) => ofVenue(await brokenBooks(), venue),
  }
}

function ofVenue<T extends { readonly venue: string }>(list: readonly T[], venue: string): T[] {
  return list.filter((one) => one.venue === venue)
}

function remembered<T>(clock: Context['clock'], ask: () => Promise<T>): () => Promise<T> {
  let askedMs = Number.NEGATIVE_INFINITY
  let answer: Promise<T> | null = null
  return () => {
    const nowMs = clock.monotonicMs()
    if (answer === null || nowMs - askedMs > FRESH_MS) {
      askedMs = nowMs
      answer = ask()
    }
    return answer
  }
}

/**
 * When a hole can have been there first. One at the end of what is held is told of again by each
 * heartbeat, so that its end is always now: it is as old as the last trade before it.
 */
function knownSinceUs(hole: Hole): number {
  return hole.cause === 'witness' ? hole.fromUs : hole.toUs
}

/** What repair should ask for: open holes, old enough not to be in flight. */
export function wantedHoles(
  holes: readonly Hole[],
  { config, clock }: Pick<Context, 'config' | 'clock'>,
): WantedHole[] {
  const beforeUs = clock.nowUs() - config.backfill.graceSeconds * 1e6
  return holes
    .filter((hole) => hole.verdict === 'open')
    .filter((hole) => hole.lastId !== null && knownSinceUs(hole) <= beforeUs)
    .map((hole) => ({
      symbol: hole.symbol,
      firstId: hole.firstId,
      lastId: hole.lastId,
      fromUs: hole.fromUs,
      toUs: hole.toUs,
      attempts: hole.attempts,
      lastAttemptUs: hole.lastAttemptUs === 0 ? null : hole.lastAttemptUs,
    }))
}
