import {
  createFieldScanner,
  FIELD,
  firstElement,
  nextElement,
  scanObject,
  skipValue,
} from '../../core/json/scan.ts'
import type { EventSink } from '../../market/event.ts'
import { createTradeSlot, type TradeSlot } from '../../market/trade.ts'
import type { Tally } from '../frame.ts'
import * as fields from './fields.ts'

const SYMBOL = 0
const SIDE = 1
const PRICE = 2
const SIZE = 3
const TRADE_ID = 4
const TIME = 5

const scanner = createFieldScanner(['symbol', 'side', 'price', 'qty', 'trade_id', 'timestamp'])
const slot = createTradeSlot()

/** A list of events in bytes. */
export interface EventList {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Where the payload begins in `bytes`, or the end of `bytes` where they are a rewritten copy. */
  readonly base: number
}

/**
 * Reads a list of trades of the WebSocket, by whatever way it takes, and adds to `tally`.
 *
 * The side is the taker's. Price and size are passed on as the bytes that were sent, exponents
 * and all. A trade that is refused does not take the others with it.
 */
export function takeTrades(list: EventList, sink: EventSink, tally: Tally): void {
  const { bytes, end, base } = list
  let at = firstElement(bytes, list.start, end)
  while (at >= 0) {
    const scanned = scanObject(scanner, bytes, at, end)
    const after = scanned === null ? skipValue(bytes, at, end) : scanner.after
    const wrong = scanned === null ? NO_OBJECT : fillTrade(scanned, slot)
    if (wrong === null) {
      slot.item = tally.item
      tally.accepted += 1
      sink.trade(slot)
    } else {
      const place = wrong.at >= 0 && scanned === bytes ? wrong.at : at
      const { reason, detail } = wrong
      tally.rejected += 1
      sink.reject({ item: tally.item, reason, detail, offset: Math.max(0, place - base) })
    }
    tally.item += 1
    if (after < 0) return
    at = nextElement(bytes, after, end)
  }
}

const NO_OBJECT: fields.Fault = Object.freeze({
  reason: 'malformed',
  detail: 'the trade is no object',
  at: -1,
})

function fillTrade(bytes: Uint8Array, into: TradeSlot): fields.Fault | null {
  const { kinds, starts, ends } = scanner
  const id = fields.wholeOf(scanner, bytes, TRADE_ID)
  if (!(id > 0)) {
    const problem = 'is no whole number from 1 to 2^53'
    return fields.fault(scanner, TRADE_ID, { reason: 'bad_id', problem })
  }
  for (let field = PRICE; field <= SIZE; field += 1) {
    if (kinds[field] === FIELD.number) continue
    return fields.fault(scanner, field, { reason: 'bad_decimal', problem: 'is no number' })
  }
  const side = fields.wordOf(scanner, bytes, SIDE)
  if (side !== 'buy' && side !== 'sell') {
    return fields.fault(scanner, SIDE, { reason: 'bad_side', problem: 'is neither buy nor sell' })
  }
  const symbol = fields.wordOf(scanner, bytes, SYMBOL)
  if (symbol === null) return fields.fault(scanner, SYMBOL, fields.BAD_SYMBOL)
  const timeUs = fields.timeOf(scanner, bytes, TIME)
  if (!(timeUs > 0)) return fields.fault(scanner, TIME, fields.BAD_TIME)
  into.symbol = symbol
  into.tradeId = id
  into.firstId = id
  into.lastId = id
  into.eventTimeUs = timeUs
  into.side = side === 'buy' ? 0 : 1
  into.bytes = bytes
  into.priceStart = starts[PRICE] as number
  into.priceEnd = ends[PRICE] as number
  into.sizeStart = starts[SIZE] as number
  into.sizeEnd = ends[SIZE] as number
  return null
}
