import { AssayError } from '../core/errors.ts'
import type { Logger } from '../core/log.ts'
import { type CandleTally, createCandleRepair } from './candle-repair.ts'
import { cutHole, isDue, isWalkedById, planHoles } from './hole-plan.ts'
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
  /** Spans of the venue's candles asked for, and candles that came. */
  readonly candleSpans: number
  readonly candles: number
  /** Why the last walk failed, or `null` since one succeeded. */
  readonly failure: string | null
}

/** Repairs holes for as long as it runs. */
export interface BackfillScheduler {
  /**
   * Asks for holes each second and walks history for those due, trades before candles, until
   * aborted. Rejects on our own mistakes alone.
   */
  run(signal: AbortSignal): Promise<void>
  status(): BackfillStatus
}

/** Prepares the repair of a venue's holes. */
export function createBackfillScheduler(options: BackfillOptions): BackfillScheduler {
  const { clock, log } = options
  const memory = createAttemptMemory()
  const tally = { attempts: 0, found: 0, gaveUp: 0 }
  const repair = createHoleRepair(options, { memory, tally })
  const candleTally: CandleTally = { spans: 0, candles: 0 }
  const repairCandles = createCandleRepair(options, candleTally)
  let open: number | null = null
  const walks = createWalks(log)
  const look = createLook(log)
  const lookForHoles = () =>
    look(options.holes, (count) => {
      open = count
    })

  /** Repairs what is due; returns whether the venue could be reached. */
  async function round(signal: AbortSignal): Promise<boolean> {
    const nowUs = clock.nowUs()
    const parts = (await lookForHoles()).flatMap((hole) =>
      isWalkedById(options.venue.history, hole) ? cutHole(hole, PAGE_IDS) : [hole],
    )
    const due = parts.map(memory.refresh).filter((hole) => isDue(hole, nowUs))
    for (const group of planHoles(due, PAGE_IDS).slice(0, GROUPS_PER_ROUND)) {
      if (signal.aborted) return true
      if (await walks.attempt(() => repair(group, signal), signal)) continue
      for (const hole of group.holes) memory.add(hole, clock.nowUs(), 'unclear')
      return false
    }
    const gaps = await look(options.candleGaps)
    return walks.attempt(() => repairCandles(gaps, signal), signal)
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

  const status = () => {
    const { spans: candleSpans, candles } = candleTally
    return { open, failure: walks.failure, ...tally, candleSpans, candles }
  }
  return { run, status }
}

/** Walks through history, and why the last of them failed. */
function createWalks(log: Logger) {
  let failure: string | null = null
  return {
    get failure() {
      return failure
    },
    /** Does one walk; returns whether the venue could be reached. */
    async attempt(walk: () => Promise<void>, signal: AbortSignal): Promise<boolean> {
      try {
        await walk()
        failure = null
        return true
      } catch (error) {
        if (signal.aborted) return true
        if (!(error instanceof AssayError)) throw error
        if (failure === null) log.warn({ code: error.code }, `repair waits: ${error.message}`)
        failure = error.message
        return false
      }
    },
  }
}

/** Returns a function that asks the warehouse; while it cannot be asked, nothing is wanted. */
function createLook(log: Logger) {
  let failed = false
  return async <T>(
    ask: (() => Promise<readonly T[]>) | undefined,
    note: (count: number | null) => void = () => {},
  ): Promise<readonly T[]> => {
    if (ask === undefined) return []
    try {
      const found = await ask()
      note(found.length)
      failed = false
      return found
    } catch (error) {
      if (!failed) log.warn({ err: error }, 'holes are unknown; repair waits')
      failed = true
      note(null)
      return []
    }
  }
}
