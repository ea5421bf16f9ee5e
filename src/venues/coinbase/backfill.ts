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

/** Paging backwards: every id from `cursor` on is done with. `sought` once no time is sought. */
interface Walk {
  readonly phase: 'walk'
  readonly cursor: number
  readonly sought: boolean
}

/**
 * Looking for a time between two ids: what is at `hi` and above is too new, what is at `lo` and
 * below is old enough, and `target` was asked for. `back` is how far the next look goes back
 * while `lo` is not known.
 */
interface Seek {
  readonly phase: 'seek'
  readonly lo: number
  readonly hi: number
  readonly target: number
  readonly back: number
}

/** History of the Exchange over REST: every trade since the first, and one-minute candles. */
export const history: History = Object.freeze({
  restUrl: 'https://api.exchange.coinbase.com',
  dialect: REST_DIALECT,
  ratePerSecond: 10,
  burst: 15,
  headersKept: Object.freeze(['cb-before', 'cb-after', 'retry-after']),
  listing: Object.freeze({ channel: 'products', symbol: null, path: '/products' }),
  // Heartbeats name each product's last trade.
  witness: () => null,
  heed: () => null,
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
  const { firstId, lastId, fromUs, toUs } = range
  const byTime = firstId === null && lastId === null
  if (byTime ? fromUs >= toUs : (lastId ?? Number.POSITIVE_INFINITY) < (firstId ?? 0)) return DONE
  if (previous === null) {
    const cursor = lastId === null ? NEWEST : lastId + 1
    return walk(range, cursor, !byTime)
  }
  const { page } = previous
  const state = previous.state as Walk | Seek
  if (state.phase === 'seek') return seekOn(range, page, state)
  if (page.count === 0 || page.leastId >= state.cursor) return DONE
  if (!state.sought && page.leastTimeUs >= toUs) {
    return seek(range, { lo: 0, hi: page.leastId, back: GALLOP * PAGE_TRADES })
  }
  return walkOn(range, page)
}

/** Goes on below a page, unless it reaches the beginning of the range or of history. */
function walkOn(range: HistoryRange, page: PageSummary): HistoryStep {
  const { firstId, fromUs } = range
  // Where an id says how far to go back, times are not asked.
  const reached = firstId === null ? page.leastTimeUs < fromUs : page.leastId <= firstId
  return reached || page.leastId <= 1 ? DONE : walk(range, page.leastId, true)
}

/** Takes what a look showed: it went not far enough, too far, or the page has the time in it. */
function seekOn(range: HistoryRange, page: PageSummary, state: Seek): HistoryStep {
  const { lo, hi, target, back } = state
  // Rows that were not asked for are repeats: nothing lies below the target then.
  const nothing = page.count === 0 || page.leastId >= target
  if (nothing || page.greatestTimeUs < range.toUs) return seek(range, { lo: target - 1, hi, back })
  if (page.leastTimeUs < range.toUs) return walkOn(range, page)
  return seek(range, { lo, hi: page.leastId, back: back * GALLOP })
}

/** Looks between the bounds: first in growing steps back, for most ranges are recent. */
function seek(range: HistoryRange, bounds: Omit<Seek, 'phase' | 'target'>): HistoryStep {
  const { lo, hi, back } = bounds
  // One page from here holds the time that is sought, if pages are whole.
  if (hi - lo <= PAGE_TRADES) return walk(range, hi, true)
  const target = lo === 0 && hi > back ? hi - back : lo + Math.floor((hi - lo) / 2)
  const state: Seek = { phase: 'seek', ...bounds, target }
  return { done: false, request: tradesBefore(range.symbol, target), state }
}

function walk(range: HistoryRange, cursor: number, sought: boolean): HistoryStep {
  const state: Walk = { phase: 'walk', cursor, sought }
  return { done: false, request: tradesBefore(range.symbol, cursor), state }
}

const DONE: HistoryStep = Object.freeze({ done: true })

/** A cursor above every id: the newest page is asked for without one. */
const NEWEST = Number.MAX_SAFE_INTEGER

/** The page of the newest trades below `id`: `after` means older, and leaves out the id itself. */
function tradesBefore(symbol: string, id: number): RestRequest {
  const after = id === NEWEST ? '' : `&after=${id}`
  const path = `/products/${encodeURIComponent(symbol)}/trades?limit=${PAGE_TRADES}${after}`
  return { channel: 'trades', symbol, path }
}

/**
 * Pages forwards through the minutes of the range. Both ends of a page are inclusive and are
 * always given: without one of them Coinbase ignores the other.
 */
function nextCandles(range: HistoryRange, previous: Previous): HistoryStep {
  const { symbol, fromUs, toUs } = range
  const startUs =
    previous === null
      ? bucketStart(Math.max(fromUs, OPENED_US), MINUTE_US)
      : (previous.state as { nextUs: number }).nextUs
  if (startUs >= toUs) return DONE
  const endUs = startUs + (PAGE_CANDLES - 1) * MINUTE_US
  const lastUs = Math.min(endUs, bucketStart(toUs - 1, MINUTE_US))
  const span = `start=${formatTimeUs(startUs)}&end=${formatTimeUs(lastUs)}`
  const path = `/products/${encodeURIComponent(symbol)}/candles?granularity=60&${span}`
  const request: RestRequest = { channel: 'candles', symbol, path }
  return { done: false, request, state: { nextUs: endUs + MINUTE_US } }
}
