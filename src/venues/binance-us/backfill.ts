import { bucketStart, MINUTE_US } from '../../market/bucket.ts'
import type { History, HistoryRange, HistoryStep, PageSummary, RestRequest } from '../venue.ts'
import { REST_DIALECT } from './decode.ts'
import { heed } from './heed.ts'

/** Rows of a full page, of trades and of klines. */
const PAGE_ROWS = 1000

const MILLISECOND_US = 1000

/** Binance.US opened in September 2019: nothing is asked for from before that month. */
const OPENED_US = 1_567_296_000_000_000

/** How far beyond the end of a range its last id is looked for: clocks and ids disagree a bit. */
const SLACK_US = MINUTE_US

/** Cost of the rows of one symbol, and of the whole listing. */
const WEIGHT = { rows: 1, ticker: 2, listing: 10 } as const

/** History over REST: every aggregate trade, and one-minute klines. */
export const history: History = Object.freeze({
  restUrl: 'https://api.binance.us',
  dialect: REST_DIALECT,
  // 1,200 of weight a minute are allowed, 20 a second; others may share our address.
  ratePerSecond: 8,
  burst: 20,
  headersKept: Object.freeze(['x-mbx-used-weight-1m', 'x-mbx-used-weight', 'retry-after']),
  listing: Object.freeze({
    channel: 'exchangeInfo',
    symbol: null,
    path: '/api/v3/exchangeInfo',
    weight: WEIGHT.listing,
  }),
  witness,
  heed,
  next: nextTrades,
  nextCandles,
})

type Previous = { readonly page: PageSummary; readonly state: unknown } | null

/** The first look before a range goes back a minute, each further one this much longer. */
const FIRST_LOOK_MS = 60_000
const GALLOP = 16

/**
 * Where a walk stands: what it asked for last, the greatest id it has seen, and how far it looks
 * back next for a trade below the range; `null` once it has one, or needs none.
 */
interface Walk {
  readonly startMs: number
  readonly greatestId: number
  readonly lookMs: number | null
}

/**
 * Pages forwards by time, for ids cannot be asked for: `fromId` counts aggregates, of which
 * nothing else speaks.
 *
 * Each page begins at the last millisecond of the one before it, whose trades may be on both.
 * A page that is short is no end, for the venue may cut one short; a page without any new trade
 * is. More trades in one millisecond than a page holds cannot be paged: that page is asked for
 * again, and the driver ends a walk that does not move.
 *
 * Where only the time of the range's beginning is known, the walk begins with a trade before it,
 * looked for in growing steps back: without one nobody could tell that nothing lies between.
 */
function nextTrades(range: HistoryRange, previous: Previous): HistoryStep {
  const { fromUs, toUs, firstId, lastId } = range
  if (firstId !== null && lastId !== null && lastId < firstId) return DONE
  if (previous === null) {
    if (fromUs >= toUs && lastId === null) return DONE
    const startMs = Math.floor(Math.max(fromUs, OPENED_US) / MILLISECOND_US)
    if (firstId === null) return lookBefore(range, startMs, FIRST_LOOK_MS)
    return tradesFrom(range, { startMs, greatestId: -1, lookMs: null })
  }
  const { page } = previous
  const state = previous.state as Walk
  const isBelow = page.count > 0 && page.leastTimeUs < fromUs
  if (state.lookMs !== null && !isBelow && state.startMs > OPENED_US / MILLISECOND_US) {
    return lookBefore(range, state.startMs, state.lookMs * GALLOP)
  }
  if (page.count === 0) return DONE
  const reached = lastId !== null && page.greatestId >= lastId
  const untilUs = lastId === null ? toUs : toUs + SLACK_US
  if (reached || page.greatestTimeUs >= untilUs) return DONE
  const startMs = Math.floor(page.greatestTimeUs / MILLISECOND_US)
  const isNew = page.greatestId > state.greatestId
  const isFull = page.count >= PAGE_ROWS
  if (startMs < state.startMs || (!isNew && !isFull)) return DONE
  const greatestId = Math.max(page.greatestId, state.greatestId)
  return tradesFrom(range, { startMs, greatestId, lookMs: null })
}

function lookBefore(range: HistoryRange, startMs: number, lookMs: number): HistoryStep {
  const openedMs = OPENED_US / MILLISECOND_US
  return tradesFrom(range, {
    startMs: Math.max(openedMs, startMs - lookMs),
    greatestId: -1,
    lookMs,
  })
}

const DONE: HistoryStep = Object.freeze({ done: true })

function tradesFrom({ symbol }: HistoryRange, state: Walk): HistoryStep {
  const query = `symbol=${encodeURIComponent(symbol)}&startTime=${state.startMs}&limit=${PAGE_ROWS}`
  const path = `/api/v3/aggTrades?${query}`
  const request: RestRequest = { channel: 'aggTrades', symbol, path, weight: WEIGHT.rows }
  return { done: false, request, state, isLook: state.lookMs !== null }
}

/**
 * Pages forwards through the minutes of the range. Whether the end of a span is within it is
 * nowhere written, so each page begins with the minute the last one ended with.
 */
function nextCandles(range: HistoryRange, previous: Previous): HistoryStep {
  const { symbol, fromUs, toUs } = range
  if (fromUs >= toUs) return DONE
  const startUs =
    previous === null
      ? bucketStart(Math.max(fromUs, OPENED_US), MINUTE_US)
      : (previous.state as { readonly nextUs: number }).nextUs
  if (startUs >= toUs) return DONE
  const pageEndUs = startUs + (PAGE_ROWS - 1) * MINUTE_US
  const finalUs = bucketStart(toUs - 1, MINUTE_US)
  const lastUs = Math.min(pageEndUs, finalUs)
  const span = `startTime=${startUs / MILLISECOND_US}&endTime=${lastUs / MILLISECOND_US}`
  const path =
    `/api/v3/klines?symbol=${encodeURIComponent(symbol)}` +
    `&interval=1m&${span}&limit=${PAGE_ROWS}`
  const request: RestRequest = { channel: 'klines', symbol, path, weight: WEIGHT.rows }
  const nextUs = lastUs === finalUs ? toUs : lastUs
  return { done: false, request, state: { nextUs } }
}

/**
 * Asks for the day's summary of each symbol, which names its last trade: all symbols at once
 * would cost forty times as much, and speak of those that nobody wants.
 */
function witness(symbols: readonly string[]): readonly RestRequest[] {
  return symbols.map((symbol) => ({
    channel: 'ticker24hr',
    symbol,
    path: `/api/v3/ticker/24hr?symbol=${encodeURIComponent(symbol)}`,
    weight: WEIGHT.ticker,
  }))
}
