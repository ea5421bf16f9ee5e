import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HistoryRange, HistoryStep, PageSummary, RestRequest } from '../venue.ts'
import { history } from './backfill.ts'

/** A venue's whole history of one product: ids, least first, with their times. */
interface Tape {
  readonly ids: readonly number[]
  timeOf(id: number): number
}

interface Wish {
  /** Rows a page really holds, whatever was asked for. */
  readonly rows?: number
  /** Rows of the cursor and above that come again. */
  readonly overlap?: number
}

function tape(count: number, options: { firstId?: number; gapUs?: number } = {}): Tape {
  const { firstId = 1, gapUs = 1000 } = options
  return {
    ids: Array.from({ length: count }, (_, i) => firstId + i),
    timeOf: (id) => 1_700_000_000_000_000 + id * gapUs,
  }
}

function summary(
  request: RestRequest,
  ids: readonly number[],
  timeOf: Tape['timeOf'],
): PageSummary {
  const least = ids[0] ?? 0
  const greatest = ids.at(-1) ?? 0
  return {
    request,
    status: 200,
    headers: {},
    count: ids.length,
    leastId: least,
    greatestId: greatest,
    leastTimeUs: ids.length === 0 ? 0 : timeOf(least),
    greatestTimeUs: ids.length === 0 ? 0 : timeOf(greatest),
  }
}

/** Answers a request as Coinbase would. */
function answer({ ids, timeOf }: Tape, request: RestRequest, wish: Wish): PageSummary {
  const { rows = 1000, overlap = 0 } = wish
  const url = new URL(request.path, 'https://host')
  expect(url.pathname).toBe('/products/BTC-USD/trades')
  expect(url.searchParams.get('limit')).toBe('1000')
  const after = Number(url.searchParams.get('after') ?? Number.POSITIVE_INFINITY) + overlap
  const end = ids.findLastIndex((id) => id < after) + 1
  return summary(request, ids.slice(Math.max(0, end - rows), end), timeOf)
}

/** Walks a range to its end and returns every page. */
function walk(source: Tape, range: Partial<HistoryRange>, wish: Wish = {}, pagesMax = 5000) {
  const whole = { symbol: 'BTC-USD', fromUs: 0, toUs: 2e15, firstId: null, lastId: null, ...range }
  const pages: PageSummary[] = []
  let step: HistoryStep = history.next(whole, null)
  while (!step.done) {
    expect(pages.length).toBeLessThan(pagesMax)
    const page = answer(source, step.request, wish)
    if (pages.length > 0) expect(step.request.path).not.toBe(pages.at(-1)?.request.path)
    pages.push(page)
    step = history.next(whole, { page, state: step.state })
  }
  const seen = new Set<number>()
  for (const page of pages) {
    for (let id = page.leastId; id <= page.greatestId; id += 1) seen.add(id)
  }
  return { pages, seen }
}

describe('trades by id', () => {
  test('are asked for from the last one back to the first', () => {
    const { pages, seen } = walk(tape(10_000), { firstId: 2500, lastId: 4700 })
    expect(pages.map(({ request }) => request.path)).toEqual([
      '/products/BTC-USD/trades?limit=1000&after=4701',
      '/products/BTC-USD/trades?limit=1000&after=3701',
      '/products/BTC-USD/trades?limit=1000&after=2701',
    ])
    for (let id = 2500; id <= 4700; id += 1) expect(seen.has(id)).toBe(true)
  })

  test('are asked for from the newest where the last is not known', () => {
    const { pages } = walk(tape(10_000), { firstId: 9500 })
    expect(pages.map(({ request }) => request.path)).toEqual([
      '/products/BTC-USD/trades?limit=1000',
    ])
  })

  test('are asked for back to a time where the first is not known', () => {
    const source = tape(10_000)
    const { pages } = walk(source, { lastId: 5000, fromUs: source.timeOf(3500) })
    expect(pages.map(({ leastId }) => leastId)).toEqual([4001, 3001])
  })

  test('are not asked for where there are none', () => {
    expect(walk(tape(10), { firstId: 7, lastId: 6 }).pages).toEqual([])
    expect(walk(tape(10), { fromUs: 5, toUs: 5 }).pages).toEqual([])
  })
})

describe('trades by time', () => {
  test('far below the newest are found in few steps', () => {
    const source = tape(3_000_000, { firstId: 1_000_000_000 })
    const [fromUs, toUs] = [source.timeOf(1_000_500_000), source.timeOf(1_000_502_500)]
    const { pages, seen } = walk(source, { fromUs, toUs })
    for (let id = 1_000_500_000; id < 1_000_502_500; id += 1) expect(seen.has(id)).toBe(true)
    expect(pages.length).toBeLessThan(40)
  })

  test('are all found, whatever the span, the spread of times and the pages', () => {
    const cases = fc.record({
      count: fc.integer({ min: 0, max: 30_000 }),
      firstId: fc.constantFrom(1, 2, 900, 1_000_000_000),
      gapUs: fc.constantFrom(1, 1000, 60_000_000),
      span: fc.tuple(fc.nat(30_000), fc.nat(30_000)),
      rows: fc.constantFrom(1000, 1000, 999, 100, 50),
      overlap: fc.constantFrom(0, 0, 1, 40),
    })
    fc.assert(
      fc.property(cases, ({ count, firstId, gapUs, span, rows, overlap }) => {
        const source = tape(count, { firstId, gapUs })
        const [a, b] = span.toSorted((x, y) => x - y) as [number, number]
        const [fromUs, toUs] = [source.timeOf(firstId + a), source.timeOf(firstId + b)]
        const { seen } = walk(source, { fromUs, toUs }, { rows, overlap })
        for (let id = firstId + a; id < Math.min(firstId + b, firstId + count); id += 1) {
          if (!seen.has(id)) expect.fail(`trade ${id} was not seen`)
        }
      }),
      { numRuns: 150 },
    )
  })
})

test('the walk ends on pages that are empty, stand still or make no sense', () => {
  const numbers = fc.nat(5000)
  const pages = fc.array(fc.tuple(numbers, numbers, fc.nat(3), numbers, numbers), {
    minLength: 1,
    maxLength: 20,
  })
  const bound = fc.option(numbers)
  fc.assert(
    fc.property(pages, bound, bound, numbers, (list, firstId, lastId, toUs) => {
      const range = { symbol: 'BTC-USD', fromUs: 0, toUs, firstId, lastId }
      let step: HistoryStep = history.next(range, null)
      let asked = 0
      for (; !step.done; asked += 1) {
        expect(asked).toBeLessThan(6000)
        const [a, b, count, t1, t2] = list[asked % list.length] as [
          number,
          number,
          number,
          number,
          number,
        ]
        const page: PageSummary = {
          ...summary(step.request, [], () => 0),
          count,
          leastId: Math.min(a, b),
          greatestId: Math.max(a, b),
          leastTimeUs: Math.min(t1, t2),
          greatestTimeUs: Math.max(t1, t2),
        }
        step = history.next(range, { page, state: step.state })
      }
    }),
  )
})

describe('candles', () => {
  const MINUTE = 60_000_000
  const START = 1_790_689_500_000_000

  function paths(fromUs: number, toUs: number): string[] {
    const range = { symbol: 'BTC-USD', fromUs, toUs, firstId: null, lastId: null }
    const found: string[] = []
    let step = history.nextCandles(range, null)
    while (!step.done) {
      const { request, state } = step
      found.push(request.path)
      const page = summary(request, [], () => 0)
      step = history.nextCandles(range, { page, state })
    }
    return found
  }

  test('are asked for in pages of three hundred, both ends inclusive', () => {
    expect(paths(START + 1, START + 301 * MINUTE)).toEqual([
      '/products/BTC-USD/candles?granularity=60' +
        '&start=2026-09-29T13:45:00.000Z&end=2026-09-29T18:44:00.000Z',
      '/products/BTC-USD/candles?granularity=60' +
        '&start=2026-09-29T18:45:00.000Z&end=2026-09-29T18:45:00.000Z',
    ])
  })

  test('are not asked for of an empty span, nor of years before there were any', () => {
    expect(paths(START, START)).toEqual([])
    expect(paths(0, 1_422_230_400_000_000)).toEqual([])
    expect(paths(0, 1_422_230_400_000_001)).toHaveLength(1)
  })
})
