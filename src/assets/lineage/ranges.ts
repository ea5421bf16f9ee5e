import type { IdRange, PositionRange } from './tree.ts'

/** Ids a trade stands for, both ends included. */
export interface TradeSpan {
  readonly firstId: number
  readonly lastId: number
}

/** Returns trades, in any order, as ranges of ids that follow each other. */
export function idRanges(trades: readonly TradeSpan[]): IdRange[] {
  const sorted = trades.toSorted((a, b) => a.firstId - b.firstId)
  const ranges: { first_id: number; last_id: number; trades: number }[] = []
  for (const { firstId, lastId } of sorted) {
    const open = ranges.at(-1)
    if (open !== undefined && firstId <= open.last_id + 1) {
      open.last_id = Math.max(open.last_id, lastId)
      open.trades += 1
    } else ranges.push({ first_id: firstId, last_id: lastId, trades: 1 })
  }
  return ranges
}

/** Positions as few ranges, and whether some were joined over positions that are not theirs. */
export interface JoinedRanges {
  readonly ranges: readonly PositionRange[]
  readonly joined: boolean
}

/**
 * Returns positions, ascending and each once, as at most `max` ranges. Where they are scattered,
 * as one product's among others', the nearest are joined; each range says how many it holds.
 */
export function positionRanges(positions: readonly number[], max: number): JoinedRanges {
  // Cuts are made at the widest gaps.
  const gaps = positions
    .slice(1)
    .map((pos, at) => ({ at: at + 1, width: pos - (positions[at] as number) }))
    .filter(({ width }) => width > 1)
  const kept =
    gaps.length < max ? gaps : gaps.toSorted((a, b) => b.width - a.width).slice(0, max - 1)
  const cuts = [0, ...kept.map(({ at }) => at).sort((a, b) => a - b)]
  const ranges =
    positions.length === 0
      ? []
      : cuts.map((from, index) => {
          const to = cuts[index + 1] ?? positions.length
          const first_pos = positions[from] as number
          return { first_pos, last_pos: positions[to - 1] as number, records: to - from }
        })
  return { ranges, joined: kept.length < gaps.length }
}
