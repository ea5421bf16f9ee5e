import { firstElement, nextElement, scanObject, skipValue } from '../../core/json/scan.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { createTradeScanner, fillTrade } from './fields.ts'

const scanner = createTradeScanner([])
const slot = createTradeSlot()

/** What a list of trades came to. */
export interface TradeCount {
  /** Ordinal of the next trade within the record. */
  item: number
  accepted: number
  rejected: number
}

/** Returns a count of nothing. */
export function createTradeCount(): TradeCount {
  return { item: 0, accepted: 0, rejected: 0 }
}

/** Returns what a frame of trades was: refused only if all of it was. */
export function kindOf(count: TradeCount): FrameKind {
  return count.rejected > 0 && count.accepted === 0 ? 'rejected' : 'event'
}

/** A list of trades in bytes. */
export interface TradeList {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Where the payload begins in `bytes`, or the end of `bytes` where they are a rewritten copy. */
  readonly base: number
  /** The symbol of trades that name none. */
  readonly symbol: string | null
}

/** Reads a list of trades and adds to `count`. */
export function takeTrades(list: TradeList, sink: EventSink, count: TradeCount): void {
  const { bytes, end } = list
  let at = firstElement(bytes, list.start, end)
  while (at >= 0) {
    const after = takeTrade(list, at, sink, count)
    count.item += 1
    if (after < 0) break
    at = nextElement(bytes, after, end)
  }
}

/** Reads the trade at `at` and returns the index after it. */
function takeTrade(list: TradeList, at: number, sink: EventSink, count: TradeCount): number {
  const { bytes, end, base, symbol } = list
  const scanned = scanObject(scanner, bytes, at, end)
  if (scanned === null) {
    const detail = 'the trade is no object'
    sink.reject({ item: count.item, reason: 'malformed', detail, offset: Math.max(0, at - base) })
    count.rejected += 1
    return skipValue(bytes, at, end)
  }
  const after = scanner.after
  const fault = fillTrade(scanner, scanned, symbol, slot)
  if (fault === null) {
    slot.item = count.item
    count.accepted += 1
    sink.trade(slot)
  } else {
    const { reason, detail } = fault
    const place = fault.at >= 0 && scanned === bytes ? fault.at : at
    count.rejected += 1
    sink.reject({ item: count.item, reason, detail, offset: Math.max(0, place - base) })
  }
  return after
}
