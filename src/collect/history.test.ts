import { describe, expect, test } from 'vitest'
import type { SelfEvent } from '../market/self-record.ts'
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
      return { page, record: { frame: asked.length - 1 } }
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
    expect(outcome.evidence).toBe('ids 1..3 on 3 pages, frames 0..2 of c-1')
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
})
