import type { FaultRecord, Simulator } from '../../sim/index.ts'
import type { Hole } from '../../src/silver/holes.ts'
import { TRADING_VENUES } from './markets.ts'

/** Trades that REST was made to lack. */
export function hiddenIds(
  faults: readonly FaultRecord[],
  at: { readonly venue: string; readonly symbol: string },
): ReadonlySet<number> {
  const ids = new Set<number>()
  for (const { kind, venue, product, ids: ranges } of faults) {
    if (kind !== 'rest_hole' || venue !== at.venue || product !== at.symbol) continue
    for (const [first, last] of ranges) for (let id = first; id <= last; id += 1) ids.add(id)
  }
  return ids
}

/**
 * Whether REST has all that a hole lacks. One of a trade that REST was made to lack too may stay
 * open for good: after the venue's newest trade nothing tells a late answer from a missing trade.
 */
export function isReachable(sim: Pick<Simulator, 'faults' | 'truth'>, hole: Hole): boolean {
  const venue = TRADING_VENUES.find((id) => id === hole.venue)
  if (venue === undefined) return false
  const hidden = hiddenIds(sim.faults, hole)
  // A millisecond more at the end: some venues tell no finer time.
  const span = { venue, product: hole.symbol, fromUs: hole.fromUs, toUs: hole.toUs + 1000 }
  for (const { trade_id: id } of sim.truth(span)) {
    const isInside = (hole.firstId ?? 0) <= id && id <= (hole.lastId ?? Number.MAX_SAFE_INTEGER)
    if (isInside && hidden.has(id)) return false
  }
  return true
}
