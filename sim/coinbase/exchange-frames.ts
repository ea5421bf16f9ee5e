import type { Fill } from '../market/ledger.ts'
import { orderId } from '../market/order-id.ts'
import type { ProductMarket } from '../market/product-market.ts'
import { decimalText, microsText, paddedText } from '../market/text.ts'

/** Returns a `match` or `last_match`. Its `side` is the maker's. */
export function matchFrame(type: 'match' | 'last_match', fill: Fill, salt: number): string {
  const { product } = fill
  return (
    `{"type":"${type}","trade_id":${fill.tradeId},` +
    `"maker_order_id":"${orderId(salt, fill.makerOrder)}",` +
    `"taker_order_id":"${orderId(salt, fill.takerOrder)}",` +
    `"side":"${fill.makerBuys ? 'buy' : 'sell'}",` +
    `"size":"${decimalText(fill.units, product.sizeDecimals)}",` +
    `"price":"${decimalText(fill.ticks, product.priceDecimals)}",` +
    `"product_id":"${product.id}","sequence":${fill.sequence},"time":"${microsText(fill.timeUs)}"}`
  )
}

/** Returns a `ticker` for the last fill of a taker order. Its `side` is the taker's. */
export function tickerFrame(fill: Fill, market: ProductMarket): string {
  const { priceDecimals, sizeDecimals, id } = fill.product
  const price = (ticks: number) => decimalText(ticks, priceDecimals)
  const size = (units: number) => paddedText(units, sizeDecimals, 8)
  const { ledger, quotes } = market
  return (
    `{"type":"ticker","sequence":${fill.sequence},"product_id":"${id}",` +
    `"price":"${price(fill.ticks)}","open_24h":"${price(ledger.openTicks)}",` +
    `"volume_24h":"${size(ledger.volumeUnits)}","low_24h":"${price(ledger.lowTicks)}",` +
    `"high_24h":"${price(ledger.highTicks)}","volume_30d":"${size(ledger.volumeUnits)}",` +
    `"best_bid":"${price(quotes.bidTicks)}","best_bid_size":"${size(quotes.bidUnits)}",` +
    `"best_ask":"${price(quotes.askTicks)}","best_ask_size":"${size(quotes.askUnits)}",` +
    `"side":"${fill.makerBuys ? 'sell' : 'buy'}","time":"${microsText(fill.timeUs)}",` +
    `"trade_id":${fill.tradeId},"last_size":"${decimalText(fill.units, sizeDecimals)}"}`
  )
}

/** Returns a `heartbeat` of one product. */
export function heartbeatFrame(market: ProductMarket, lastTradeId: number, timeUs: number): string {
  return (
    `{"type":"heartbeat","last_trade_id":${lastTradeId},"product_id":"${market.product.id}",` +
    `"sequence":${market.ledger.sequence},"time":"${microsText(timeUs)}"}`
  )
}

/** Returns the `error` a refused subscription is answered with, one per channel. */
export function errorFrame(message: string, reason?: string): string {
  return JSON.stringify({ type: 'error', message, ...(reason === undefined ? {} : { reason }) })
}

/** Returns the cumulative `subscriptions` ack. */
export function ackFrame(channels: readonly (readonly [string, readonly string[]])[]): string {
  const list = channels.map(([name, ids]) => ({ name, product_ids: ids, account_ids: null }))
  return JSON.stringify({ type: 'subscriptions', channels: list })
}
