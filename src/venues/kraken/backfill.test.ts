import { describe, expect, test } from 'vitest'
import { createRandom } from '../../core/random.ts'
import type { HistoryRange, HistoryStep, PageSummary, RestRequest } from '../venue.ts'
import { history } from './backfill.ts'

/** One trade of a made-up market; times in nanoseconds, which pages are asked by. */
interface Made {
  readonly id: number
  readonly ns: bigint
}

const START_US = 1_790_000_000_000_000
const MINUTE_US = 60_000_000

interface Wish {
  /** Trades on a page at most. */
  readonly rows?: (request: number) => number
  /** Leaves out trades at the beginning of this request's page. */
  readonly lose?: (request: number) => number
}

function market(count: number, gapUs: number, group = 1): Made[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    ns: BigInt(START_US + Math.floor(i / group) * gapUs) * 1000n,
  }))
}

const usOf = ({ ns }: Made) => Number(ns / 1000n)

/** Answers as Kraken would: trades after `since`, oldest first; without it the newest. */
function answer(trades: readonly Made[], request: RestRequest, wish: Wish, at: number) {
  const url = new URL(request.path, 'https://host')
  expect(url.pathname).toBe('/0/public/Trades')
  expect(url.searchParams.get('pair')).toBe('XBTUSD')
  const since = url.searchParams.get('since')
  expect(since).toMatch(/^[0-9]{19}$/)
  const after = trades.filter(({ ns }) => ns > BigInt(since as string))
  const page = after.slice(wish.lose?.(at) ?? 0, wish.rows?.(at) ?? 1000)
  const [first, last] = [page[0], page.at(-1)]
  const summary: PageSummary = {
    request,
    status: 200,
    headers: {},
    count: page.length,
    leastId: first?.id ?? 0,
    greatestId: last?.id ?? 0,
    leastTimeUs: first === undefined ? 0 : usOf(first),
    greatestTimeUs: last === undefined ? 0 : usOf(last),
  }
  return { page, summary }
}

function walk(trades: readonly Made[], range: Partial<HistoryRange>, wish: Wish = {}) {
  const ends = { fromUs: START_US, toUs: START_US + 1e12, firstId: null, lastId: null }
  const whole = { symbol: 'BTC/USD', ...ends, ...range }
  const got = new Set<number>()
  let step: HistoryStep = history.next(whole, null)
  let pages = 0
  while (!step.done) {
    pages += 1
    if (pages > 300) expect.fail('no end')
    const { page, summary } = answer(trades, step.request, wish, pages)
    for (const { id } of page) got.add(id)
    step = history.next(whole, { page: summary, state: structuredClone(step.state) })
  }
  return { got, pages }
}

function ids(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function missing(got: ReadonlySet<number>, from: number, to: number): number[] {
  return ids(from, to).filter((id) => !got.has(id))
}

describe('a span of time', () => {
  const trades = market(5000, 10_000)

  test('is walked from a trade before it to one after it', () => {
    const fromUs = START_US + 25_000_000
    const toUs = START_US + 37_000_000
    const { got, pages } = walk(trades, { fromUs, toUs })
    expect(missing(got, 2500, 3701)).toEqual([])
    expect(pages).toBeLessThan(8)
  })

  test('is walked to the newest trade, and a short page does not end it', () => {
    const short = { rows: (page: number) => (page % 2 === 0 ? 137 : 1000) }
    expect(missing(walk(trades, {}, short).got, 1, 5000)).toEqual([])
  })

  test('reaches back to the last trade before it, however quiet the market was', () => {
    const quiet = [{ id: 1, ns: BigInt(START_US - 40 * 86_400_000_000) * 1000n }]
    const later = market(3, 1_000_000).map(({ id, ns }) => ({ id: id + 1, ns }))
    const { got, pages } = walk([...quiet, ...later], { toUs: START_US + MINUTE_US })
    expect([...got].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
    expect(pages).toBeLessThan(10)
  })

  test('before the first trade of all ends there', () => {
    const { got, pages } = walk(market(10, 1000), { fromUs: 0, toUs: START_US + MINUTE_US })
    expect(got.size).toBe(10)
    expect(pages).toBeLessThan(4)
  })

  test('that is empty asks for nothing', () => {
    const range = { symbol: 'BTC/USD', firstId: null, lastId: null }
    expect(history.next({ ...range, fromUs: START_US, toUs: START_US }, null).done).toBe(true)
  })
})

describe('a seam', () => {
  test('within trades of one time loses none of them', () => {
    // Groups of seven at one time: no page of a thousand ends with a whole one.
    const trades = market(7000, 1_000_000, 7)
    const { got } = walk(trades, {})
    expect(missing(got, 1, 7000)).toEqual([])
  })

  test('across which ids are missing is looked at once more', () => {
    const trades = market(3000, 10_000)
    const { got } = walk(trades, {}, { lose: (page) => (page === 2 ? 20 : 0) })
    expect(missing(got, 1, 3000)).toEqual([])
  })

  test('across which ids never were is passed', () => {
    const trades = market(3000, 10_000).filter(({ id }) => id <= 1000 || id > 1050)
    const { got, pages } = walk(trades, {})
    expect(got.size).toBe(2950)
    // Seven looks for a trade before the first one; then the seam, once.
    expect(pages).toBeLessThan(13)
  })

  test('that one microsecond fills is passed, not asked for again and again', () => {
    const before = market(10, 1_000_000)
    const crowd = ids(11, 2510).map((id) => ({ id, ns: before[9]!.ns + 1000n }))
    const after = ids(2511, 2520).map((id) => ({ id, ns: before[9]!.ns + 2000n * BigInt(id) }))
    const { got } = walk([...before, ...crowd, ...after], {})
    // What lies beyond the page is out of reach by time; the ids show that it is missing.
    expect(missing(got, 1, 1010)).toEqual([])
    expect(missing(got, 2511, 2520)).toEqual([])
  })
})

describe('a hole in the ids', () => {
  const trades = market(100_000, 50_000)
  const at = (id: number) => usOf(trades[id - 1] as Made)

  test('is asked for from the trade before it, in as many pages as it has', () => {
    const range = { firstId: 50_000, lastId: 51_500, fromUs: at(50_000), toUs: at(51_500) + 1 }
    const { got, pages } = walk(trades, range)
    expect(missing(got, 50_000, 51_500)).toEqual([])
    expect(pages).toBeLessThanOrEqual(2)
  })

  test('that is one part of a long one is sought between its times', () => {
    const range = { firstId: 80_000, lastId: 80_100, fromUs: at(10_000), toUs: at(90_000) }
    const { got, pages } = walk(trades, range)
    expect(missing(got, 80_000, 80_100)).toEqual([])
    expect(pages).toBeLessThan(15)
  })

  test('of which no time is known is sought from the newest trade back', () => {
    const now = at(100_000) + 1
    const range = { firstId: 97_000, lastId: null, fromUs: 0, toUs: now }
    const { got, pages } = walk(trades, range)
    expect(missing(got, 97_000, 100_000)).toEqual([])
    expect(pages).toBeLessThan(12)
  })

  test('that ends with an id nobody ever gave out is not walked to for ever', () => {
    const range = { firstId: 50_000, lastId: 9e12, fromUs: at(50_000), toUs: at(50_300) }
    expect(walk(trades, range).pages).toBeLessThan(5)
  })

  test('known by its last id alone is walked from a trade before its time', () => {
    const range = { firstId: null, lastId: 60_010, fromUs: at(60_000) - 10, toUs: at(60_010) }
    const { got } = walk(trades, range)
    expect(missing(got, 59_999, 60_010)).toEqual([])
  })

  test('is found wherever it is, in markets of any pace', () => {
    const random = createRandom('kraken holes')
    for (let run = 0; run < 100; run += 1) {
      const made = market(random.int(1, 20_000), random.int(1, 5_000_000), random.int(1, 9))
      const firstId = random.int(1, made.length)
      const lastId = Math.min(made.length, firstId + random.int(0, 3000))
      const before = random.int(1, firstId)
      const toUs = usOf(made[lastId - 1] as Made) + 1
      const range = { firstId, lastId, fromUs: usOf(made[before - 1] as Made), toUs }
      expect(missing(walk(made, range).got, firstId, lastId), `run ${run}`).toEqual([])
    }
  })
})

test('candles are asked for once, a minute before the span', () => {
  const range = { symbol: 'DOGE/USD', firstId: null, lastId: null, fromUs: START_US, toUs: 2e15 }
  const step = history.nextCandles(range, null)
  expect(step).toMatchObject({
    done: false,
    request: {
      channel: 'OHLC',
      symbol: 'DOGE/USD',
      path: `/0/public/OHLC?pair=XDGUSD&interval=1&since=${START_US / 1e6 - 60}`,
    },
  })
  if (step.done) return
  const { request } = step
  const page = { ...EMPTY, request }
  expect(history.nextCandles(range, { page, state: step.state }).done).toBe(true)
})

const EMPTY = {
  status: 200,
  headers: {},
  count: 0,
  leastId: 0,
  greatestId: 0,
  leastTimeUs: 0,
  greatestTimeUs: 0,
}

test('the newest trade of each symbol is asked for by itself', () => {
  expect(history.witness(['BTC/USD', 'PEPE/USD'])).toEqual([
    { channel: 'Trades', symbol: 'BTC/USD', path: '/0/public/Trades?pair=XBTUSD&count=1' },
    { channel: 'Trades', symbol: 'PEPE/USD', path: '/0/public/Trades?pair=PEPEUSD&count=1' },
  ])
})
