import type { HistoryOutcome } from './history.ts'
import type { Hole } from './hole-plan.ts'

/**
 * What one attempt says of one hole.
 *
 * `found`: pages held some of its trades. `empty`: pages spanned it on both sides and held
 * none. `unreachable`: the venue's history ends before it, or the venue refuses it. `unclear`:
 * anything else, such as history that has not caught up with the feed.
 */
export type AttemptResult = 'found' | 'empty' | 'unreachable' | 'unclear'

/** Judges one attempt by what its pages spanned and how many of the hole's trades they held. */
export function judgeAttempt(hole: Hole, outcome: HistoryOutcome, found: number): AttemptResult {
  if (found > 0) return 'found'
  if (outcome.ended === 'refused') return 'unreachable'
  if (outcome.ended === 'stuck' || outcome.ended === 'paused') return 'unclear'
  const { firstId, lastId } = hole
  const below =
    firstId === null
      ? outcome.trades > 0 && outcome.leastTimeUs < hole.fromUs
      : outcome.trades > 0 && outcome.leastId < firstId
  if (!below) return 'unreachable'
  return lastId !== null && firstId !== null && outcome.greatestId > lastId ? 'empty' : 'unclear'
}

/** What is remembered of an attempt; the diary keeps the count, this keeps the meaning. */
interface Attempt {
  readonly firstId: number
  readonly lastId: number
  readonly atUs: number
  readonly result: AttemptResult
}

/** Attempts of this run: the warehouse reads them from the diary, but later. */
export interface AttemptMemory {
  add(hole: Hole, atUs: number, result: AttemptResult): void
  /** The hole with the attempts of this run counted in. */
  refresh(hole: Hole): Hole
  /** Attempts on the whole of the hole that ended so. */
  count(hole: Hole, result: AttemptResult): number
}

const ATTEMPTS_KEPT = 2000

/** Opens an empty memory; it keeps the newest 2,000 attempts of each symbol. */
export function createAttemptMemory(): AttemptMemory {
  const bySymbol = new Map<string, Attempt[]>()
  const covering = (hole: Hole) => {
    const { firstId, lastId } = idsOf(hole)
    const attempts = bySymbol.get(hole.symbol) ?? []
    return attempts.filter((attempt) => attempt.firstId <= firstId && attempt.lastId >= lastId)
  }
  return {
    add(hole, atUs, result) {
      const attempts = bySymbol.get(hole.symbol) ?? []
      attempts.push({ ...idsOf(hole), atUs, result })
      if (attempts.length > ATTEMPTS_KEPT) attempts.shift()
      bySymbol.set(hole.symbol, attempts)
    },
    refresh(hole) {
      const all = covering(hole)
      // What brought trades has not failed: pauses begin to grow from there.
      const found = all.findLastIndex(({ result }) => result === 'found')
      const attempts = all.slice(Math.max(0, found))
      const last = attempts.at(-1)
      if (last === undefined) return hole
      return {
        ...hole,
        attempts: Math.max(hole.attempts, attempts.length),
        lastAttemptUs: Math.max(hole.lastAttemptUs ?? 0, last.atUs),
      }
    },
    count: (hole, result) => covering(hole).filter((attempt) => attempt.result === result).length,
  }
}

function idsOf(hole: Hole): { firstId: number; lastId: number } {
  return { firstId: hole.firstId ?? 0, lastId: hole.lastId ?? Number.MAX_SAFE_INTEGER }
}
