import { type Decimal, decimalText } from '../../market/decimal.ts'
import type { EventSink, FrameKind } from '../../market/event.ts'
import type { RawRecord } from '../../market/record.ts'
import { createTradeSlot, SIDES, type Side, type TradeSlot } from '../../market/trade.ts'
import { decimalOf, eachItem, type Fault, faultOf, fieldsOf, refuse, timeUsOf } from './unified.ts'

const WHOLE = /^(?:0|[1-9][0-9]{0,15})$/

const encoder = new TextEncoder()

/** Returns a trade's id as a number where it is a whole one below 2^53, else -1. */
export function wholeIdOf(id: unknown): number {
  const number = typeof id === 'string' && WHOLE.test(id) ? Number(id) : id
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : -1
}

/**
 * Decodes a list of unified trades, which stand on a tape that the record's request names.
 *
 * They never stand on the venue's own tape: a run of its ids would be taken for proof that
 * nothing is missing, and nobody knows here what a venue's ids count. Where the request says which
 * line the list begins with, lines are the ids; else the trades' own.
 */
export function decodeTrades(value: unknown, record: RawRecord, sink: EventSink): FrameKind {
  const { symbol, request } = record
  if (!Array.isArray(value)) {
    return refuse(sink, { reason: 'malformed', detail: 'the payload is no list of trades' })
  }
  if (symbol === null) return refuse(sink, faultOf('bad_symbol', 'the symbol', undefined))
  if (request?.file === undefined) {
    return refuse(sink, { reason: 'malformed', detail: 'the record names no tape of its trades' })
  }
  const slot = createTradeSlot()
  slot.symbol = symbol
  slot.tape = request.file
  const { firstLine } = request
  return eachItem(value, sink, (trade, item) => {
    slot.item = item
    const fault = fillSlot(trade, slot, firstLine === undefined ? null : firstLine + item)
    if (fault === null) sink.trade(slot)
    return fault
  })
}

function fillSlot(value: unknown, slot: TradeSlot, line: number | null): Fault | null {
  const trade = fieldsOf(value)
  if (trade === null) return { reason: 'malformed', detail: 'the item is no trade' }
  if (trade.symbol !== slot.symbol) return faultOf('bad_symbol', 'symbol', trade.symbol)
  const tradeId = line ?? wholeIdOf(trade.id)
  if (!Number.isSafeInteger(tradeId) || tradeId < 0) return faultOf('bad_id', 'id', trade.id)
  const timeUs = timeUsOf(trade.timestamp)
  if (timeUs < 0) return faultOf('bad_time', 'timestamp', trade.timestamp)
  const price = decimalOf(trade.price)
  if (price === null) return faultOf('bad_decimal', 'price', trade.price)
  const size = decimalOf(trade.amount)
  if (size === null) return faultOf('bad_decimal', 'amount', trade.amount)
  slot.tradeId = tradeId
  slot.firstId = tradeId
  slot.lastId = tradeId
  slot.eventTimeUs = timeUs
  const side = SIDES.indexOf(trade.side as Side)
  slot.side = side < 0 ? SIDES.indexOf('unknown') : side
  fillDecimals(slot, price, size)
  return null
}

/** Writes both decimals, in plain digits, into bytes of the slot's own. */
function fillDecimals(slot: TradeSlot, price: Decimal, size: Decimal): void {
  const priceText = decimalText(price)
  slot.bytes = encoder.encode(`${priceText} ${decimalText(size)}`)
  slot.priceStart = 0
  slot.priceEnd = priceText.length
  slot.sizeStart = priceText.length + 1
  slot.sizeEnd = slot.bytes.length
}
