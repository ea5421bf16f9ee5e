import type { Clock } from '../../core/clock.ts'
import { MINUTE_US } from '../../market/bucket.ts'
import type { Pipeline } from '../pipeline.ts'

/** Trades held back by a fault may come this long after the market has stopped. */
const LATE_MS = 10_000
const HEAL_MS_MAX = 90_000
const LOOK_MS = 500
/** Looks in a row that find nothing missing before it is believed. */
const LOOKS = 4
/** Records that may be on their way to the refiner: the venues' heartbeats never stop. */
const LAG_RECORDS_MAX = 50

/** A minute is asked after once it is over for so long; what is told of it is refined by then. */
export const CLOSE_SECONDS = 5
/** Nothing is stopped so shortly before the end of a minute: nobody would be left to close it. */
const LEAD_US = 3_000_000

/** What is waited for. */
export interface Healing {
  readonly clock: Clock
  readonly pipeline: Pick<Pipeline, 'done'> & {
    readonly refine: Pick<Pipeline['refine'], 'holes' | 'candleGaps' | 'checkpoint'>
    readonly journal: Pick<Pipeline['journal'], 'durablePos'>
  }
  readonly isConnected: () => boolean
}

/**
 * Waits, a minute and a half at most, until the pipeline itself knows of nothing that is missing:
 * no hole is open, and every minute that is over is told wholly.
 *
 * A heartbeat that names the last trade closes a minute within a second; a venue without one is
 * asked for its candle, which takes until the minute is over for {@link CLOSE_SECONDS} and longer
 * where the venue bears few requests.
 */
export async function untilHealed({ clock, pipeline, isConnected }: Healing): Promise<void> {
  const { refine, journal, done } = pipeline
  const endMs = clock.monotonicMs() + LATE_MS
  const giveUpMs = clock.monotonicMs() + HEAL_MS_MAX
  let looks = 0
  while (clock.monotonicMs() < giveUpMs) {
    await Promise.race([clock.sleep(LOOK_MS), done])
    // Whether the time suits is asked first: an answer is of no earlier minute then.
    const isNow = isMidMinute(clock.nowUs())
    const isWhole = !(await refine.holes()).some((hole) => hole.verdict === 'open')
    const isTold = (await refine.candleGaps()).length === 0
    const isCaughtUp = refine.checkpoint >= journal.durablePos - LAG_RECORDS_MAX
    looks = isNow && isWhole && isTold && isCaughtUp && isConnected() ? looks + 1 : 0
    if (looks >= LOOKS && clock.monotonicMs() >= endMs) return
  }
}

/** Whether the minute before is asked after by now, and the one that runs is not about to end. */
function isMidMinute(nowUs: number): boolean {
  const sinceUs = nowUs % MINUTE_US
  return sinceUs >= CLOSE_SECONDS * 1_000_000 && sinceUs <= MINUTE_US - LEAD_US
}
