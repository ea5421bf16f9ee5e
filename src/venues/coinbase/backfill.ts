import { bucketStart, MINUTE_US } from '../../market/bucket.ts'
import { formatTimeUs } from '../../market/time.ts'
import type { History, HistoryRange, HistoryStep, PageSummary, RestRequest } from '../venue.ts'
import { REST_DIALECT } from './decode.ts'

/** Trades on a full page. */
const PAGE_TRADES = 1000

/** Candles in a full page; asking for more is refused. */
const PAGE_CANDLES = 300

/** The Exchange opened on 26 January 2015: nothing is asked for from before that day. */
const OPENED_US = 1_422_230_400_000_000

/** Each step back while seeking a time is this much longer than the one before it. */
const GALLOP = 16

/**
 * Where a walk through trades is. `walk` pages backwards: every id from `cursor` on is done
 * with. `seek` looks for a time between two ids: what is at `hi` and above is too new, what is
 * at `lo` and below is old enough; `step` is how far the next look goes back.
 */
type State =
  | { readonly phase: 'walk'; readonly cursor: number }
  | { readonly phase: 'seek'; readonly lo: number; readonly hi: number; readonly step: number }

/** History of the Exchange over REST: every trade since the first, and one-minute candles. */
export const history: History = Object.freeze({
  restUrl: 'https://api.exchange.coinbase.com',
  dialect: REST_DIALECT,
  ratePerSecond: 10,
  burst: 15,
  headersKept: Object.freeze(['cb-before', 'cb-after', 'retry-after']),
  listing: Object.freeze({ channel: 'products', symbol: null, path: '/products' }),
  next: nextTrades,
  nextCandles,
})

type Previous = { readonly page: PageSummary; readonly state: unknown } | null

/**
 * Pages backwards by trade id, newest first, until the range is covered.
 *
 * Where only times are known, a range that ends far below the newest trade is first sought by
 * id. Ids fall with every page, so a walk ends whatever the pages hold: one that is empty or
 * does not advance ends it.
 */
function nextTrades(range: HistoryRange, previous: Previous): HistoryStep {
  const { symbol, firstId, lastId, fromUs, toUs } = range
  if (firstId !== null && lastId !== null && lastId < firstId) return { done: true }
  if (firstId === null && lastId === null && fromUs >= toUs) return { done: true }
  if (previous === null) {
    const cursor = lastId === null ? Number.MAX_SAFE_INTEGER : lastId + 1
    return step(symbol, cursor, { phase: 'walk', cursor })
  }
  const { page } = previous
  const state = previous.state as State
  if (state.phase === 'seek') return seekOn(range, page, state)
  if (page.count === 0 || page.leastId >= state.cursor) return { done: true }
  const byTime = firstId === null && lastId === null
  if (byTime && page.leastTimeUs >= toUs) {
    return seek(range, { phase: 'seek', lo: 0, hi: page.leastId, step: GALLOP * PAGE_TRADES })
  }
  return walkOn(range, page)
}

/** Goes on below a page, unless it reaches the beginning of the range or of history. */
function walkOn(range: HistoryRange, page: PageSummary): HistoryStep {
  const { firstId, fromUs, symbol } = range
  // Where an id says how far to go back, times are not asked.
  const reached = firstId === null ? page.leastTimeUs < fromUs : page.leastId <= firstId
  if (reached || page.leastId <= 1) return { done: true }
  return step(symbol, page.leastId, { phase: 'walk', cursor: page.leastId })
}

/** Looks between the bounds: first in growing steps back, for most ranges are recent. */
function seek(range: HistoryRange, { lo, hi, step: back }: State & { phase: 'seek' }): HistoryStep {
  // Close enough: one page, or two, from here hold the time that is sought.
  if (hi - lo <= PAGE_TRADES) return step(range.symbol, hi, { phase: 'walk', cursor: hi })
  const target = lo === 0 && hi - back > 0 ? hi - back : lo + Math.floor((hi - lo) / 2)
  return step(range.symbol, target, { phase: 'seek', lo, hi: target, step: back * GALLOP }, hi)
}
