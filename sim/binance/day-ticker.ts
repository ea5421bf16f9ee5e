import type { MinuteFold } from '../market/candles.ts'
import type { Market } from '../market/market.ts'
import type { ProductMarket } from '../market/product-market.ts'
import { msOf, paddedBig, priceText, sizeText } from './frames.ts'

const DAY_US = 86_400_000_000
const MINUTE_US = 60_000_000
const PERCENT_DECIMALS = 3

function sum(minutes: readonly MinuteFold[], of: (minute: MinuteFold) => bigint): bigint {
  return minutes.reduce((total, minute) => total + of(minute), 0n)
}

/**
 * Returns a product's rolling day as `ticker/24hr` tells it, to the minute at its start.
 *
 * `closeTime` is the time up to which the market has traded: `lastId` is the last trade before.
 */
export function dayTicker(market: Market, { product, ledger, quotes }: ProductMarket) {
  const fold = market.candles.get(product.id)!
  const openUs = market.timeUs - DAY_US
  const minutes = fold.minutes(openUs - (openUs % MINUTE_US), market.timeUs)
  const [first, last] = [minutes[0], minutes.at(-1)]
  const price = (ticks: number) => priceText(product, ticks)
  const openTicks = first?.openTicks ?? 0
  const closeTicks = last?.closeTicks ?? 0
  const volume = sum(minutes, (minute) => minute.volumeUnits)
  const notional = sum(minutes, (minute) => minute.notional)
  const change = closeTicks - openTicks
  const percent = openTicks === 0 ? 0 : (change / openTicks) * 100
  const average = volume === 0n ? 0n : notional / volume
  return {
    symbol: product.id,
    priceChange: `${change < 0 ? '-' : ''}${price(Math.abs(change))}`,
    priceChangePercent: percent.toFixed(PERCENT_DECIMALS),
    weightedAvgPrice: paddedBig(average, product.priceDecimals),
    prevClosePrice: price(openTicks),
    lastPrice: price(closeTicks),
    lastQty: sizeText(product, ledger.lastFill?.units ?? 0),
    bidPrice: price(quotes.bidTicks),
    bidQty: sizeText(product, quotes.bidUnits),
    askPrice: price(quotes.askTicks),
    askQty: sizeText(product, quotes.askUnits),
    openPrice: price(openTicks),
    highPrice: price(minutes.reduce((high, minute) => Math.max(high, minute.highTicks), 0)),
    lowPrice: price(minutes.reduce((low, { lowTicks }) => Math.min(low, lowTicks), openTicks)),
    volume: paddedBig(volume, product.sizeDecimals),
    quoteVolume: paddedBig(notional, product.priceDecimals + product.sizeDecimals),
    openTime: msOf(openUs),
    closeTime: msOf(market.timeUs),
    firstId: first?.firstId ?? -1,
    lastId: last?.lastId ?? -1,
    count: minutes.reduce((count, minute) => count + minute.tradeCount, 0),
  }
}
