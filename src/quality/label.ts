import type { CandleRules } from '../venues/venue.ts'
import type { MinuteRow, VenueCandleRow } from '../warehouse/index.ts'
import { compareVolume, compareWithOurs, compareWithVenue } from './compare-candles.ts'

/** Why two candles of one minute differ. */
export const LABELS = [
  /** Ours is not proven complete, and the venue's tells of trades we lack. */
  'missed_trades',
  /** The venue gave several, and ours equals one that it gave later. */
  'venue_revised',
  /** The venue contradicts itself, or trades of its own that ours has. */
  'venue_inconsistent',
  /** All of the venue's agree with each other, and not with ours, thought complete: look here. */
  'ours',
] as const

/** One of {@link LABELS}. */
export type DifferenceLabel = (typeof LABELS)[number]

/** How one minute is told: by us, and by the venue's sources. */
export interface ToldMinute {
  readonly ours: MinuteRow | undefined
  readonly theirs: readonly VenueCandleRow[]
}

/** What candles are compared by; see {@link compareWithOurs}. */
export interface Scale {
  readonly priceStep: string | null
  readonly rules: CandleRules | null
}

/** Whether two candles of one venue tell the same. */
export function sameCandle(a: VenueCandleRow, b: VenueCandleRow): boolean {
  return compareWithVenue(a, b).length === 0
}

/** Says why a candle of the venue's, one of the minute's, differs from ours. */
export function labelOf(
  { ours, theirs }: ToldMinute,
  row: VenueCandleRow,
  scale: Scale,
): DifferenceLabel {
  if (ours === undefined || ours.complete === 0) {
    // What we lack can only make ours the lesser; where it is not, the venue lacks something.
    return tellsOfMore(row, ours) ? 'missed_trades' : 'venue_inconsistent'
  }
  const others = theirs.filter((other) => other !== row)
  if (others.length === 0) return 'venue_inconsistent'
  if (others.every((other) => sameCandle(other, row))) return 'ours'
  const agreeing = others.filter((other) => compareWithOurs(ours, other, scale).length === 0)
  const isLater = agreeing.some((other) => other.received_time_us > row.received_time_us)
  return isLater ? 'venue_revised' : 'venue_inconsistent'
}

function tellsOfMore(row: VenueCandleRow, ours: MinuteRow | undefined): boolean {
  if (ours === undefined || ours.trade_count === 0) return true
  if (row.trade_count !== null) return row.trade_count > ours.trade_count
  return compareVolume(row.volume, ours.volume) > 0
}
