import { describe, expect, test } from 'vitest'
import type { VenueCandle } from '../market/event.ts'
import type { RawRecord } from '../market/record.ts'
import type { TradeSlot } from '../market/trade.ts'
import type { Decoder } from '../venues/venue.ts'
import { summarisePage } from './page-summary.ts'

const request = { channel: 'trades', symbol: 'A', path: '/trades' }

/** Sums up a page that a decoder reads as these trades `[first, last]`, candles and refusals. */
function sum(
  page: { trades?: [number, number][]; candles?: number[]; refused?: number },
  status = 200,
) {
  const told: string[] = []
  const decoder: Decoder = (_record, sink) => {
    for (const [firstId, lastId] of page.trades ?? []) {
      sink.trade({ symbol: 'A', firstId, lastId, eventTimeUs: firstId } as TradeSlot)
    }
    for (const openTimeUs of page.candles ?? []) sink.candle({ openTimeUs } as VenueCandle)
    for (let item = 0; item < (page.refused ?? 0); item += 1) {
      sink.reject({ item, reason: 'bad_id', detail: '', offset: 0 })
    }
    sink.witness({ symbol: 'B', lastId: 77, timeUs: 1 })
    return 'event'
  }
  const record = { request: { url: '', status } } as unknown as RawRecord
  const onNewest = (symbol: string, lastId: number) => told.push(`${symbol} ${lastId}`)
  return { ...summarisePage(decoder, record, { request, onNewest }), told }
}

describe('a page', () => {
  test('in order and whole is without a flaw, whichever way it runs', () => {
    const { page, flaw } = sum({
      trades: [
        [1, 1],
        [2, 5],
        [6, 6],
      ],
    })
    expect(flaw).toBeNull()
    expect(page).toMatchObject({ count: 3, leastId: 1, greatestId: 6 })
    expect(
      sum({
        trades: [
          [3, 3],
          [2, 2],
          [1, 1],
        ],
      }).flaw,
    ).toBeNull()
    expect(sum({ candles: [1, 2, 3] }).flaw).toBeNull()
    expect(sum({}).flaw).toBeNull()
  })

  test('with ids missing, told twice or out of order says so', () => {
    expect(
      sum({
        trades: [
          [1, 1],
          [4, 4],
        ],
      }).flaw,
    ).toBe('2 ids missing within')
    expect(
      sum({
        trades: [
          [1, 2],
          [2, 2],
        ],
      }).flaw,
    ).toBe('ids told twice')
    expect(
      sum({
        trades: [
          [1, 1],
          [3, 3],
          [2, 2],
        ],
      }).flaw,
    ).toBe('not in order')
    expect(sum({ trades: [[1, 1]], refused: 2 }).flaw).toBe('2 rows refused')
  })

  test('tells the newest ids of whatever symbols it speaks of', () => {
    expect(sum({ trades: [[1, 4]] }).told).toEqual(['A 4', 'B 77'])
  })

  test('that is no answer holds nothing', () => {
    expect(sum({ trades: [[1, 1]] }, 503)).toMatchObject({ page: { count: 0 }, told: [] })
  })
})
