import type { ProductMarket } from '../market/product-market.ts'
import type { TapeTrade } from '../market/tape.ts'
import { bigDecimalText, decimalText, microsText } from '../market/text.ts'
import type { Bar } from './bars.ts'
import type { DayTotals } from './day-totals.ts'
import { numberText } from './numbers.ts'
import type { Pair } from './pair.ts'
import { isMarketOrder } from './trade-facts.ts'

/** Every data frame is one of these; `snapshot` starts anew. */
export type FrameType = 'snapshot' | 'update'

/** The frame a quiet connection lives on; it names no symbol and no time. */
export const HEARTBEAT = '{"channel":"heartbeat"}'

/** State of the venue's engine, as `status` tells it. */
export type SystemState = 'online' | 'maintenance'

/** Returns a `status`; the connection's id is a number beyond what a double holds. */
export function statusFrame(system: SystemState, connectionId: string): string {
  return (
    '{"channel":"status","type":"update","data":[{"version":"2.0.10",' +
    `"system":"${system}","api_version":"v2","connection_id":${connectionId},` +
    '"upcoming_maintenance":[],"emergency":[]}]}'
  )
}

/** Returns RFC 3339 text with nine digits, as `ohlc` has its times. */
function nanosText(timeUs: number, nanos = 0): string {
  return `${microsText(timeUs).slice(0, -1)}${String(nanos).padStart(3, '0')}Z`
}

/** Returns prices and sizes of a pair as JSON numbers. */
function numbersOf(pair: Pair) {
  const { priceDecimals, sizeDecimals } = pair.product
  return {
    price: (ticks: number) => numberText(decimalText(ticks, priceDecimals)),
    size: (units: number) => numberText(decimalText(units, sizeDecimals)),
    volume: (units: bigint) => numberText(bigDecimalText(units, sizeDecimals)),
  }
}

function tradeItem(pair: Pair, trade: TapeTrade): string {
  const { price, size } = numbersOf(pair)
  return (
    `{"symbol":"${pair.symbol}","side":"${trade.makerBuys ? 'sell' : 'buy'}",` +
    `"price":${price(trade.ticks)},"qty":${size(trade.units)},` +
    `"ord_type":"${isMarketOrder(trade.timeUs) ? 'market' : 'limit'}",` +
    `"trade_id":${trade.tradeId},"timestamp":"${microsText(trade.timeUs)}"}`
  )
}

/** Returns trades of one pair, oldest first. Their `side` is the taker's. */
export function tradeFrame(type: FrameType, pair: Pair, trades: readonly TapeTrade[]): string {
  const items = trades.map((trade) => tradeItem(pair, trade))
  return `{"channel":"trade","type":"${type}","data":[${items.join(',')}]}`
}

/** Returns the truncated average price of a bar, in ticks; 0 where nothing was traded. */
export function vwapTicks(bar: { readonly notional: bigint; readonly volumeUnits: bigint }) {
  return bar.volumeUnits === 0n ? 0 : Number(bar.notional / bar.volumeUnits)
}

function ohlcItem(pair: Pair, interval: number, bar: Bar): string {
  const { price, volume } = numbersOf(pair)
  const endUs = bar.openTimeUs + interval * 60_000_000
  return (
    `{"symbol":"${pair.symbol}","open":${price(bar.openTicks)},"high":${price(bar.highTicks)},` +
    `"low":${price(bar.lowTicks)},"close":${price(bar.closeTicks)},"trades":${bar.tradeCount},` +
    `"volume":${volume(bar.volumeUnits)},"vwap":${price(vwapTicks(bar))},` +
    `"interval_begin":"${nanosText(bar.openTimeUs)}","interval":${interval},` +
    `"timestamp":"${microsText(endUs)}"}`
  )
}

/**
 * Returns bars of one pair, oldest first; `interval` is in minutes.
 *
 * A bar's `timestamp` is where it ends and `interval_begin` where it starts.
 */
export function ohlcFrame(
  type: FrameType,
  of: { readonly pair: Pair; readonly interval: number; readonly timeUs: number },
  bars: readonly Bar[],
): string {
  const items = bars.map((bar) => ohlcItem(of.pair, of.interval, bar))
  const stamp = nanosText(of.timeUs, of.timeUs % 1000)
  return `{"channel":"ohlc","type":"${type}","timestamp":"${stamp}","data":[${items.join(',')}]}`
}

function signedText(ticks: number, decimals: number): string {
  const text = numberText(decimalText(Math.abs(ticks), decimals))
  return ticks < 0 ? `-${text}` : text
}

/** Returns the `ticker` of one pair; its day is everything the market has traded. */
export function tickerFrame(
  type: FrameType,
  pair: Pair,
  of: { readonly engine: ProductMarket; readonly totals: DayTotals },
): string {
  const { quotes, ledger } = of.engine
  const { price, size, volume } = numbersOf(pair)
  const last = ledger.lastFill!
  const change = last.ticks - ledger.openTicks
  const percent = Math.round((change / ledger.openTicks) * 10_000)
  return (
    `{"channel":"ticker","type":"${type}","data":[{"symbol":"${pair.symbol}",` +
    `"bid":${price(quotes.bidTicks)},"bid_qty":${size(quotes.bidUnits)},` +
    `"ask":${price(quotes.askTicks)},"ask_qty":${size(quotes.askUnits)},` +
    `"last":${price(last.ticks)},"volume":${volume(of.totals.volumeUnits)},` +
    `"vwap":${price(vwapTicks(of.totals))},"low":${price(ledger.lowTicks)},` +
    `"high":${price(ledger.highTicks)},` +
    `"change":${signedText(change, pair.product.priceDecimals)},` +
    `"change_pct":${signedText(percent, 2)},"timestamp":"${microsText(last.timeUs)}"}]}`
  )
}
