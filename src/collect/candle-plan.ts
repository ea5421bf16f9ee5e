import { MINUTE_US } from '../market/bucket.ts'
import { restMs } from './hole-plan.ts'

/** Minutes that lack the venue's own candle, as the warehouse tells it. */
export interface CandleGap {
  readonly symbol: string
  /** Half-open span, epoch microseconds. */
  readonly fromUs: number
  readonly toUs: number
}

/** Remembers when a gap was asked for, so that empty answers are asked for ever more rarely. */
export interface CandleMemory {
  /** Whether the gap has rested long enough to be asked for (again). */
  isDue(gap: CandleGap, nowUs: number): boolean
  add(gap: CandleGap, nowUs: number): void
}

const GAPS_KEPT = 10_000
const SPAN_US_MAX = 300 * MINUTE_US
const SETTLED_ATTEMPTS = 6
const SETTLED_MS = 3_600_000

/** Opens an empty memory; it keeps the 10,000 gaps asked for last. */
export function createCandleMemory(): CandleMemory {
  const asked = new Map<string, { attempts: number; lastUs: number }>()
  // A gap that shrinks at its end, as answers come, is the same gap; so is one that grows there.
  const keyOf = ({ symbol, fromUs }: CandleGap) => `${symbol} ${fromUs}`
  return {
    isDue(gap, nowUs) {
      const known = asked.get(keyOf(gap))
      if (known === undefined) return true
      const settled = known.attempts >= SETTLED_ATTEMPTS
      const pauseMs = settled ? SETTLED_MS : restMs(known.attempts)
      return nowUs - known.lastUs >= pauseMs * 1000
    },
    add(gap, nowUs) {
      const key = keyOf(gap)
      const attempts = (asked.get(key)?.attempts ?? 0) + 1
      asked.delete(key)
      asked.set(key, { attempts, lastUs: nowUs })
      const oldest = asked.keys().next().value
      if (asked.size > GAPS_KEPT && oldest !== undefined) asked.delete(oldest)
    },
  }
}

/**
 * Joins the gaps of each symbol that lie within 300 minutes into spans to ask for, newest first,
 * and leaves out what the venue's history of candles does not reach.
 */
export function planCandles(
  gaps: readonly CandleGap[],
  reach: { readonly nowUs: number; readonly minutesMax: number | null },
): readonly { readonly span: CandleGap; readonly gaps: readonly CandleGap[] }[] {
  const { nowUs, minutesMax } = reach
  const reachedUs = minutesMax === null ? 0 : nowUs - minutesMax * MINUTE_US
  const newestFirst = gaps
    .filter(({ fromUs, toUs }) => toUs > reachedUs && toUs > fromUs)
    .toSorted((a, b) => b.toUs - a.toUs)
  const spans: { span: CandleGap; gaps: CandleGap[] }[] = []
  const open = new Map<string, (typeof spans)[number]>()
  for (const gap of newestFirst) {
    const fromUs = Math.max(gap.fromUs, reachedUs)
    const joined = open.get(gap.symbol)
    if (joined !== undefined && joined.span.toUs - fromUs <= SPAN_US_MAX) {
      joined.span = { ...joined.span, fromUs: Math.min(joined.span.fromUs, fromUs) }
      joined.gaps.push(gap)
      continue
    }
    const fresh = { span: { ...gap, fromUs }, gaps: [gap] }
    spans.push(fresh)
    open.set(gap.symbol, fresh)
  }
  return spans
}
