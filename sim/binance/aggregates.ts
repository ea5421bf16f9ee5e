import type { Fill } from '../market/ledger.ts'
import type { Tape } from '../market/tape.ts'
import type { Print } from '../venue-sim.ts'

/** Fills of one taker order at one price: tape indexes `[from, end)`. */
export interface Aggregate {
  readonly aggId: number
  readonly from: number
  readonly end: number
}

/** The aggregates of one tape, numbered in order; follows the tape as it grows. */
export interface Aggregates {
  /** Number of the first whose trades are all held; `nextId` where there is none. */
  readonly firstId: number
  readonly nextId: number
  at(aggId: number): Aggregate
  /** Number of the aggregate that the trade at this tape index belongs to. */
  idOfIndex(index: number): number
}

const CAPACITY_FIRST = 1024

/** Cuts the fills of one taker order where the price changes. */
export function aggregatesOf(fills: readonly Fill[]): readonly Print[] {
  const prints: Fill[][] = []
  for (const fill of fills) {
    const print = prints.at(-1)
    if (print !== undefined && print[0]!.ticks === fill.ticks) print.push(fill)
    else prints.push([fill])
  }
  return prints
}

/**
 * Returns the aggregates of `tape`, counted from `firstAggId`.
 *
 * Four bytes an aggregate; those whose trades the tape let go are forgotten with them.
 */
export function createAggregates(tape: Tape, firstAggId: number): Aggregates {
  // Tape index at which each begins, from the aggregate numbered `base` on.
  let starts = new Uint32Array(CAPACITY_FIRST)
  let count = 0
  let base = firstAggId
  let cursor = tape.start
  let lastTicks = 0

  function forget(): void {
    const gone = find(tape.start)
    if (gone * 2 < count) return
    starts.copyWithin(0, gone, count)
    base += gone
    count -= gone
  }

  function push(index: number): void {
    if (count === starts.length) forget()
    if (count === starts.length) {
      const wider = new Uint32Array(starts.length * 2)
      wider.set(starts)
      starts = wider
    }
    starts[count] = index
    count += 1
  }

  function catchUp(): void {
    cursor = Math.max(cursor, tape.start)
    for (; cursor < tape.end; cursor += 1) {
      const { opensOrder, ticks } = tape.at(cursor)
      if (opensOrder || ticks !== lastTicks || count === 0) push(cursor)
      lastTicks = ticks
    }
  }

  // The first position whose aggregate begins at `index` or after it.
  function find(index: number): number {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (starts[middle]! < index) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    get firstId() {
      catchUp()
      return base + find(tape.start)
    },
    get nextId() {
      catchUp()
      return base + count
    },
    at(aggId) {
      const position = aggId - base
      const end = position + 1 < count ? starts[position + 1]! : tape.end
      return { aggId, from: starts[position]!, end }
    },
    idOfIndex(index) {
      catchUp()
      return base + find(index + 1) - 1
    },
  }
}
