import type { TapeTrade } from '../market/tape.ts'
import type { VenueContext } from '../venue-sim.ts'
import { barStart, barsOf } from './bars.ts'
import { bookFrame } from './book-frames.ts'
import type { DepthUpdate } from './books.ts'
import type { FrameType } from './frames.ts'
import { ohlcFrame, tickerFrame, tradeFrame } from './frames.ts'
import type { Kraken } from './kraken.ts'
import type { Pair } from './pair.ts'
import type { ChannelRequest } from './request.ts'

/** Makes the frames whose content is looked up in the market. */
export interface Snapshots {
  /** What a fresh subscription is told at once; `null` for nothing. */
  greeting(request: ChannelRequest, pair: Pair): string | null
  /** Notes the trades of a greeting as told. */
  noteTold(pair: Pair): void
  /** The whole bar that opens at this time, as it stands. */
  bar(pair: Pair, interval: number, openTimeUs: number): string
  ticker(type: FrameType, pair: Pair): string
  book(type: FrameType, pair: Pair, update: DepthUpdate): string
}

const TRADES = 50
// Closed bars that come before the current one, those without trades counted but not told.
const BARS = 12
const MINUTE_US = 60_000_000

/** Returns the maker of one venue's frames. */
export function createSnapshots(context: VenueContext, kraken: Kraken): Snapshots {
  const { market, told } = context
  const candlesOf = (pair: Pair) => market.candles.get(pair.product.id)!

  function newestTrades(pair: Pair): readonly TapeTrade[] {
    const { tape } = pair.engine.ledger
    const from = Math.max(tape.start, tape.end - TRADES)
    return Array.from({ length: tape.end - from }, (_, i) => tape.at(from + i))
  }

  function bars(pair: Pair, interval: number): string {
    const openTimeUs = barStart(market.timeUs, interval)
    const span = {
      fromUs: openTimeUs - BARS * interval * MINUTE_US,
      toUs: openTimeUs + interval * MINUTE_US,
    }
    const list = barsOf(candlesOf(pair), interval, span)
    return ohlcFrame('snapshot', { pair, interval, timeUs: market.timeUs }, list)
  }

  const ticker = (type: FrameType, pair: Pair) =>
    tickerFrame(type, pair, { engine: pair.engine, totals: kraken.totals(pair) })

  const book = (type: FrameType, pair: Pair, update: DepthUpdate) =>
    bookFrame(type, pair, { ...update, timeUs: market.timeUs })

  return {
    greeting(request, pair) {
      // The book's clients of one depth share their updates, so each of them joins the view.
      const { channel, depth } = request
      const held = channel === 'book' ? kraken.books.join(pair, depth) : null
      if (!request.snapshot) return null
      if (held !== null) return book('snapshot', pair, { depth, levels: held, now: held })
      if (channel === 'ohlc') return bars(pair, request.interval)
      if (channel === 'trade') return tradeFrame('snapshot', pair, newestTrades(pair))
      return pair.engine.ledger.lastFill === null ? null : ticker('snapshot', pair)
    },
    noteTold(pair) {
      for (const { tradeId } of newestTrades(pair)) told(pair.product.id, tradeId, tradeId)
    },
    bar(pair, interval, openTimeUs) {
      const span = { fromUs: openTimeUs, toUs: openTimeUs + interval * MINUTE_US }
      const list = barsOf(candlesOf(pair), interval, span)
      return ohlcFrame('update', { pair, interval, timeUs: market.timeUs }, list)
    },
    ticker,
    book,
  }
}
