import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeJson } from './decode-json.ts'
import { decodeAll, recordOf } from './decoded.ts'
import type { Found } from './found.ts'

type Said = Readonly<Record<keyof Found, readonly never[] | undefined>>

/** Reads messages that name by themselves what they tell. */
const decoder = decodeJson((said: Said, found) => {
  said.trade?.forEach(found.trade)
  said.candle?.forEach(found.candle)
  said.witness?.forEach(found.witness)
  said.listing?.forEach(found.listing)
})
const decode = (text: string) => decodeAll(decoder, recordOf(text, { dialect: 'mine/ws' }))
const trade = (fields: string) =>
  decode(`{"trade":[{"symbol":"A-B","tradeId":7,"timeUs":5,"price":1,"size":"2"${fields}}]}`)

describe('a message', () => {
  test('gives its numbers digit by digit, as text and as numbers alike', () => {
    const { kind, trades } = decode(
      `{"trade":[{"symbol":"A-B","tradeId":9007199254740991,"timeUs":1790000000000001,
        "price":84149.240000000000000001,"size":1e-3,"side":"sell"}]}`,
    )
    expect(kind).toBe('event')
    expect(trades).toMatchObject([
      {
        ...{ symbol: 'A-B', tradeId: 9_007_199_254_740_991, side: 'sell' },
        ...{ eventTimeUs: 1_790_000_000_000_001, tradeCount: 1, tape: '' },
        ...{ price: '84149.240000000000000001', size: '1e-3' },
      },
    ])
  })

  test('tells of aggregates, by their first and last id', () => {
    const [aggregate] = trade(',"lastId":9').trades
    expect(aggregate).toMatchObject({ tradeId: 7, firstId: 7, lastId: 9, tradeCount: 3 })
  })

  test.each([
    [',"symbol":"A B"', 'bad_symbol'],
    [',"tradeId":1.5', 'bad_id'],
    [',"tradeId":9007199254740993', 'bad_id'],
    [',"lastId":6', 'bad_id'],
    [',"timeUs":"soon"', 'bad_time'],
    [',"price":null', 'missing_field'],
  ])('whose trade has %s is refused for that trade alone', (fields, reason) => {
    const good = '{"symbol":"A-B","tradeId":8,"timeUs":5,"price":1,"size":2}'
    expect(trade(fields)).toMatchObject({ kind: 'rejected', rejections: [{ item: 0, reason }] })
    const bad = `{"symbol":"A-B","tradeId":7,"timeUs":5,"price":1,"size":2${fields}}`
    const { kind, trades, rejections } = decode(`{"trade":[${bad},${good}]}`)
    expect(kind).toBe('event')
    expect(trades).toMatchObject([{ tradeId: 8, item: 1 }])
    expect(rejections).toHaveLength(1)
  })

  test('tells of candles in canonical decimals, and refuses those without', () => {
    const candle = '"symbol":"A-B","openTimeUs":60000000,"open":1.0,"high":2,"low":"1","volume":3'
    const { candles } = decode(`{"candle":[{${candle},"close":"1.50","closed":true,"vwap":1.25}]}`)
    expect(candles).toEqual([
      {
        ...{ item: 0, symbol: 'A-B', openTimeUs: 60_000_000, intervalUs: 60_000_000 },
        ...{ open: '1', high: '2', low: '1', close: '1.5', volume: '3', vwap: '1.25' },
        ...{ notional: null, takerBuyVolume: null, tradeCount: null, closed: true },
      },
    ])
    expect(decode(`{"candle":[{${candle}}]}`).rejections).toMatchObject([
      { reason: 'bad_decimal', detail: 'close is no decimal' },
    ])
  })

  test('tells of listings and of the newest trade', () => {
    const { kind, listings, witnesses } = decode(
      `{"witness":[{"symbol":"A-B","lastId":5,"timeUs":6}],
        "listing":[{"symbol":"A-B","base":"A","quote":"B","active":false}]}`,
    )
    expect(kind).toBe('event')
    expect(witnesses).toEqual([{ symbol: 'A-B', lastId: 5, timeUs: 6 }])
    expect(listings).toMatchObject([{ base: 'A', quote: 'B', multiplier: 1, active: false }])
    expect(decode('{"witness":[{"symbol":"A-B","lastId":5,"timeUs":6}]}').kind).toBe('control')
  })

  test('that tells of nothing is kept raw, and one that is no JSON refused', () => {
    expect(decode('{}').kind).toBe('raw_only')
    expect(decode('{').rejections).toMatchObject([{ reason: 'not_json' }])
  })

  test('at which the reader throws is set aside with the reason', () => {
    expect(decode('{"trade":5}')).toMatchObject({
      kind: 'rejected',
      rejections: [{ reason: 'malformed', detail: expect.stringContaining('forEach') }],
    })
  })
})

test('whatever comes, nothing is thrown and the same is told twice', () => {
  const leaf = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constantFrom(null, 'A-B', '1'))
  const names = ['symbol', 'tradeId', 'lastId', 'timeUs', 'openTimeUs', 'price', 'size', 'open']
  const item = fc.oneof(leaf, fc.dictionary(fc.constantFrom(...names), leaf))
  const kinds = fc.constantFrom('trade', 'candle', 'witness', 'listing')
  fc.assert(
    fc.property(fc.dictionary(kinds, fc.oneof(leaf, fc.array(item))), (message) => {
      const text = JSON.stringify(message)
      expect(decode(text)).toEqual(decode(text))
    }),
  )
})
