import { bigDecimalText, decimalText } from '../market/text.ts'
import type { Level } from './book.ts'
import type { SystemState } from './frames.ts'
import { vwapTicks } from './frames.ts'
import type { Kraken } from './kraken.ts'
import { fixedText } from './numbers.ts'
import type { Pair } from './pair.ts'
import { assetKey } from './symbols.ts'

const DEPTH_MAX = 500
const DEPTH_DEFAULT = 100

function textsOf({ product }: Pair) {
  const { priceDecimals, sizeDecimals } = product
  const decimals = Math.max(priceDecimals, 5)
  return {
    price: (ticks: number) => fixedText(decimalText(ticks, priceDecimals), decimals),
    size: (units: number) => fixedText(decimalText(units, sizeDecimals), Math.max(sizeDecimals, 8)),
  }
}

/** Returns a pair as `AssetPairs` lists it: by old names, or by new ones for `assetVersion=1`. */
export function pairRow(pair: Pair, isNew: boolean, state: SystemState): object {
  const { base, quote, priceDecimals, sizeDecimals } = pair.product
  return {
    altname: pair.altname,
    wsname: pair.wsname,
    aclass_base: 'currency',
    base: isNew ? base : assetKey(base),
    aclass_quote: 'currency',
    quote: isNew ? quote : assetKey(quote),
    lot: 'unit',
    cost_decimals: 5,
    pair_decimals: priceDecimals,
    lot_decimals: sizeDecimals,
    lot_multiplier: 1,
    leverage_buy: [],
    leverage_sell: [],
    fees: [
      [0, 0.4],
      [10000, 0.35],
    ],
    fees_maker: [
      [0, 0.25],
      [10000, 0.2],
    ],
    fee_volume_currency: 'ZUSD',
    margin_call: 80,
    margin_stop: 40,
    ordermin: decimalText(1, sizeDecimals),
    costmin: '0.5',
    tick_size: decimalText(1, priceDecimals),
    status: state,
  }
}

/** Returns a pair's day as `Ticker` tells it: lists of today's and of the last 24 hours' value. */
export function tickerRow(kraken: Kraken, pair: Pair): object {
  const { quotes, ledger } = pair.engine
  const { price, size } = textsOf(pair)
  const totals = kraken.totals(pair)
  const volume = fixedText(bigDecimalText(totals.volumeUnits, pair.product.sizeDecimals), 8)
  const twice = <T>(value: T) => [value, value]
  const touch = (ticks: number, units: number) => {
    const lots = Math.max(1, Math.floor(units / 10 ** pair.product.sizeDecimals))
    return [price(ticks), String(lots), `${lots}.000`]
  }
  const last = ledger.lastFill
  return {
    a: touch(quotes.askTicks, quotes.askUnits),
    b: touch(quotes.bidTicks, quotes.bidUnits),
    c: last === null ? [] : [price(last.ticks), size(last.units)],
    v: twice(volume),
    p: twice(price(vwapTicks(totals))),
    t: twice(totals.tradeCount),
    l: twice(price(ledger.lowTicks)),
    h: twice(price(ledger.highTicks)),
    o: price(ledger.openTicks),
  }
}

/** Returns a pair's book as `Depth` tells it; `null` for a count that makes no sense. */
export function depthRow(kraken: Kraken, pair: Pair, query: URLSearchParams, nowUs: number) {
  const count = Number(query.get('count') ?? DEPTH_DEFAULT)
  if (!Number.isInteger(count) || count < 1 || count > DEPTH_MAX) return null
  const { price, size } = textsOf(pair)
  const seconds = Math.floor(nowUs / 1_000_000)
  const rows = (levels: readonly Level[]) =>
    levels.map(({ ticks, units }) => [price(ticks), size(units), seconds])
  const { asks, bids } = kraken.books.look(pair, count)
  return { asks: rows(asks), bids: rows(bids) }
}
