import { describe, expect, test } from 'vitest'
import type { RawRecord } from '../../market/record.ts'
import { type Decoded, decodeAll, recordOf } from '../decoded.ts'
import { ADVANCED_DIALECT, decoders, EXCHANGE_DIALECT, REST_DIALECT } from './decode.ts'

type About = Omit<Partial<RawRecord>, 'dialect'>

function decode(dialect: string, payload: unknown, about: About = {}): Decoded {
  const decoder = decoders[dialect]
  if (decoder === undefined) throw new Error(`no decoder of ${dialect}`)
  const bytes = payload instanceof Uint8Array || typeof payload === 'string'
  return decodeAll(
    decoder,
    recordOf(bytes ? payload : JSON.stringify(payload), { ...about, dialect }),
  )
}

const FACTS = { price: '84149.24', size: '0.00000021', product_id: 'BTC-USD' }
const TIME = '2026-09-29T13:45:58.467935Z'
const MATCH = { type: 'match', trade_id: 1099995624, side: 'buy', ...FACTS, time: TIME }
const reasons = (decoded: Decoded) => decoded.rejections.map(({ reason }) => reason)

describe('one trade in three formats', () => {
  const REQUEST = { url: 'https://host/products/BTC-USD/trades?limit=1000', status: 200 }

  test('is the same trade, with the side of the taker', () => {
    const advanced = {
      channel: 'market_trades',
      events: [
        { trades: [{ ...FACTS, trade_id: String(MATCH.trade_id), time: TIME, side: 'BUY' }] },
      ],
    }
    const { product_id: _, type: __, ...row } = MATCH
    const decoded = [
      decode(EXCHANGE_DIALECT, MATCH),
      decode(ADVANCED_DIALECT, advanced),
      decode(REST_DIALECT, [row], { channel: 'trades', request: REQUEST, origin: 'rest' }),
    ]
    for (const { kind, trades } of decoded) {
      expect(kind).toBe('event')
      expect(trades).toEqual(decoded[0]?.trades)
    }
    expect(decoded[0]?.trades).toMatchObject([{ side: 'sell', tradeId: 1099995624 }])
  })

  test('a page names its product by the record first, by the request else, or not at all', () => {
    const { product_id: _, type: __, ...row } = MATCH
    const symbols = (about: About) => {
      const { trades, rejections } = decode(REST_DIALECT, [row], { channel: 'trades', ...about })
      return [...trades.map(({ symbol }) => symbol), ...rejections.map(({ reason }) => reason)]
    }
    expect(symbols({ symbol: 'ETH-USD', request: REQUEST })).toEqual(['ETH-USD'])
    expect(symbols({ request: REQUEST })).toEqual(['BTC-USD'])
    expect(symbols({})).toEqual(['missing_field'])
  })
})

describe('a trade is refused', () => {
  test.each<[string, string, unknown]>([
    ['missing_field', 'trade_id', undefined],
    ['bad_id', 'trade_id', 0],
    ['bad_id', 'trade_id', -5],
    ['bad_id', 'trade_id', 1.5],
    ['bad_id', 'trade_id', '12x'],
    ['bad_id', 'trade_id', true],
    ['bad_id', 'trade_id', null],
    ['bad_id', 'trade_id', [1]],
    ['bad_id', 'trade_id', '9007199254740992'],
    ['missing_field', 'price', undefined],
    ['bad_decimal', 'price', null],
    ['bad_decimal', 'size', { value: '1' }],
    ['missing_field', 'side', undefined],
    ['bad_side', 'side', 'both'],
    ['bad_side', 'side', 1],
    ['missing_field', 'product_id', undefined],
    ['bad_symbol', 'product_id', ''],
    ['bad_symbol', 'product_id', 7],
    ['bad_symbol', 'product_id', 'B'.repeat(65)],
    ['bad_symbol', 'product_id', 'B'.repeat(1_000_000)],
    ['bad_symbol', 'product_id', 'BTC USD'],
    ['bad_symbol', 'product_id', 'BTC\u0000USD'],
    ['missing_field', 'time', undefined],
    ['bad_time', 'time', 1790689558],
    ['bad_time', 'time', ''],
    ['bad_time', 'time', '0001-01-01T00:00:00.000000Z'],
    ['bad_time', 'time', '2026-09-29T13:45:58'],
    ['bad_time', 'time', '2026-02-30T13:45:58Z'],
    ['malformed', 'type', 5],
  ])('as %s where its %s is %j', (reason, field, value) => {
    const { kind, trades, rejections } = decode(EXCHANGE_DIALECT, { ...MATCH, [field]: value })
    expect(kind).toBe('rejected')
    expect(trades).toEqual([])
    expect(rejections).toMatchObject([{ item: 0, reason }])
    expect(rejections[0]?.detail.length).toBeLessThanOrEqual(200)
  })

  test('without taking the others of its frame with it', () => {
    const trade = { ...FACTS, time: TIME, side: 'SELL' }
    const trades = [
      { ...trade, trade_id: '3' },
      { ...trade, trade_id: '2', side: 'UP' },
      null,
      { ...trade, trade_id: '1', product_id: 'a"b' },
      { ...trade, trade_id: '1' },
    ]
    const frame = { channel: 'market_trades', events: [{ trades: [] }, { trades }] }
    const decoded = decode(ADVANCED_DIALECT, frame)
    expect(decoded.kind).toBe('event')
    expect(decoded.trades.map(({ item, tradeId }) => [item, tradeId])).toEqual([
      [0, 3],
      [4, 1],
    ])
    expect(decoded.rejections.map(({ item, reason }) => [item, reason])).toEqual([
      [1, 'bad_side'],
      [2, 'malformed'],
      [3, 'bad_symbol'],
    ])
  })
})

describe('text that is no frame', () => {
  test.each([EXCHANGE_DIALECT, ADVANCED_DIALECT, REST_DIALECT])('is refused as %s', (dialect) => {
    for (const payload of ['', ' ', '{', 'NaN', '{"a":1}{', 'ping', '<html>']) {
      expect(reasons(decode(dialect, payload, { channel: 'trades' }))).toEqual(['not_json'])
    }
    expect(reasons(decode(dialect, Uint8Array.of(0xff, 0, 0x7b)))).toEqual(['not_json'])
    for (const payload of ['1', '"match"', 'null', 'true', '[1']) {
      expect(decode(dialect, payload, { channel: 'trades' }).kind).toBe('rejected')
    }
  })

  test('is refused by the feeds where it is JSON without a message', () => {
    for (const payload of ['{}', '[]', '{"__proto__":{"type":"match"}}']) {
      expect(decode(EXCHANGE_DIALECT, payload).kind).toBe('rejected')
      expect(decode(ADVANCED_DIALECT, payload).kind).toBe('rejected')
    }
  })

  test('is passed over in little time however deep it nests', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(reasons(decode(EXCHANGE_DIALECT, `{"type":"match","x":${deep}}`))).toEqual(['not_json'])
  })
})

describe('answers of REST', () => {
  const page = (channel: string, payload: unknown, status = 200) =>
    decode(REST_DIALECT, payload, {
      channel,
      symbol: 'BTC-USD',
      origin: 'rest',
      request: { url: `https://host/products/BTC-USD/${channel}?granularity=300`, status },
    })

  test('are control where they are errors in words, whatever the status', () => {
    for (const status of [200, 400, 404, 429, 500]) {
      expect(page('trades', { message: 'NotFound' }, status)).toMatchObject({ kind: 'control' })
    }
  })

  test('are refused where they are errors without words', () => {
    expect(reasons(page('trades', [], 500))).toEqual(['malformed'])
    expect(reasons(page('candles', { rows: [] }))).toEqual(['malformed'])
    expect(reasons(page('products', { message: 7 }))).toEqual(['malformed'])
  })

  test('are kept raw where nothing reads them', () => {
    expect(page('stats', { open: '1' }).kind).toBe('raw_only')
  })

  test('give candles of the width that was asked for', () => {
    const { candles } = page('candles', '[[1790689500,1,4,2,3,5]]')
    expect(candles).toMatchObject([
      { openTimeUs: 1_790_689_500_000_000, intervalUs: 300_000_000, low: '1', high: '4' },
    ])
  })

  test('give closed candles from five seconds after their end', () => {
    const closed = (receivedTimeUs: number) =>
      decode(REST_DIALECT, '[[1790689500,1,4,2,3,5]]', {
        channel: 'candles',
        symbol: 'BTC-USD',
        receivedTimeUs,
      }).candles.map((candle) => candle.closed)
    expect(closed(1_790_689_564_999_999)).toEqual([false])
    expect(closed(1_790_689_565_000_000)).toEqual([true])
  })

  test.each([
    ['malformed', '[1790689500,1,4,2,3]'],
    ['malformed', '[1790689500,1,4,2,3,5,6]'],
    ['malformed', '{"time":1790689500}'],
    ['malformed', '[1790689500,2,4,1,3,5]'],
    ['bad_time', '[-60,1,4,2,3,5]'],
    ['bad_time', '["now",1,4,2,3,5]'],
    ['bad_decimal', '[1790689500,1,4,2,null,5]'],
    ['bad_decimal', '[1790689500,1,4,2,3,1e400]'],
    ['not_positive', '[1790689500,0,4,2,3,5]'],
    ['not_positive', '[1790689500,1,4,2,3,-5]'],
    ['too_precise', '[1790689500,1,4,2,3,0.1234567890123456789]'],
  ])('refuse as %s the row %s', (reason, row) => {
    const { candles, rejections } = page('candles', `[${row},[1790689200,1,4,2,3,5]]`)
    expect(rejections).toMatchObject([{ item: 0, reason }])
    expect(candles).toMatchObject([{ item: 1 }])
  })
})
