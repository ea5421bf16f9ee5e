import { describe, expect, test } from 'vitest'
import type { SelfEvent } from '../market/self-record.ts'
import { findVenue } from '../venues/index.ts'
import type { HistoryStep, PageSummary, RestRequest, Venue } from '../venues/venue.ts'
import { driveHistory } from './history.ts'
import type { RestClient } from './rest-client.ts'

const RANGE = { symbol: 'A', fromUs: 0, toUs: 100, firstId: 1, lastId: 9 }
const request = (path: string): RestRequest => ({ channel: 'trades', symbol: 'A', path })

/** A venue whose pager asks for these paths in turn, over pages made by `pageOf`. */
function scene(paths: readonly string[], pageOf: (path: string) => Partial<PageSummary>) {
  const asked: string[] = []
  const diary: SelfEvent[] = []
  const next = (_range: unknown, previous: { state: unknown } | null): HistoryStep => {
    const index = previous === null ? 0 : (previous.state as number) + 1
    const path = paths[index]
    return path === undefined
      ? { done: true }
      : { done: false, request: request(path), state: index }
  }
  const rest = {
    conn: 'c-1',
    async get(wanted: RestRequest) {
      asked.push(wanted.path)
      const empty = { count: 0, leastId: 0, greatestId: 0, leastTimeUs: 0, greatestTimeUs: 0 }
      const page = { request: wanted, status: 200, headers: {}, ...empty, ...pageOf(wanted.path) }
      const refused = page.status === 200 ? null : `status ${page.status}`
      return { page, record: { frame: asked.length - 1 }, refused, flaw: null }
    },
  } as unknown as RestClient
  const venue = { id: 'test', history: { next, nextCandles: next } } as unknown as Venue
  const tools = { venue, rest, diary: { write: (event: SelfEvent) => diary.push(event) } }
  const drive = { range: RANGE, priority: 'repair' as const, signal: new AbortController().signal }
  return { asked, diary, tools: { ...tools } as never, drive }
}

describe('a walk through history', () => {
  test('sums its pages up and says where they stand', async () => {
    const { tools, drive, diary } = scene(['/3', '/2', '/1'], (path) => {
      const id = Number(path.slice(1))
      return { count: 1, leastId: id, greatestId: id, leastTimeUs: id, greatestTimeUs: id }
    })
    const seen: number[] = []
    const onPage = ({ trades }: { trades: number }) => seen.push(trades)
    const reason = { cause: 'request' as const }
    const outcome = await driveHistory(tools, { ...drive, onPage, reason })
    expect(outcome).toMatchObject({ ended: 'done', status: 200, pages: 3, trades: 3 })
    expect(outcome).toMatchObject({ leastId: 1, greatestId: 3, leastTimeUs: 1, greatestTimeUs: 3 })
    expect(outcome.covered).toBe(false)
    const pages = 'ids 1..3 on 3 pages, frames 0..2 of c-1'
    expect(outcome.evidence).toBe(`${pages} (ends before the range does)`)
    expect(seen).toEqual([1, 2, 3])
    expect(diary).toEqual([
      { event: 'backfill', venue: 'test', cause: 'request', attempt: 1, ...RANGE },
    ])
  })

  test('passes over empty pages without losing its extremes', async () => {
    const { tools, drive } = scene(['/0', '/7', '/0?'], (path) =>
      path === '/7'
        ? { count: 2, leastId: 7, greatestId: 8, leastTimeUs: 5, greatestTimeUs: 6 }
        : {},
    )
    const outcome = await driveHistory(tools, drive)
    expect(outcome).toMatchObject({
      pages: 3,
      trades: 2,
      leastId: 7,
      greatestId: 8,
      leastTimeUs: 5,
    })
  })

  test('ends where the venue refuses', async () => {
    const { tools, drive, asked } = scene(['/1', '/2'], () => ({ status: 404 }))
    expect(await driveHistory(tools, drive)).toMatchObject({ ended: 'refused', status: 404 })
    expect(asked).toEqual(['/1'])
  })

  test('ends where the cursor stands still', async () => {
    const forever = Array.from({ length: 100 }, (_, index) => `/${index}`)
    const page = { count: 1, leastId: 5, greatestId: 5, leastTimeUs: 5, greatestTimeUs: 5 }
    const { tools, drive, asked } = scene(forever, () => page)
    expect(await driveHistory(tools, drive)).toMatchObject({ ended: 'stuck' })
    expect(asked).toHaveLength(3)
  })

  test('goes on over pages that overlap, as long as each brings something new', async () => {
    const paths = ['/10', '/15', '/20', '/25']
    const { tools, drive, asked } = scene(paths, (path) => {
      const to = Number(path.slice(1))
      return { count: 8, leastId: to - 7, greatestId: to, leastTimeUs: 1, greatestTimeUs: to }
    })
    expect(await driveHistory(tools, drive)).toMatchObject({ ended: 'done', greatestId: 25 })
    expect(asked).toEqual(paths)
  })

  test('ends where pages lie within the one before them, though shorter', async () => {
    const forever = Array.from({ length: 100 }, (_, index) => `/${index}`)
    const { tools, drive, asked } = scene(forever, (path) => {
      const leastId = Math.min(9, Number(path.slice(1)))
      return {
        count: 10 - leastId,
        leastId,
        greatestId: 9,
        leastTimeUs: leastId,
        greatestTimeUs: 9,
      }
    })
    expect(await driveHistory(tools, drive)).toMatchObject({ ended: 'stuck' })
    expect(asked).toHaveLength(3)
  })

  test('one path may be asked for again and again while its page grows', async () => {
    let calls = 0
    const { tools, drive } = scene(['/a', '/a', '/a', '/a'], () => {
      calls += 1
      return { count: calls, leastId: 1, greatestId: calls, leastTimeUs: 1, greatestTimeUs: calls }
    })
    expect(await driveHistory(tools, drive)).toMatchObject({ ended: 'done', pages: 4 })
  })

  test('pauses after as many pages as it is allowed', async () => {
    const paths = ['/1', '/2', '/3']
    const { tools, drive } = scene(paths, (path) => {
      const id = Number(path.slice(1))
      return { count: 1, leastId: id, greatestId: id, leastTimeUs: id, greatestTimeUs: id }
    })
    expect(await driveHistory(tools, { ...drive, pagesMax: 2 })).toMatchObject({
      ...{ ended: 'paused', pages: 2, covered: false },
    })
    expect(await driveHistory(tools, { ...drive, pagesMax: 3 })).toMatchObject({ ended: 'done' })
  })

  test('tells a refusal with status 200 from an empty page', async () => {
    const { tools, drive } = scene(['/1'], () => ({}))
    const rest = { conn: 'c-1', get: async () => REFUSED }
    const refusing = { ...(tools as object), rest } as never
    expect(await driveHistory(refusing, drive)).toMatchObject({ ended: 'refused', status: 200 })
    expect(await driveHistory(tools, drive)).toMatchObject({ ended: 'done' })
  })
})

const REFUSED = {
  page: {
    ...{ request: request('/1'), status: 200, headers: {}, count: 0 },
    ...{ leastId: 0, greatestId: 0, leastTimeUs: 0, greatestTimeUs: 0 },
  },
  ...{ record: { frame: 0 }, refused: 'EQuery:Unknown asset pair', flaw: null },
}

describe('a look for the trade before a range', () => {
  const HOUR_US = 3_600_000_000
  const AT_US = 1_790_689_500_000_000
  const range = {
    ...{ symbol: 'BTCUSD', firstId: null, lastId: 99 },
    ...{ fromUs: AT_US - 60_000_000, toUs: AT_US },
  }

  /** A venue of these trades, the first of them id 100, paged by time from a trade on. */
  function marketOf(timesUs: readonly number[], sinceUs: (path: string) => number) {
    const asked: number[] = []
    const get = async (wanted: RestRequest) => {
      const fromUs = sinceUs(wanted.path)
      asked.push(fromUs)
      const first = timesUs.findIndex((timeUs) => timeUs >= fromUs)
      const last = Math.min(timesUs.length, first + 1000) - 1
      const page = { request: wanted, status: 200, headers: {}, count: last - first + 1 }
      const ids = { leastId: 100 + first, greatestId: 100 + last }
      const times = { leastTimeUs: timesUs[first], greatestTimeUs: timesUs[last] }
      const record = { frame: asked.length - 1 }
      return { page: { ...page, ...ids, ...times }, record, refused: null, flaw: null }
    }
    return { asked, rest: { conn: 'c-1', get } as unknown as RestClient }
  }

  const VENUES = [
    {
      id: 'binance-us',
      sinceUs: (path: string) => Number(/startTime=(\d+)/.exec(path)?.[1]) * 1000,
    },
    {
      id: 'kraken',
      sinceUs: (path: string) => Math.floor(Number(/since=(\d+)/.exec(path)?.[1]) / 1000),
    },
  ]

  test.each(VENUES)('goes on at $id where nothing traded for days', async ({ id, sinceUs }) => {
    const { rest } = marketOf([AT_US - 90 * HOUR_US, AT_US], sinceUs)
    const tools = { venue: findVenue(id) as Venue, rest, diary: { write() {} } as never }
    const { signal } = new AbortController()
    const outcome = await driveHistory(tools, { range, priority: 'repair', signal })
    expect(outcome).toMatchObject({ ended: 'done', leastId: 100, greatestId: 101 })
    expect(outcome.leastTimeUs).toBe(AT_US - 90 * HOUR_US)
  })

  test.each(VENUES)('ends at $id with its first trade of all', async ({ id, sinceUs }) => {
    const { rest, asked } = marketOf([AT_US], sinceUs)
    const tools = { venue: findVenue(id) as Venue, rest, diary: { write() {} } as never }
    const { signal } = new AbortController()
    const outcome = await driveHistory(tools, { range, priority: 'repair', signal })
    expect(outcome).toMatchObject({ ended: 'done', leastId: 100, greatestId: 100 })
    expect(Math.min(...asked)).toBeLessThan(AT_US - 5 * 365 * 24 * HOUR_US)
    expect(asked.length).toBeLessThan(12)
  })

  test('passes a silence at kraken that a full page follows', async () => {
    const busy = Array.from({ length: 5000 }, (_, index) => AT_US - 400 * HOUR_US + index * 1000)
    const tail = Array.from({ length: 3000 }, (_, index) => AT_US - 3_000_000 + index * 1000)
    const { id, sinceUs } = VENUES[1]!
    const { rest } = marketOf([...busy, ...tail], sinceUs)
    const tools = { venue: findVenue(id) as Venue, rest, diary: { write() {} } as never }
    const { signal } = new AbortController()
    const wanted = { ...range, lastId: 5099 }
    const drive = { range: wanted, priority: 'repair' as const, signal, pagesMax: 20 }
    const outcome = await driveHistory(tools, drive)
    expect(outcome.ended).toBe('done')
    expect(outcome.pages).toBeGreaterThan(20)
    expect(outcome.greatestId).toBeGreaterThanOrEqual(5100)
    expect(outcome.leastTimeUs).toBeLessThan(range.fromUs)
  })
})
