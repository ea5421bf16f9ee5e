import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { IncidentLog } from './incidents.ts'
import type { CollectorMemory, MemoryStore } from './memory-file.ts'
import { NO_MEMORY } from './memory-file.ts'
import type { Pace } from './pace.ts'
import type { RateBudget } from './rate-budget.ts'

const SAVE_MS = 60_000
/** A shorter pause is over before a restart is. */
const PAUSE_MS_KEPT = 3000
const PAUSE_MS_MAX = 3 * 86_400_000

/** What a running collector remembers, kept in its store. */
export interface Memory {
  /** As it was when the collector started. */
  readonly start: CollectorMemory
  /** Takes a pause the venue asked for (0: it answers again) and remembers it at once. */
  notePause(ms: number, message: string): void
  /** Saves now and then, until aborted, and at the end. */
  keep(paces: () => Readonly<Record<string, Pace>>, signal: AbortSignal): Promise<void>
}

/**
 * Loads a collector's memory. A pause that the venue asked for before the restart is kept: the
 * budget grants nothing until it is over.
 */
export async function openMemory(options: {
  readonly store: MemoryStore | undefined
  readonly budget: RateBudget
  readonly incidents: Pick<IncidentLog, 'open' | 'close'>
  readonly clock: Clock
  readonly log: Logger
}): Promise<Memory> {
  const { store, budget, incidents, clock, log } = options
  const start = await load(store, log)
  let paces = start.paces
  let pausedUntilUs = start.pausedUntilUs
  const leftMs = Math.min(PAUSE_MS_MAX, (pausedUntilUs - clock.nowUs()) / 1000)
  if (leftMs > 0) {
    budget.pause(leftMs)
    log.warn({ leftMs: Math.round(leftMs) }, 'the venue asked for a pause before the restart')
    incidents.open({ cause: 'rate_limited', detail: 'a pause asked for before the restart' })
  } else pausedUntilUs = 0

  async function save(): Promise<void> {
    await store?.save({ paces, pausedUntilUs }).catch((error: unknown) => {
      log.debug({ err: error }, 'what was learned cannot be saved')
    })
  }

  return {
    start,
    notePause(ms, message) {
      if (ms === 0) {
        if (pausedUntilUs !== 0) incidents.close({ cause: 'rate_limited' })
        pausedUntilUs = 0
        return
      }
      const detail = `${message}, for ${Math.round(ms)} ms`
      incidents.open({ cause: 'rate_limited', detail })
      pausedUntilUs = Math.max(pausedUntilUs, clock.nowUs() + Math.round(ms * 1000))
      if (ms >= PAUSE_MS_KEPT) void save()
    },
    async keep(learned, signal) {
      while (!signal.aborted) {
        await clock.sleep(SAVE_MS, signal)
        paces = { ...paces, ...learned() }
        await save()
      }
    },
  }
}

/** Without what was learned it is learned anew: no reason not to collect. */
async function load(store: MemoryStore | undefined, log: Logger): Promise<CollectorMemory> {
  if (store === undefined) return NO_MEMORY
  try {
    return await store.load()
  } catch (error) {
    log.warn({ err: error }, 'learned paces cannot be read; learning anew')
    return NO_MEMORY
  }
}
