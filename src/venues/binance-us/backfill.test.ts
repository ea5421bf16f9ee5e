import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HistoryRange, HistoryStep, PageSummary, RestRequest } from '../venue.ts'
import { history } from './backfill.ts'

const START_US = 1_790_000_000_000_000
const MINUTE_US = 60_000_000

/** An aggregate of the made-up market: underlying ids and a time. */
interface Aggregate {
  readonly firstId: number
  readonly lastId: number
  readonly timeUs: number
}

/** Trades of which some share their millisecond, told in aggregates of one to four. */
function market(count: number, everyMs: number): readonly Aggregate[] {
  const rows: Aggregate[] = []
  let id = 1000
  for (let at = 0; at < count; at += 1) {
    const width = (at % 4) + 1
    const timeUs = START_US + Math.floor(at * everyMs) * 1000
    rows.push({ firstId: id, lastId: id + width - 1, timeUs })
    id += width
  }
  return rows
}

/** Answers as Binance does: oldest first from `startTime` on, inclusive. */
function answer(rows: readonly Aggregate[], request: RestRequest, rowsMax: number): PageSummary {
  const query = new URLSearchParams(request.path.split('?')[1])
  const fromUs = Number(query.get('startTime')) * 1000
  const page = rows.filter(({ timeUs }) => timeUs >= fromUs).slice(0, rowsMax)
  return {
    ...{ request, status: 200, headers: {}, count: page.length },
    leastId: page[0]?.firstId ?? 0,
    greatestId: page.at(-1)?.lastId ?? 0,
    leastTimeUs: page[0]?.timeUs ?? 0,
    greatestTimeUs: page.at(-1)?.timeUs ?? 0,
  }
}

/** Walks a range as the driver does, which calls a page that comes three times stuck. */
function walk(rows: readonly Aggregate[], about: Partial<HistoryRange>, rowsMax = 1000) {
  const range = { symbol: 'BTCUSD', fromUs: 0, toUs: 2e15, firstId: null, lastId: null, ...about }
  const pages: PageSummary[] = []
  const held = new Set<number>()
  let step: HistoryStep = history.next(range, null)
  for (; !step.done && pages.length < 300; ) {
    const page = answer(rows, step.request, rowsMax)
    pages.push(page)
    const paths = new Set(pages.slice(-3).map(({ request }) => request.path))
    if (pages.length >= 3 && paths.size === 1) return { pages, held, stuck: true }
    for (let id = page.leastId; page.count > 0 && id <= page.greatestId; id += 1) held.add(id)
    step = history.next(range, { page, state: structuredClone(step.state) })
  }
  return { pages, held, stuck: !step.done }
}

describe('trades', () => {
  test('are asked for from before a time on, each page from where the last one ended', () => {
    const rows = market(2500, 7)
    const { pages } = walk(rows, { fromUs: START_US + 7_000_000, toUs: START_US + 17_500_000 })
    expect(pages.map(({ request }) => request.path)).toEqual([
      '/api/v3/aggTrades?symbol=BTCUSD&startTime=1789999947000&limit=1000',
      '/api/v3/aggTrades?symbol=BTCUSD&startTime=1790000006993&limit=1000',
      '/api/v3/aggTrades?symbol=BTCUSD&startTime=1790000013986&limit=1000',
      '/api/v3/aggTrades?symbol=BTCUSD&startTime=1790000017493&limit=1000',
    ])
    for (const { request } of pages) expect(request).toMatchObject({ weight: 1, symbol: 'BTCUSD' })
  })

  test('are asked for until the last id that is missing, and not beyond', () => {
    const rows = market(5000, 10)
    const lastId = rows[1200]?.lastId as number
    const firstId = 1000
    const span = { fromUs: START_US, toUs: START_US + 1000, firstId, lastId }
    const { pages, held } = walk(rows, span)
    expect(pages).toHaveLength(2)
    expect(held.has(lastId)).toBe(true)
  })

  test('of a last id that nobody knows are looked for a minute beyond the time', () => {
    const { pages } = walk(market(50_000, 10), {
      ...{ fromUs: START_US, toUs: START_US + 1000, lastId: 10_000_000 },
    })
    expect(pages.at(-1)?.greatestTimeUs).toBeLessThan(START_US + 80_000_000)
  })

  test('are not asked for where there are none', () => {
    expect(walk([], { fromUs: 5, toUs: 5 }).pages).toEqual([])
    expect(walk([], { firstId: 7, lastId: 6 }).pages).toEqual([])
    expect(walk([], { fromUs: START_US, firstId: 7, lastId: 9 }).pages).toHaveLength(1)
  })

  test('below a range of which only the time is known are looked for in growing steps back', () => {
    const [old, quiet] = [START_US - 40 * MINUTE_US, START_US + 5 * MINUTE_US]
    const rows = [
      { firstId: 1, lastId: 1, timeUs: old },
      { firstId: 2, lastId: 3, timeUs: quiet },
    ]
    const { pages } = walk(rows, { fromUs: START_US, toUs: quiet + MINUTE_US, lastId: 1_000 })
    const minutes = pages.map(({ request }) => {
      const ms = Number(new URLSearchParams(request.path.split('?')[1]).get('startTime'))
      return (ms * 1000 - START_US) / MINUTE_US
    })
    expect(minutes).toEqual([-1, -17, -273, 5])
    expect(pages[2]?.leastId).toBe(1)
  })

  test('are looked for no further back than the venue has been', () => {
    const { pages } = walk([], { fromUs: START_US })
    expect(pages.at(-1)?.request.path).toContain('startTime=1567296000000&')
    expect(pages.length).toBeLessThan(8)
  })

  test('from before the venue was are not asked for', () => {
    const [page] = walk([], { fromUs: 0 }).pages
    expect(page?.request.path).toContain('startTime=1567296000000&')
  })

  test('of more than a page in one millisecond cannot be paged, and the walk says so', () => {
    expect(walk(market(3000, 0), { fromUs: START_US }).stuck).toBe(true)
  })

  test('are all found, also on pages cut short and with times shared by many', () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 3000 }),
      everyMs: fc.constantFrom(0.05, 0.5, 3, 900),
      span: fc.tuple(fc.nat(2999), fc.nat(2999)),
      rows: fc.constantFrom(1000, 400, 90),
    })
    fc.assert(
      fc.property(cases, ({ count, everyMs, span, rows: rowsMax }) => {
        const rows = market(count, everyMs)
        const [a, b] = span.map((at) => rows[at % count]?.timeUs as number).sort((x, y) => x - y)
        const [fromUs, toUs] = [a as number, (b as number) + 1000]
        const { held, stuck } = walk(rows, { fromUs, toUs }, rowsMax)
        expect(stuck).toBe(false)
        for (const { firstId, lastId, timeUs } of rows) {
          if (timeUs < fromUs || timeUs >= toUs) continue
          if (!held.has(firstId) || !held.has(lastId)) expect.fail(`${firstId} was not seen`)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('candles', () => {
  function paths(fromUs: number, toUs: number): string[] {
    const range = { symbol: 'BTCUSD', fromUs, toUs, firstId: null, lastId: null }
    const found: string[] = []
    let step = history.nextCandles(range, null)
    while (!step.done) {
      found.push(step.request.path.split('startTime=')[1] as string)
      const page = answer([], step.request, 1000)
      step = history.nextCandles(range, { page, state: step.state })
    }
    return found
  }
  const first = START_US - (START_US % MINUTE_US)
  const ms = (minute: number) => (first + minute * MINUTE_US) / 1000

  test('are asked for in pages of a thousand that share a minute', () => {
    expect(paths(START_US, first + 1500 * MINUTE_US)).toEqual([
      `${ms(0)}&endTime=${ms(999)}&limit=1000`,
      `${ms(999)}&endTime=${ms(1499)}&limit=1000`,
    ])
    expect(paths(first, first + 1000 * MINUTE_US)).toHaveLength(1)
    expect(paths(first, first + 1)).toEqual([`${ms(0)}&endTime=${ms(0)}&limit=1000`])
  })

  test('are not asked for of an empty span, nor from before the venue was', () => {
    expect(paths(START_US, START_US)).toEqual([])
    expect(paths(0, 1_567_296_000_000_000)).toEqual([])
    expect(paths(0, 1_567_296_000_000_001)).toHaveLength(1)
  })
})

test('silent symbols are asked about one by one, for their last trade', () => {
  expect(history.witness(['BTCUSD', 'KSMUSD'])).toEqual([
    {
      ...{ channel: 'ticker24hr', symbol: 'BTCUSD', weight: 2 },
      path: '/api/v3/ticker/24hr?symbol=BTCUSD',
    },
    {
      ...{ channel: 'ticker24hr', symbol: 'KSMUSD', weight: 2 },
      path: '/api/v3/ticker/24hr?symbol=KSMUSD',
    },
  ])
})
