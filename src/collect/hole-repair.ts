import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { HistoryRange, Venue } from '../venues/venue.ts'
import type { CandleGap } from './candle-plan.ts'
import type { Diary } from './diary.ts'
import { driveHistory, type HistoryOutcome } from './history.ts'
import type { Hole, HoleGroup } from './hole-plan.ts'
import { type AttemptMemory, judgeAttempt } from './hole-verdict.ts'
import type { RestClient } from './rest-client.ts'

const VERDICT_ATTEMPTS = 6
const PAGES_PER_WALK = 20
const MARGIN_US = 1_000_000

/** Everything the repair of holes needs. */
export interface BackfillOptions {
  readonly venue: Venue
  readonly rest: RestClient
  readonly diary: Diary
  readonly clock: Clock
  readonly log: Logger
  /** Asks the warehouse for holes past their grace. A rejection pauses repair, nothing else. */
  readonly holes?: () => Promise<readonly Hole[]>
  /** Asks the warehouse for minutes without the venue's own candle. */
  readonly candleGaps?: () => Promise<readonly CandleGap[]>
  /** Attempts that must agree before a hole is given up. @default 6 */
  readonly verdictAttempts?: number
}

/** What repairs have come to, counted by whoever does them. */
export interface RepairTally {
  attempts: number
  found: number
  gaveUp: number
}

/**
 * Returns a function that walks history once for a group of holes, judges each by what the
 * pages held, and gives up those on which enough attempts agree.
 */
export function createHoleRepair(
  options: BackfillOptions,
  state: { readonly memory: AttemptMemory; readonly tally: RepairTally },
): (group: HoleGroup, signal: AbortSignal) => Promise<void> {
  const { venue, rest, diary, clock, log } = options
  const { memory, tally } = state

  async function repair(group: HoleGroup, signal: AbortSignal): Promise<void> {
    const found = new Map(group.holes.map((hole) => [hole, 0]))
    const outcome = await driveHistory(
      { venue, rest, diary },
      {
        range: widen(group.span),
        priority: 'repair',
        signal,
        pagesMax: PAGES_PER_WALK,
        reason: { cause: 'hole', wanted: group.holes.map(wanted) },
        onTrade(firstId, lastId) {
          const hole = group.holes.find((each) => holds(each, firstId, lastId))
          if (hole) found.set(hole, found.get(hole)! + lastId - firstId + 1)
        },
      },
    )
    tally.attempts += 1
    for (const [hole, count] of found) {
      tally.found += count
      memory.add(hole, clock.nowUs(), judgeAttempt(hole, outcome, count))
      giveUp(memory.refresh(hole), outcome)
    }
  }

  function giveUp(hole: Hole, outcome: HistoryOutcome): void {
    if (hole.lastId === null) return
    const needed = options.verdictAttempts ?? VERDICT_ATTEMPTS
    const empty = memory.count(hole, 'empty') >= needed
    if (!empty && memory.count(hole, 'unreachable') < needed) return
    const verdict = empty ? 'never_existed' : 'unrecoverable'
    const { symbol, firstId, lastId } = hole
    const evidence = `${hole.attempts} attempts; the last: ${outcome.evidence}`
    diary.write({ event: 'give_up', venue: venue.id, symbol, firstId, lastId, verdict, evidence })
    tally.gaveUp += 1
    log.warn({ symbol, firstId, lastId, verdict }, `${symbol}: a hole is given up as ${verdict}`)
  }

  return repair
}

function wanted(hole: Hole): { readonly range: HistoryRange; readonly attempt: number } {
  const { symbol, firstId, lastId, fromUs, toUs, attempts } = hole
  return { range: { symbol, firstId, lastId, fromUs, toUs }, attempt: attempts + 1 }
}

/**
 * Looks one id beyond each end, and a second where a venue is asked by time, so that a page
 * without the hole's trades is seen to span it.
 */
function widen(span: HistoryRange): HistoryRange {
  const { firstId, lastId, fromUs, toUs } = span
  return {
    ...span,
    fromUs: Math.max(0, fromUs - MARGIN_US),
    toUs: toUs + MARGIN_US,
    firstId: firstId === null ? null : Math.max(0, firstId - 1),
    lastId: lastId === null ? null : lastId + 1,
  }
}

function holds(hole: Hole, firstId: number, lastId: number): boolean {
  return (hole.firstId ?? 0) <= firstId && lastId <= (hole.lastId ?? Number.MAX_SAFE_INTEGER)
}
