import type { MinuteFold } from '../market/candles.ts'
import type { Product } from '../market/product.ts'
import type { TapeTrade } from '../market/tape.ts'
import { bigDecimalText, paddedText } from '../market/text.ts'

/** Decimals that every price and size is padded to. */
export const PADDED = 8

const MINUTE_MS = 60_000

/** Returns a whole number of `10^-decimals` with eight decimals; further ones are cut off. */
export function paddedBig(units: bigint, decimals: number): string {
  const text = bigDecimalText(units, decimals)
  const [whole, fraction = ''] = text.split('.')
  return `${whole}.${fraction.slice(0, PADDED).padEnd(PADDED, '0')}`
}

/** Returns a price as the venue writes it. */
export function priceText(product: Product, ticks: number): string {
  return paddedText(ticks, product.priceDecimals, PADDED)
}

/** Returns a size as the venue writes it. */
export function sizeText(product: Product, units: number): string {
  return paddedText(units, product.sizeDecimals, PADDED)
}

/** Returns the millisecond that a moment lies in. */
export function msOf(timeUs: number): number {
  return Math.floor(timeUs / 1000)
}

/** What an aggregate says beside its trades' common facts. */
export interface AggregateFacts {
  readonly aggId: number
  readonly firstId: number
  readonly lastId: number
  readonly units: number
}

/** Returns an `aggTrade`; `trade` is any of its trades. */
export function aggTradeText(
  product: Product,
  trade: TapeTrade,
  facts: AggregateFacts & { readonly eventMs: number },
): string {
  return (
    `{"e":"aggTrade","E":${facts.eventMs},"s":"${product.id}","a":${facts.aggId},` +
    `"p":"${priceText(product, trade.ticks)}","q":"${sizeText(product, facts.units)}",` +
    `"f":${facts.firstId},"l":${facts.lastId},"T":${msOf(trade.timeUs)},` +
    `"m":${trade.makerBuys},"M":true}`
  )
}

/** Returns a row of REST `aggTrades`. */
export function aggTradeRow(product: Product, trade: TapeTrade, facts: AggregateFacts): string {
  return (
    `{"a":${facts.aggId},"p":"${priceText(product, trade.ticks)}",` +
    `"q":"${sizeText(product, facts.units)}","f":${facts.firstId},"l":${facts.lastId},` +
    `"T":${msOf(trade.timeUs)},"m":${trade.makerBuys},"M":true}`
  )
}

/** Returns a `trade`; `b` and `a` are the orders of buyer and seller. */
export function tradeText(
  product: Product,
  trade: TapeTrade,
  facts: { readonly eventMs: number; readonly makerOrder: number; readonly takerOrder: number },
): string {
  const { makerOrder, takerOrder } = facts
  const [buyer, seller] = trade.makerBuys ? [makerOrder, takerOrder] : [takerOrder, makerOrder]
  return (
    `{"e":"trade","E":${facts.eventMs},"s":"${product.id}","t":${trade.tradeId},` +
    `"p":"${priceText(product, trade.ticks)}","q":"${sizeText(product, trade.units)}",` +
    `"b":${buyer},"a":${seller},"T":${msOf(trade.timeUs)},"m":${trade.makerBuys},"M":true}`
  )
}

/** Returns a `kline` of one minute with trades. */
export function klineText(
  product: Product,
  minute: MinuteFold,
  at: { readonly eventMs: number; readonly closed: boolean },
): string {
  const openMs = minute.openTimeUs / 1000
  const notionalDecimals = product.priceDecimals + product.sizeDecimals
  return (
    `{"e":"kline","E":${at.eventMs},"s":"${product.id}","k":{"t":${openMs},` +
    `"T":${openMs + MINUTE_MS - 1},"s":"${product.id}","i":"1m","f":${minute.firstId},` +
    `"L":${minute.lastId},"o":"${priceText(product, minute.openTicks)}",` +
    `"c":"${priceText(product, minute.closeTicks)}",` +
    `"h":"${priceText(product, minute.highTicks)}","l":"${priceText(product, minute.lowTicks)}",` +
    `"v":"${paddedBig(minute.volumeUnits, product.sizeDecimals)}","n":${minute.tradeCount},` +
    `"x":${at.closed},"q":"${paddedBig(minute.notional, notionalDecimals)}",` +
    `"V":"${paddedBig(minute.takerBuyUnits, product.sizeDecimals)}",` +
    `"Q":"${paddedBig(minute.takerBuyNotional, notionalDecimals)}","B":"0"}}`
  )
}
