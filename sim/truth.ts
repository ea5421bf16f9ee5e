import type { TruthCandle } from './market/candles.ts'
import { toTruthCandle } from './market/candles.ts'
import type { Market } from './market/market.ts'
import type { ProductMarket } from './market/product-market.ts'
import { decimalText, microsText } from './market/text.ts'
import type { VenueId } from './venue-id.ts'

/** One trade that truly happened, in our own words: `side` is the taker's. */
export interface TruthTrade {
  readonly venue: VenueId
  readonly product: string
  readonly trade_id: number
  readonly time: string
  readonly time_us: number
  readonly price: string
  readonly size: string
  readonly side: 'buy' | 'sell'
}

/** A venue whose truth is told. */
export interface TruthSource {
  readonly id: VenueId
  readonly market: Market
}

/** Which part of a venue's truth: one product or all, times in `[fromUs, toUs)`. */
export interface TruthQuery {
  readonly product?: string
  readonly fromUs?: number
  readonly toUs?: number
}

function enginesOf({ market }: TruthSource, query: TruthQuery): readonly ProductMarket[] {
  const engines = [...market.products.values()]
  return query.product === undefined
    ? engines
    : engines.filter((engine) => engine.product.id === query.product)
}

/** Yields every trade still held, product by product, in order of (time, id). */
export function* truthTrades(venue: TruthSource, query: TruthQuery): Generator<TruthTrade> {
  for (const { product, ledger } of enginesOf(venue, query)) {
    const { tape } = ledger
    const end = query.toUs === undefined ? tape.end : tape.indexOfTime(query.toUs)
    const from = query.fromUs === undefined ? tape.start : tape.indexOfTime(query.fromUs)
    for (let index = from; index < end; index += 1) {
      // The market may let old trades go while a slow reader is still at them.
      index = Math.max(index, tape.start)
      const trade = tape.at(index)
      yield {
        venue: venue.id,
        product: product.id,
        trade_id: trade.tradeId,
        time: microsText(trade.timeUs),
        time_us: trade.timeUs,
        price: decimalText(trade.ticks, product.priceDecimals),
        size: decimalText(trade.units, product.sizeDecimals),
        side: trade.makerBuys ? 'sell' : 'buy',
      }
    }
  }
}

/** Returns the exact candles of the minutes that open in `[fromUs, toUs)` and had trades. */
export function truthCandles(venue: TruthSource, query: TruthQuery): readonly TruthCandle[] {
  return enginesOf(venue, query).flatMap(({ product }) =>
    venue.market.candles
      .get(product.id)!
      .minutes(query.fromUs ?? 0, query.toUs ?? Number.POSITIVE_INFINITY)
      .map((minute) => toTruthCandle(product, minute)),
  )
}
