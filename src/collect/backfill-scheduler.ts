import { AssayError } from '../core/errors.ts'
import type { Hole } from './hole-plan.ts'
import { cutHole, isDue, planHoles } from './hole-plan.ts'
import { type BackfillOptions, createHoleRepair } from './hole-repair.ts'
import { createAttemptMemory } from './hole-verdict.ts'

const ASK_MS = 1000
const FAILED_PAUSE_MS_MAX = 30_000
const GROUPS_PER_ROUND = 20
const PAGE_IDS = 1000

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

/** Repairs holes for as long as it runs. */
export interface BackfillScheduler {
  /** Asks for holes each second and walks history for those due, until aborted; never rejects. */
  run(signal: AbortSignal): Promise<void>
  status(): BackfillStatus
}

/** Prepares the repair of a venue's holes. */
export function createBackfillScheduler(options: BackfillOptions): BackfillScheduler {
  const { clock, log } = options
  const memory = createAttemptMemory()
  const tally = { attempts: 0, found: 0, gaveUp: 0 }
  const repair = createHoleRepair(options, { memory, tally })
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

  /** Repairs what is due; returns whether the venue could be reached. */
  async function round(signal: AbortSignal): Promise<boolean> {
    const nowUs = clock.nowUs()
    const parts = (await look()).flatMap((hole) => cutHole(hole, PAGE_IDS))
    const due = parts.map(memory.refresh).filter((hole) => isDue(hole, nowUs))
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
