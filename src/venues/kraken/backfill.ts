import { MINUTE_US } from '../../market/bucket.ts'
import type { History, HistoryRange, HistoryStep, PageSummary, RestRequest } from '../venue.ts'
import { REST_DIALECT } from './decode.ts'
import { altnameOf } from './names.ts'
import { heedAnswer } from './rest-error.ts'

/** Trades on a full page; asking for more is not refused but changes nothing. */
const PAGE_TRADES = 1000

/** Kraken opened on 10 September 2013; a look from before then begins with the first trade. */
const OPENED_US = 1_378_771_200_000_000

/** The first look before a range goes back a minute, each further one this much longer. */
const GALLOP = 16

/** Nearer than this, a time is not sought but walked to. */
const NEAR_US = 1_000_000

/** How far before a seam it is looked again, where ids are missing across it. */
const SEAM_US = 1_000_000

/**
 * What the request at hand is for. Pages run forwards from a time, so all three phases keep the
 * time a page was asked from, `atUs`.
 *
 * `back`: a page that reaches below the range is looked for, in growing steps back. `seek`: its
 * first id lies between two times. `walk`: page after page, up to the range's end; `lastId` is
 * the greatest id seen. `seam`: ids are missing between two pages, and it is looked once more
 * from a little earlier; the walk goes on from `resumeUs`.
 */
type State =
  | {
      readonly phase: 'back'
      readonly atUs: number
      readonly stepUs: number
      readonly hiUs: number
    }
  | { readonly phase: 'seek'; readonly atUs: number; readonly loUs: number; readonly hiUs: number }
  | { readonly phase: 'walk'; readonly atUs: number; readonly lastId: number }
  | {
      readonly phase: 'seam'
      readonly atUs: number
      readonly lastId: number
      readonly resumeUs: number
    }

/** History over REST: every trade since the first, and candles of the last twelve hours. */
export const history: History = Object.freeze({
  restUrl: 'https://api.kraken.com',
  dialect: REST_DIALECT,
  // Unpublished; counted for each address and, of trades and candles, each pair.
  ratePerSecond: 1,
  burst: 1,
  headersKept: Object.freeze(['retry-after']),
  listing: Object.freeze({
    channel: 'AssetPairs',
    symbol: null,
    path: '/0/public/AssetPairs?assetVersion=1',
  }),
  witness: (symbols: readonly string[]) =>
    symbols.map((symbol) => tradesRequest(symbol, 'count=1')),
  heed: heedAnswer,
  next: nextTrades,
  nextCandles,
})

type Previous = { readonly page: PageSummary; readonly state: unknown } | null

const DONE: HistoryStep = Object.freeze({ done: true })

/**
 * Pages forwards by time, the only cursor there is, from below the range to its end.
 *
 * Each page begins with the last microsecond of the one before it, so that trades of one time are
 * not lost at the seam; ids tell whether they were all the same. The `last` of an answer is not
 * relied on, since it has been seen in other units. A walk ends with a page that reaches beyond
 * the range, or that brings nothing new: a short page alone may be a fault.
 */
function nextTrades(range: HistoryRange, previous: Previous): HistoryStep {
  const { firstId, lastId, fromUs, toUs } = range
  const byTime = firstId === null && lastId === null
  if (byTime ? fromUs >= toUs : (lastId ?? Number.POSITIVE_INFINITY) < (firstId ?? 0)) return DONE
  if (previous === null) {
    // A known id's neighbour has an exact time; any other range begins between two trades.
    const look = { phase: 'back' as const, stepUs: MINUTE_US, hiUs: toUs }
    if (firstId === null) return ask(range, { ...look, atUs: fromUs - MINUTE_US, hiUs: fromUs })
    return ask(range, { ...look, atUs: fromUs > OPENED_US ? fromUs : toUs - MINUTE_US })
  }
  const { page } = previous
  const state = previous.state as State
  switch (state.phase) {
    case 'back':
      return afterBack(range, page, state)
    case 'seek':
      return afterSeek(range, page, state)
    case 'seam':
      return ask(range, { phase: 'walk', atUs: state.resumeUs, lastId: state.lastId })
    default:
      return afterWalk(range, page, state)
  }
}

/** Whether a page holds something below the range, so that its beginning is on it or after. */
function reachesBelow({ firstId, fromUs }: HistoryRange, page: PageSummary): boolean {
  if (page.count === 0) return false
  return firstId === null ? page.leastTimeUs < fromUs : page.leastId <= firstId
}

type Phase<Name> = Extract<State, { readonly phase: Name }>

function afterBack(range: HistoryRange, page: PageSummary, state: Phase<'back'>): HistoryStep {
  const { atUs, stepUs, hiUs } = state
  if (atUs <= OPENED_US || reachesBelow(range, page)) {
    return seekOn(range, page, { atUs, loUs: atUs, hiUs })
  }
  // What is too new bounds the search above.
  const next = { atUs: atUs - stepUs, stepUs: stepUs * GALLOP, hiUs: atUs }
  return ask(range, { phase: 'back', ...next })
}

function afterSeek(range: HistoryRange, page: PageSummary, state: Phase<'seek'>): HistoryStep {
  const { atUs, loUs, hiUs } = state
  const isBelow = reachesBelow(range, page)
  return seekOn(range, isBelow ? page : null, {
    atUs,
    loUs: isBelow ? atUs : loUs,
    hiUs: isBelow ? hiUs : atUs,
  })
}

/**
 * Goes on from a page below the range (`null`: none, the look went too far): walks where the
 * range is near, and halves the time between where it is far.
 */
function seekOn(
  range: HistoryRange,
  page: PageSummary | null,
  at: { readonly atUs: number; readonly loUs: number; readonly hiUs: number },
): HistoryStep {
  const { loUs, hiUs } = at
  if (page !== null && isNear(range, page)) {
    return afterWalk(range, page, { phase: 'walk', atUs: at.atUs, lastId: 0 })
  }
  const leastUs = page === null ? loUs : Math.max(loUs, page.greatestTimeUs)
  if (hiUs - leastUs <= NEAR_US) return ask(range, { phase: 'walk', atUs: leastUs, lastId: 0 })
  const middleUs = leastUs + Math.floor((hiUs - leastUs) / 2)
  return ask(range, { phase: 'seek', atUs: middleUs, loUs: leastUs, hiUs })
}

/** Whether the range begins on the page or on one of the next few. */
function isNear({ firstId, fromUs }: HistoryRange, page: PageSummary): boolean {
  if (firstId === null) return page.greatestTimeUs >= fromUs || page.count < PAGE_TRADES
  return firstId - page.greatestId <= 2 * PAGE_TRADES
}

function afterWalk(range: HistoryRange, page: PageSummary, state: Phase<'walk'>): HistoryStep {
  const { atUs, lastId } = state
  if (page.count === 0) return DONE
  const isEnd = range.lastId !== null && page.greatestId >= range.lastId
  if (isEnd || isBeyond(range, page)) return DONE
  const isNew = page.greatestId > lastId
  if (!isNew && page.count < PAGE_TRADES) return DONE
  // A page full of one microsecond's trades, all of them known: go past it.
  if (!isNew) return ask(range, { phase: 'walk', atUs: atUs + 1, lastId })
  const next = { atUs: Math.max(atUs, page.greatestTimeUs), lastId: page.greatestId }
  if (lastId > 0 && page.leastId > lastId + 1) {
    return ask(range, {
      phase: 'seam',
      atUs: Math.max(0, atUs - SEAM_US),
      lastId: next.lastId,
      resumeUs: next.atUs,
    })
  }
  return ask(range, { phase: 'walk', ...next })
}

/** Whether nothing that is wanted can come after this page. */
function isBeyond({ lastId, toUs }: HistoryRange, page: PageSummary): boolean {
  // An id that was never given out would be walked to for ever: its time is known all the same.
  return lastId === null ? page.greatestTimeUs >= toUs : page.leastTimeUs > toUs
}

function ask({ symbol, toUs }: HistoryRange, state: State): HistoryStep {
  // Forwards, only the end of the range is left to reach; backwards, the first trade of all.
  if (state.phase !== 'back' && state.atUs > toUs + MINUTE_US) return DONE
  const atUs = Math.max(OPENED_US, state.atUs)
  // Trades after `since` are told, in nanoseconds: from the microsecond on, its own included.
  const request = tradesRequest(symbol, `since=${BigInt(atUs) * 1000n - 1n}`)
  const isLook = state.phase === 'back' || state.phase === 'seek'
  return { done: false, request, state: { ...state, atUs }, isLook }
}

function tradesRequest(symbol: string, query: string): RestRequest {
  const pair = encodeURIComponent(altnameOf(symbol))
  return { channel: 'Trades', symbol, path: `/0/public/Trades?pair=${pair}&${query}` }
}

/**
 * Asks once: an answer holds the last 720 minutes and the one that is running, never more. Rows
 * are those after a time, perhaps that of the time itself, so a minute more is asked for.
 */
function nextCandles(range: HistoryRange, previous: Previous): HistoryStep {
  const { symbol, fromUs, toUs } = range
  if (previous !== null || fromUs >= toUs) return DONE
  const pair = encodeURIComponent(altnameOf(symbol))
  const since = Math.max(0, Math.floor((fromUs - MINUTE_US) / 1_000_000))
  const path = `/0/public/OHLC?pair=${pair}&interval=1&since=${since}`
  return { done: false, request: { channel: 'OHLC', symbol, path }, state: null }
}
