import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RawRecord } from '../../market/record.ts'
import { type Decoded, decodeAll, recordOf } from '../decoded.ts'
import { decoderOf } from '../index.ts'
import { wholeIdOf } from './index.ts'

const TAPE = 'ab'.repeat(32)
const REQUEST = { url: 'ccxt://x/fetchTrades', verbatim: false as const, file: TAPE }
const TRADE = {
  id: '1100044404',
  timestamp: 1_795_275_986_864,
  symbol: 'BTC/USD',
  side: 'buy',
  price: '84388.81',
  amount: '0.00026014',
}
const MINUTE_US = 60_000_000
const OPEN_US = 1_795_275_960_000_000

function decode(value: unknown, about: Partial<RawRecord> = {}): Decoded {
  const payload = typeof value === 'string' ? value : JSON.stringify(value)
  const dialect = 'bitstamp/ccxt'
  const record = { dialect, channel: 'fetchTrades', symbol: 'BTC/USD', request: REQUEST, ...about }
  return decodeAll(decoderOf(dialect), recordOf(payload, record))
}

const reasons = ({ rejections }: Decoded) => rejections.map(({ item, reason }) => [item, reason])

describe('trades', () => {
  test('are read with their ids, on the tape the record names', () => {
    const { kind, trades } = decode([TRADE, { ...TRADE, id: 1_100_044_405, side: 'sell' }])
    expect(kind).toBe('event')
    const first = {
      item: 0,
      symbol: 'BTC/USD',
      tape: TAPE,
      tradeId: 1_100_044_404,
      firstId: 1_100_044_404,
      lastId: 1_100_044_404,
      tradeCount: 1,
      eventTimeUs: 1_795_275_986_864_000,
      side: 'buy',
      price: '84388.81',
      size: '0.00026014',
    }
    const next = { item: 1, side: 'sell', tradeId: 1_100_044_405 }
    expect(trades[0]).toEqual(first)
    expect(trades[1]).toMatchObject({ ...next, firstId: next.tradeId, lastId: next.tradeId })
  })

  test('take their numbers from the record where it numbers them, refused ones too', () => {
    const list = [
      { ...TRADE, id: 'a-b' },
      { ...TRADE, price: null },
      { ...TRADE, id: undefined },
    ]
    const found = decode(list, { request: { ...REQUEST, firstLine: 41 } })
    expect(found.trades.map(({ tradeId }) => tradeId)).toEqual([41, 43])
    expect(reasons(found)).toEqual([[1, 'bad_decimal']])
  })

  test('are exact with numbers, exponents and trailing zeros, and of any or no side', () => {
    const { trades } = decode([
      { ...TRADE, price: 83945.2, amount: 5e-8 },
      { ...TRADE, price: '85317.58000000', amount: '1E-8', side: undefined },
    ])
    expect(trades.map(({ price, size, side }) => [price, size, side])).toEqual([
      ['83945.2', '0.00000005', 'buy'],
      ['85317.58', '0.00000001', 'unknown'],
    ])
  })

  test.each([
    ['bad_id', { id: '42e61001-3adf' }],
    ['bad_id', { id: '9007199254740993' }],
    ['bad_id', { id: '007' }],
    ['bad_id', { id: undefined }],
    ['bad_time', { timestamp: undefined }],
    ['bad_time', { timestamp: 1.5 }],
    ['bad_decimal', { price: 'NaN' }],
    ['bad_decimal', { amount: undefined }],
    ['bad_symbol', { symbol: 'ETH/USD' }],
  ] as const)('are refused as %s where they say %j, without their neighbours', (reason, change) => {
    const found = decode([{ ...TRADE, ...change }, TRADE])
    expect(reasons(found)).toEqual([[0, reason]])
    expect(found.trades).toHaveLength(1)
  })

  test('are refused whole without a tape, a symbol or a list; an empty list is nothing', () => {
    expect(reasons(decode([TRADE], { request: null }))).toEqual([[0, 'malformed']])
    expect(reasons(decode([TRADE], { symbol: null }))).toEqual([[0, 'bad_symbol']])
    expect(reasons(decode({}))).toEqual([[0, 'malformed']])
    expect(reasons(decode('[1, 2'))).toEqual([[0, 'not_json']])
    expect(decode([]).kind).toBe('raw_only')
  })
})

describe('candles', () => {
  const row = [OPEN_US / 1000, '84346.83', '84403.56', '84331.56', '84390.12', '2.69304229']
  const at = (receivedTimeUs: number) => ({ channel: 'fetchOHLCV', receivedTimeUs })

  test('are closed once their minute is well over', () => {
    const closed = (receivedTimeUs: number) => decode([row], at(receivedTimeUs)).candles[0]?.closed
    expect(closed(OPEN_US + MINUTE_US + 9_999_999)).toBe(false)
    expect(closed(OPEN_US + MINUTE_US + 10_000_000)).toBe(true)
  })

  test('are exact, but for volumes that were added up in floats', () => {
    const float = [...row.slice(0, 5), '0.0038773799999999997']
    const { candles } = decode([row, float], at(OPEN_US))
    const prices = { open: '84346.83', high: '84403.56', low: '84331.56', close: '84390.12' }
    expect(candles[0]).toMatchObject({ ...prices, volume: '2.69304229', tradeCount: null })
    expect(candles[1]?.volume).toBe('0.00387738')
  })

  test('without prices are minutes without trades; others that are wrong are refused', () => {
    const [time, open, high, low, close, volume] = row
    const found = decode(
      [
        [time, null, null, null, null, '0'],
        [time, open, low, high, close, volume],
        [time, open, high, low, close, null],
        ['soon', open, high, low, close, volume],
        'row',
      ],
      at(OPEN_US),
    )
    expect(found.candles).toEqual([])
    const wrong = ['malformed', 'bad_decimal', 'bad_time', 'malformed']
    expect(reasons(found)).toEqual(wrong.map((reason, index) => [index + 1, reason]))
  })
})

describe('markets', () => {
  const market = { symbol: 'BTC/USD', type: 'spot', spot: true, base: 'BTC', quote: 'USD' }

  test('are listed with their steps; contracts are left out', () => {
    const precision = { price: '0.01', amount: '1e-8' }
    const swap = { ...market, symbol: 'BTC/USD:USD', type: 'swap', spot: false }
    const markets = [{ ...market, precision, active: true }, swap, { ...market, base: null }]
    const found = decode({ precisionMode: 4, markets }, { channel: 'loadMarkets', symbol: null })
    const steps = { priceStep: '0.01', sizeStep: '0.00000001' }
    const names = { symbol: 'BTC/USD', kind: 'spot', base: 'BTC', quote: 'USD' }
    expect(found.listings).toEqual([{ ...names, multiplier: 1, ...steps, active: true }])
  })

  test('have steps of counted decimals, and none where digits are counted', () => {
    const steps = (precisionMode: number, price: unknown) =>
      decode(
        { precisionMode, markets: [{ ...market, precision: { price } }] },
        { channel: 'loadMarkets', symbol: null },
      ).listings[0]?.priceStep
    expect(steps(2, 5)).toBe('0.00001')
    expect(steps(2, '0')).toBe('1')
    expect([steps(3, 5), steps(4, undefined), steps(4, '0')]).toEqual([null, null, null])
  })
})

test('what a later version asks the library for is kept raw', () => {
  expect(decode([TRADE], { channel: 'fetchTicker' }).kind).toBe('raw_only')
})

test('an id is whole only where its text is that number', () => {
  const ids = ['0', '12', 7, '1e3', ' 1', '-1', '', 1.5, null, undefined, '00', '9007199254740991']
  expect(ids.map(wholeIdOf)).toEqual([0, 12, 7, -1, -1, -1, -1, -1, -1, -1, -1, 2 ** 53 - 1])
})

test('no payload makes the decoder throw', () => {
  const channel = fc.constantFrom('fetchTrades', 'watchTrades', 'fetchOHLCV', 'loadMarkets')
  const some = fc.oneof(
    fc.json(),
    fc.array(fc.jsonValue().map((price) => ({ ...TRADE, price }))).map((x) => JSON.stringify(x)),
    fc
      .array(fc.array(fc.oneof(fc.double(), fc.string(), fc.integer())))
      .map((x) => JSON.stringify(x)),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(some, channel, (text, name) => {
      const { kind } = decode(text ?? 'null', { channel: name })
      expect(['event', 'raw_only', 'rejected']).toContain(kind)
    }),
    { numRuns: 500 },
  )
})
