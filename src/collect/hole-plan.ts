import type { History, HistoryRange } from '../venues/venue.ts'

/** Trades known to be missing, as the warehouse tells it. */
export interface Hole {
  readonly symbol: string
  /** Inclusive ids; `null` where the edge is known by time only. */
  readonly firstId: number | null
  readonly lastId: number | null
  /** Half-open time span, epoch microseconds. */
  readonly fromUs: number
  readonly toUs: number
  /** Times REST was asked for it, by the diary; and when last, or `null`. */
  readonly attempts: number
  readonly lastAttemptUs: number | null
}

/** Holes of one symbol that one walk through history can fill, newest first. */
export interface HoleGroup {
  readonly holes: readonly Hole[]
  /** From the least of the holes to the greatest. */
  readonly span: HistoryRange
}

const RETRY_BASE_MS = 2000
const RETRY_CAP_MS = 300_000
const PAGES_PER_WALK = 10
// A hole of more parts is walked whole. It spans days of trades, or none: one wrong id, far above
// the true ones, makes a hole of any length, and one walk shows that nothing is there.
const PARTS_MAX = 100

/** Returns how long a hole rests after its last attempt: 2 s, doubling, at most 5 minutes. */
export function restMs(attempts: number): number {
  return attempts === 0 ? 0 : Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (attempts - 1))
}

/** Whether a hole has rested long enough to be asked for again. */
export function isDue(hole: Hole, nowUs: number): boolean {
  if (hole.lastAttemptUs === null) return true
  return nowUs - hole.lastAttemptUs >= restMs(hole.attempts) * 1000
}

/**
 * Whether a venue can be asked for trades by their ids: its requests for other ids are others.
 * One that pages by time would be walked from the beginning of a hole for each part of it.
 */
export function isWalkedById({ next }: Pick<History, 'next'>, hole: Hole): boolean {
  const { symbol, fromUs, toUs } = hole
  const paths = [1_000_000, 2_000_000].map((firstId) => {
    const step = next({ symbol, fromUs, toUs, firstId, lastId: firstId + 1 }, null)
    return step.done ? '' : step.request.path
  })
  return paths[0] !== paths[1]
}

/**
 * Cuts a long hole into parts of ten pages of `idsMax` ids, the newest first, so that its repair
 * does not keep younger holes waiting. Each part is a hole of its own from here on.
 */
export function cutHole(hole: Hole, idsMax: number): Hole[] {
  const { firstId, lastId } = hole
  if (firstId === null || lastId === null) return [hole]
  const ids = idsMax * PAGES_PER_WALK
  const count = Math.ceil((lastId - firstId + 1) / ids)
  if (count > PARTS_MAX) return [hole]
  return Array.from({ length: count }, (_, part) => {
    const partLastId = lastId - part * ids
    return { ...hole, firstId: Math.max(firstId, partLastId - ids + 1), lastId: partLastId }
  })
}

/**
 * Groups holes so that those of one symbol within `idsMax` ids share one walk, and puts the
 * newest first: recent minutes are looked at most.
 */
export function planHoles(holes: readonly Hole[], idsMax: number): HoleGroup[] {
  const newestFirst = holes.toSorted((a, b) => b.toUs - a.toUs || (b.lastId ?? 0) - (a.lastId ?? 0))
  const groups: Hole[][] = []
  const open = new Map<string, Hole[]>()
  for (const hole of newestFirst) {
    const group = open.get(hole.symbol)
    if (group !== undefined && withinOnePage(group[0]!, hole, idsMax)) {
      group.push(hole)
      continue
    }
    const fresh = [hole]
    groups.push(fresh)
    open.set(hole.symbol, fresh)
  }
  return groups.map(toGroup)
}

function withinOnePage(newest: Hole, hole: Hole, idsMax: number): boolean {
  if (newest.lastId === null || newest.firstId === null) return false
  return hole.firstId !== null && newest.lastId - hole.firstId < idsMax
}

function toGroup(holes: readonly Hole[]): HoleGroup {
  const newest = holes[0]!
  const span = {
    symbol: newest.symbol,
    firstId: holes.reduce<number | null>(
      (least, { firstId }) =>
        least === null || firstId === null ? null : Math.min(least, firstId),
      newest.firstId,
    ),
    lastId: newest.lastId,
    fromUs: Math.min(...holes.map((hole) => hole.fromUs)),
    toUs: newest.toUs,
  }
  return { holes, span }
}
