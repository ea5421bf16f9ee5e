import { firstElement, nextElement, scanObject, skipValue } from '../../core/json/scan.ts'
import type { EventSink } from '../../market/event.ts'
import { createTradeSlot } from '../../market/trade.ts'
import type { Tally } from '../frame.ts'
import { createTradeScanner, fillTrade } from './fields.ts'

const scanner = createTradeScanner([])
const slot = createTradeSlot()

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

/** Reads a list of trades and adds to `tally`. */
export function takeTrades(list: TradeList, sink: EventSink, tally: Tally): void {
  const { bytes, end } = list
  let at = firstElement(bytes, list.start, end)
  while (at >= 0) {
    const after = takeTrade(list, at, sink, tally)
    tally.item += 1
    if (after < 0) break
    at = nextElement(bytes, after, end)
  }
}

/** Reads the trade at `at` and returns the index after it. */
function takeTrade(list: TradeList, at: number, sink: EventSink, tally: Tally): number {
  const { bytes, end, base, symbol } = list
  const scanned = scanObject(scanner, bytes, at, end)
  if (scanned === null) {
    const detail = 'the trade is no object'
    sink.reject({ item: tally.item, reason: 'malformed', detail, offset: Math.max(0, at - base) })
    tally.rejected += 1
    return skipValue(bytes, at, end)
  }
  const after = scanner.after
  const fault = fillTrade(scanner, scanned, symbol, slot)
  if (fault === null) {
    slot.item = tally.item
    tally.accepted += 1
    sink.trade(slot)
  } else {
    const { reason, detail } = fault
    const place = fault.at >= 0 && scanned === bytes ? fault.at : at
    tally.rejected += 1
    sink.reject({ item: tally.item, reason, detail, offset: Math.max(0, place - base) })
  }
  return after
}
