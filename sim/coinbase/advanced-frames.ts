import type { Product } from '../market/product.ts'
import type { TapeTrade } from '../market/tape.ts'
import { decimalText, trimmedText } from '../market/text.ts'

/** Returns one trade of `market_trades`: ids are text, sides upper case and the maker's. */
export function advancedTrade(product: Product, trade: TapeTrade): string {
  return (
    `{"product_id":"${product.id}","trade_id":"${trade.tradeId}",` +
    `"price":"${decimalText(trade.ticks, product.priceDecimals)}",` +
    `"size":"${decimalText(trade.units, product.sizeDecimals)}",` +
    `"time":"${trimmedText(trade.timeUs)}","side":"${trade.makerBuys ? 'BUY' : 'SELL'}"}`
  )
}

/** Returns one event of `market_trades`; `trades` come newest first. */
export function advancedTradesEvent(
  type: 'snapshot' | 'update',
  trades: readonly string[],
): string {
  return `{"type":"${type}","trades":[${trades.join(',')}]}`
}

/** Returns the event of a `heartbeats` message, its time written as Go prints one. */
export function advancedHeartbeatEvent(timeUs: number, nanos: number, counter: number): string {
  const time = trimmedText(timeUs, nanos)
  const [date = '', clock = ''] = time.slice(0, -1).split('T')
  const uptime = `${counter}.${String((timeUs % 1_000_000) * 1000 + nanos).padStart(9, '0')}`
  return JSON.stringify({
    current_time: `${date} ${clock} +0000 UTC m=+${uptime}`,
    heartbeat_counter: counter,
  })
}

/** Returns a message: `sequence` counts every message of its connection, from 0. */
export function advancedEnvelope(
  channel: string,
  at: { readonly timeUs: number; readonly nanos: number; readonly sequence: number },
  event: string,
): string {
  return (
    `{"channel":"${channel}","timestamp":"${trimmedText(at.timeUs, at.nanos)}",` +
    `"sequence_num":${at.sequence},"events":[${event}]}`
  )
}
