import type { Clock } from '../core/clock.ts'
import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import type { HistoryRange, Venue } from '../venues/venue.ts'
import type { Diary } from './diary.ts'
import type { HistoryOutcome } from './history.ts'
import { driveHistory } from './history.ts'
import type { Hole, HoleGroup } from './hole-plan.ts'
import { isDue, planHoles } from './hole-plan.ts'
import { createAttemptMemory, judgeAttempt } from './hole-verdict.ts'
import type { RestClient } from './rest-client.ts'

const ASK_MS = 1000
const FAILED_PAUSE_MS_MAX = 30_000
const GROUPS_PER_ROUND = 20
const PAGE_IDS = 1000
const VERDICT_ATTEMPTS = 6

/** What the scheduler has done so far. */
export interface BackfillStatus {
  /** Holes open at the last look; `null` while the warehouse cannot be asked. */
  readonly open: number | null
  readonly attempts: number
  /** Missing trades that pages held. */
  readonly found: number
  readonly gaveUp: number
  /** Why the last walk failed, or `null` since one succeeded. */
  readonly failure: string | null
}

/** Everything the repair of holes needs. */
export interface BackfillOptions {
  readonly venue: Venue
  readonly rest: RestClient
  readonly diary: Diary
  readonly clock: Clock
  readonly log: Logger
  /** Asks the warehouse for holes past their grace. A rejection pauses repair, nothing else. */
  readonly holes: () => Promise<readonly Hole[]>
  /** Attempts that must agree before a hole is given up. @default 6 */
  readonly verdictAttempts?: number
}

/** Repairs holes for as long as it runs. */
export interface BackfillScheduler {
  /** Asks for holes each second and walks history for those due, until aborted; never rejects. */
  run(signal: AbortSignal): Promise<void>
  status(): BackfillStatus
}

/** Prepares the repair of a venue's holes. */
export function createBackfillScheduler(options: BackfillOptions): BackfillScheduler {
  const { venue, rest, diary, clock, log } = options
  const memory = createAttemptMemory()
  const tally = { attempts: 0, found: 0, gaveUp: 0 }
  let open: number | null = null
  let failure: string | null = null

  async function look(): Promise<readonly Hole[]> {
    try {
      const holes = await options.holes()
      open = holes.length
      return holes
    } catch (error) {
      if (open !== null) log.warn({ err: error }, 'holes are unknown; repair waits')
      open = null
      return []
    }
  }

  /** Walks history once for a group and judges each of its holes by what the pages held. */
  async function repair(group: HoleGroup, signal: AbortSignal): Promise<void> {
    const found = new Map(group.holes.map((hole) => [hole, 0]))
    const outcome = await driveHistory(
      { venue, rest, diary },
      {
        range: widen(group.span),
        priority: 'repair',
        signal,
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
    const enough = (options.verdictAttempts ?? VERDICT_ATTEMPTS) - 1
    const empty = memory.count(hole, 'empty')
    const verdict = empty > enough ? 'never_existed' : 'unrecoverable'
    if (empty <= enough && memory.count(hole, 'unreachable') <= enough) return
    const { symbol, lastId } = hole
    const firstId = hole.firstId ?? 0
    const evidence = `${hole.attempts} attempts; the last: ${outcome.evidence}`
    diary.write({ event: 'give_up', venue: venue.id, symbol, firstId, lastId, verdict, evidence })
    tally.gaveUp += 1
    log.warn({ symbol, firstId, lastId, verdict }, `${symbol}: a hole is given up as ${verdict}`)
  }

  /** Repairs what is due; returns whether the venue could be reached. */
  async function round(signal: AbortSignal): Promise<boolean> {
    const nowUs = clock.nowUs()
    const due = (await look()).map(memory.refresh).filter((hole) => isDue(hole, nowUs))
    for (const group of planHoles(due, PAGE_IDS).slice(0, GROUPS_PER_ROUND)) {
      if (signal.aborted) return true
      try {
        await repair(group, signal)
        failure = null
      } catch (error) {
        if (signal.aborted) return true
        if (!(error instanceof AssayError)) throw error
        if (failure === null) log.warn({ code: error.code }, `repair waits: ${error.message}`)
        failure = error.message
        for (const hole of group.holes) memory.add(hole, clock.nowUs(), 'unclear')
        return false
      }
    }
    return true
  }

  async function run(signal: AbortSignal): Promise<void> {
    let pauseMs = ASK_MS
    while (!signal.aborted) {
      const reached = await round(signal)
      // One walk that fails speaks for the host: the others wait with it.
      pauseMs = reached ? ASK_MS : Math.min(FAILED_PAUSE_MS_MAX, pauseMs * 2)
      await clock.sleep(pauseMs, signal)
    }
  }

  return { run, status: () => ({ open, failure, ...tally }) }
}

function wanted(hole: Hole): { readonly range: HistoryRange; readonly attempt: number } {
  const { symbol, firstId, lastId, fromUs, toUs, attempts } = hole
  return { range: { symbol, firstId, lastId, fromUs, toUs }, attempt: attempts + 1 }
}

/** Looks one id beyond each end, so that a page without the hole's trades is seen to span it. */
function widen(span: HistoryRange): HistoryRange {
  const { firstId, lastId } = span
  return {
    ...span,
    firstId: firstId === null ? null : Math.max(0, firstId - 1),
    lastId: lastId === null ? null : lastId + 1,
  }
}

function holds(hole: Hole, firstId: number, lastId: number): boolean {
  return (hole.firstId ?? 0) <= firstId && lastId <= (hole.lastId ?? Number.MAX_SAFE_INTEGER)
}
