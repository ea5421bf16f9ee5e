import type { TradeRow } from '../warehouse/index.ts'

/** Consecutive trade ids, both ends included: those one report stands for. */
export interface Range {
  readonly firstId: number
  readonly lastId: number
}

/** Returns the ids a stored trade stands for. */
export function rangeOf(trade: Pick<TradeRow, 'trade_id' | 'last_id'>): Range {
  return { firstId: trade.trade_id, lastId: trade.last_id ?? trade.trade_id }
}

/** Tells whether `outer` holds every id of `inner`; a range holds itself. */
export function holds(outer: Range, inner: Range): boolean {
  return outer.firstId <= inner.firstId && outer.lastId >= inner.lastId
}

/** Tells whether two ranges share an id. */
export function overlap(a: Range, b: Range): boolean {
  return a.firstId <= b.lastId && b.firstId <= a.lastId
}

/**
 * Tells whether `a` keeps `b`, which it shares ids with, from standing: the one of more ids
 * does, and of two as long the one that begins first.
 *
 * A range that holds another is the longer, so aggregates replace what they are made of. Asked
 * of every range ever reported, whether it stands itself or not, the answer needs no order.
 */
export function displaces(a: Range, b: Range): boolean {
  const [lengthA, lengthB] = [a.lastId - a.firstId, b.lastId - b.firstId]
  return lengthA === lengthB ? a.firstId < b.firstId : lengthA > lengthB
}
