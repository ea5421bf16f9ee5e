/**
 * How fast one subscription usually moves, learned from the venue's own clock.
 *
 * A plain value: it is saved as it stands, so that a restart does not forget it.
 */
export interface Pace {
  /** Smoothed gap between two event times, milliseconds. */
  meanGapMs: number
  /** Gaps seen. */
  samples: number
}

const WEIGHT = 1 / 50
const SAMPLES_TO_LEARN = 10
const FACTOR = 20
const PATIENCE_MS_MIN = 10_000
const PATIENCE_MS_UNKNOWN = 600_000

/** Returns a pace of which nothing is known. */
export function createPace(): Pace {
  return { meanGapMs: 0, samples: 0 }
}

/**
 * Learns one gap. Several events at one time are one event here: a sweep through the book says
 * nothing of how often there is one.
 */
export function learnGap(pace: Pace, gapMs: number): void {
  pace.samples += 1
  // A plain mean at first, so that the first gap does not weigh for fifty.
  pace.meanGapMs += (gapMs - pace.meanGapMs) * Math.max(WEIGHT, 1 / pace.samples)
}

/** Returns how long a subscription of this pace may be silent before it is suspected. */
export function patienceMs(pace: Pace): number {
  if (pace.samples < SAMPLES_TO_LEARN) return PATIENCE_MS_UNKNOWN
  return Math.max(PATIENCE_MS_MIN, FACTOR * pace.meanGapMs)
}
