import { readSymbol } from '../../market/symbol.ts'
import { readTimeUs } from '../../market/time.ts'
import { createTradeSlot, type TradeSlot } from '../../market/trade.ts'
import { isAt, joint, skipNumber } from './joints.ts'

/**
 * Most trades of a frame that is read the short way: a snapshot holds fifty, and one taker
 * rarely sweeps as many orders.
 */
const TRADES_MAX = 64

/** The text between two values of a trade frame. */
const UPDATE = joint('{"channel":"trade","type":"update","data":[{"symbol":"')
const SNAPSHOT = joint('{"channel":"trade","type":"snapshot","data":[{"symbol":"')
const SIDE = joint('","side":"')
const PRICE = joint('","price":')
const SIZE = joint(',"qty":')
const LIMIT = joint(',"ord_type":"limit","trade_id":')
const MARKET = joint(',"ord_type":"market","trade_id":')
const TIME = joint(',"timestamp":"')
const NEXT = joint('"},{"symbol":"')
const LAST = joint('"}]}')

const BUY = joint('buy')
const SELL = joint('sell')

/** A time as Kraken writes it has microseconds, always. */
const TIME_LENGTH = 27

/** Trades read from a frame; filled again and again, the first `count` of them hold. */
export interface TradeBatch {
  readonly slots: readonly TradeSlot[]
  count: number
}

/** Returns an empty batch for a reader to own. */
export function createTradeBatch(): TradeBatch {
  return { slots: Array.from({ length: TRADES_MAX }, createTradeSlot), count: 0 }
}

/**
 * Reads a frame of trades written exactly as Kraken writes it today, straight from its bytes.
 *
 * Answers `false`, with the batch in an unknown state, for anything that differs in the least:
 * other keys, another order, white space, escapes, a symbol or a time that is none, more trades
 * than the batch has room for. The scanner reads those. Where it answers `true` it has seen
 * every byte that could have changed the answer; of a frame that is JSON, that is.
 */
export function readTrades(
  bytes: Uint8Array,
  start: number,
  end: number,
  batch: TradeBatch,
): boolean {
  let at = start
  if (isAt(bytes, at, UPDATE)) at += UPDATE.length
  else if (isAt(bytes, at, SNAPSHOT)) at += SNAPSHOT.length
  else return false
  batch.count = 0
  for (;;) {
    if (batch.count === TRADES_MAX) return false
    const slot = batch.slots[batch.count] as TradeSlot
    at = readTrade(bytes, at, end, slot)
    if (at < 0) return false
    slot.item = batch.count
    batch.count += 1
    if (isAt(bytes, at, LAST)) return at + LAST.length === end
    if (!isAt(bytes, at, NEXT)) return false
    at += NEXT.length
  }
}

/** Reads a trade from its symbol on; returns the index after its time, or -1. */
function readTrade(bytes: Uint8Array, start: number, end: number, slot: TradeSlot): number {
  let at = start
  while (at < end && bytes[at] !== 0x22) at += 1
  const symbol = readSymbol(bytes, start, at)
  if (symbol === null || !isAt(bytes, at, SIDE)) return -1
  at += SIDE.length
  if (isAt(bytes, at, BUY)) {
    slot.side = 0
    at += BUY.length
  } else if (isAt(bytes, at, SELL)) {
    slot.side = 1
    at += SELL.length
  } else {
    return -1
  }
  if (!isAt(bytes, at, PRICE)) return -1
  at += PRICE.length
  slot.priceStart = at
  at = skipNumber(bytes, at, end)
  slot.priceEnd = at
  if (at === slot.priceStart || !isAt(bytes, at, SIZE)) return -1
  at += SIZE.length
  slot.sizeStart = at
  at = skipNumber(bytes, at, end)
  slot.sizeEnd = at
  if (at === slot.sizeStart) return -1
  if (isAt(bytes, at, LIMIT)) at += LIMIT.length
  else if (isAt(bytes, at, MARKET)) at += MARKET.length
  else return -1
  let id = 0
  // Fifteen digits are exact in a Number; a sixteenth is left for the next joint to refuse.
  for (const stop = Math.min(end, at + 15); at < stop; at += 1) {
    const digit = (bytes[at] as number) ^ 0x30
    if (digit > 9) break
    id = id * 10 + digit
  }
  if (id === 0 || !isAt(bytes, at, TIME)) return -1
  at += TIME.length
  // Reading a time looks at each of its bytes, so no quote hides within.
  const timeUs = at + TIME_LENGTH < end ? readTimeUs(bytes, at, at + TIME_LENGTH) : Number.NaN
  if (!(timeUs > 0)) return -1
  slot.bytes = bytes
  slot.symbol = symbol
  slot.tradeId = id
  slot.firstId = id
  slot.lastId = id
  slot.eventTimeUs = timeUs
  return at + TIME_LENGTH
}
