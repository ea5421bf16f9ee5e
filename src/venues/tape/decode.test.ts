import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EventSink, Rejection, VenueCandle } from '../../market/event.ts'
import type { RawRecord, RecordRequest } from '../../market/record.ts'
import type { TradeSlot } from '../../market/trade.ts'
import { SIDES } from '../../market/trade.ts'
import { decodeTape } from './index.ts'

const FILE = 'ab'.repeat(32)
const COLUMNS = { trade_id: 'id', time: 'ts:us', price: 'price', size: 'amount', side: 'side' }
const HEADER = ['id', 'ts', 'price', 'amount', 'side']

interface Found {
  kind: string
  trades: (Pick<TradeSlot, 'item' | 'symbol' | 'tape' | 'tradeId' | 'eventTimeUs'> & {
    ids: string
    price: string
    size: string
    side: string
  })[]
  candles: VenueCandle[]
  rejections: Rejection[]
}

function decode(text: string | Uint8Array, over: Partial<RawRecord & RecordRequest> = {}): Found {
  const payload = typeof text === 'string' ? new TextEncoder().encode(text) : text
  // Around the payload stands what a decoder must not look at.
  const bytes = new Uint8Array(payload.length + 6).fill(34)
  bytes.set(payload, 3)
  const { columns = COLUMNS, header = HEADER, firstLine = 1, ...record } = over
  const found: Found = { kind: '', trades: [], candles: [], rejections: [] }
  const decoder = new TextDecoder()
  const sink: EventSink = {
    trade: (slot) =>
      found.trades.push({
        item: slot.item,
        symbol: slot.symbol,
        tape: slot.tape,
        tradeId: slot.tradeId,
        ids: `${slot.firstId}..${slot.lastId} (${slot.tradeCount})`,
        eventTimeUs: slot.eventTimeUs,
        price: decoder.decode(slot.bytes.subarray(slot.priceStart, slot.priceEnd)),
        size: decoder.decode(slot.bytes.subarray(slot.sizeStart, slot.sizeEnd)),
        side: SIDES[slot.side]!,
      }),
    candle: (candle) => found.candles.push(candle),
    witness: () => {},
    snapshot: () => {},
    listing: () => {},
    reject: (rejection) => found.rejections.push(rejection),
  }
  const jsonl = record.dialect?.endsWith('jsonl') === true
  const request = { url: 'tape.csv', columns, firstLine, file: FILE }
  found.kind = decodeTape(
    {
      pos: 0,
      dialect: 'any/csv',
      channel: 'trades',
      symbol: 'BTC-USD',
      origin: 'import',
      receivedTimeUs: 0,
      conn: 'import-1',
      frame: 0,
      form: 'text',
      ...record,
      request: jsonl ? request : { ...request, header },
      bytes,
      start: 3,
      end: 3 + payload.length,
    },
    sink,
  )
  return found
}

function reasons(found: Found): string[] {
  return found.rejections.map(({ item, reason, offset }) => `${item} ${reason} @${offset}`)
}

test('reads trades with their own ids, and leaves prices as they were written', () => {
  const found = decode(
    '7,1582329602111000,9682,0.132,buy\n8,1582329602116000,9682.10,3.844E-5,Sell',
  )
  expect(found.kind).toBe('event')
  expect(found.trades).toEqual([
    {
      item: 0,
      symbol: 'BTC-USD',
      tape: '',
      tradeId: 7,
      ids: '7..7 (1)',
      eventTimeUs: 1_582_329_602_111_000,
      price: '9682',
      size: '0.132',
      side: 'buy',
    },
    {
      item: 1,
      symbol: 'BTC-USD',
      tape: '',
      tradeId: 8,
      ids: '8..8 (1)',
      eventTimeUs: 1_582_329_602_116_000,
      price: '9682.10',
      size: '3.844E-5',
      side: 'sell',
    },
  ])
})

test('numbers the lines of a file without ids, equal lines and blank ones among them', () => {
  const columns = { time: 'c0', price: 'c1', size: 'c2' }
  const header = ['c0', 'c1', 'c2']
  const text = '1672533909,90,0.05\r\n\r\n1672533909,90,0.05\r\n'
  const { trades } = decode(text, { columns, header, firstLine: 1001 })
  expect(trades.map(({ tape, tradeId, side }) => [tape, tradeId, side])).toEqual([
    [FILE, 1001, 'unknown'],
    [FILE, 1002, 'unknown'],
  ])
})

test('refuses a line for what is wrong with it and keeps its neighbours', () => {
  const lines = [
    '1,1582329602111000,9682,1,buy',
    'x1,1582329602111000,9682,1,buy',
    '9007199254740993,1582329602111000,9682,1,buy',
    '2,soon,9682,1,buy',
    '3,1582329602111000,,1,buy',
    '4,1582329602111000,9682',
    '5,1582329602111000,9682,1,buy,more',
    '6,"1582329602111000,9682,1,buy',
    ',1582329602111000,9682,1,buy',
    '7,1582329602111000,9682,1,sideways',
  ]
  const found = decode(lines.join('\n'))
  expect(found.kind).toBe('event')
  expect(found.trades.map(({ item, side }) => [item, side])).toEqual([
    [0, 'buy'],
    [9, 'unknown'],
  ])
  expect(reasons(found)).toEqual([
    '1 bad_id @30',
    '2 bad_id @61',
    '3 bad_time @108',
    '4 missing_field @143',
    '5 missing_field @150',
    '6 malformed @204',
    '7 malformed @211',
    '8 missing_field @240',
  ])
  expect(found.rejections[2]?.detail).toBe('column "ts" "soon" is no time')
})

test('takes commas, quotes and line breaks in quotes; a stray quote costs one line', () => {
  const header = ['note', 'ts', 'price', 'amount']
  const columns = { time: 'ts', price: 'price', size: 'amount' }
  const text = [
    '"a, ""b""\nc", "1582329602", "9682" ,1',
    '"open,1582329602,9682,1',
    'x,1582329603,9683,1',
    '"shut"er,1582329602,9682,1',
    'y,1582329604,9684,1',
  ].join('\r\n')
  const found = decode(text, { header, columns })
  expect(found.trades.map(({ tradeId, price }) => [tradeId, price])).toEqual([
    [1, '9682'],
    [3, '9683'],
    [5, '9684'],
  ])
  expect(reasons(found)).toEqual(['1 malformed @39', '3 malformed @85'])
})

test('turns the side of a maker into that of the taker', () => {
  const side = (value: string, spec: string) =>
    decode(`1,1582329602,1,1,${value}`, { columns: { ...COLUMNS, time: 'ts', side: spec } })
      .trades[0]?.side
  expect(['buy', 'BUY', 'Sell', 's', 'B'].map((value) => side(value, 'side'))).toEqual([
    'buy',
    'buy',
    'sell',
    'sell',
    'buy',
  ])
  expect(
    ['true', 'False', '1', '0', 'buy', 'no'].map((value) => side(value, 'side:maker')),
  ).toEqual(['sell', 'buy', 'sell', 'buy', 'sell', 'unknown'])
})

test('reads aggregates by the span of their ids', () => {
  const header = ['a', 'p', 'q', 'f', 'l', 'T']
  const ids = { trade_id: 'a', first_id: 'f', last_id: 'l' }
  const columns = { ...ids, time: 'T', price: 'p', size: 'q' }
  const lines = [
    '9,1,2,100,102,1570752011620',
    '9,1,2,5,4,1570752011620',
    '9,1,2,5,1000005,1570752011620',
  ]
  const found = decode(lines.join('\n'), { header, columns })
  expect(found.trades).toMatchObject([{ ids: '100..102 (3)', tradeId: 100 }])
  expect(reasons(found)).toEqual(['1 bad_id @36', '2 bad_id @60'])
})

test('reads each line of a file of many symbols by its own', () => {
  const header = ['s', 'ts', 'p', 'q']
  const columns = { symbol: 's', time: 'ts', price: 'p', size: 'q' }
  const lines = ['BTC-USD', 'BTC-USD', 'ETH-USD', '', 'x'.repeat(65), 'a b', '"Ü/€"']
  const text = lines.map((symbol) => `${symbol},1582329602,1,1`).join('\n')
  const found = decode(text, { header, columns, symbol: null })
  const symbols = found.trades.map(({ symbol }) => symbol)
  expect(symbols).toEqual(['BTC-USD', 'BTC-USD', 'ETH-USD', 'Ü/€'])
  expect(found.rejections.map(({ reason }) => reason)).toEqual(Array(3).fill('bad_symbol'))
})

test('reads JSON Lines by key or by place, numbers by their digits', () => {
  const columns = { trade_id: 'a', time: 'T', price: 'p', size: 'q', side: 'm:maker' }
  const lines = [
    '{"a":1,"p":0.10000000000000000001,"q":"2","T":1570752011620,"m":true,"x":{"p":[9,"}"]}}',
    ' { "p" : 1 , "p" : 1e-8 , "q":"\\u0033", "a":"2", "T":1570752011620.5, "m":false } \r',
    '{"a":3,"p":null,"q":"2","T":1570752011620}',
    '{"a":4,',
    '[]',
    '"a"',
  ]
  const found = decode(lines.join('\n'), { dialect: 'any/jsonl', columns })
  const brief = found.trades.map(({ tradeId, price, size, side }) => [tradeId, price, size, side])
  expect(brief).toEqual([
    [1, '0.10000000000000000001', '2', 'sell'],
    [2, '1e-8', '3', 'buy'],
  ])
  expect(found.trades[1]?.eventTimeUs).toBe(1_570_752_011_620_500)
  expect(found.rejections.map(({ item, reason }) => `${item} ${reason}`)).toEqual([
    '2 missing_field',
    '3 not_json',
    '4 missing_field',
    '5 malformed',
  ])
  const places = { time: '2', price: 'c0', size: '1' }
  const array = decode('["90.1",0.5,1672531436.1,"b"]', { dialect: 'any/jsonl', columns: places })
  expect(array.trades[0]).toMatchObject({ price: '90.1', size: '0.5', tape: FILE, tradeId: 1 })
})

test('reads candles, canonical and closed', () => {
  const header = ['t', 'o', 'h', 'l', 'c', 'v', 'ct', 'n', 'k', 'b']
  const need = { open_time: 't', open: 'o', high: 'h', low: 'l', close: 'c', volume: 'v' }
  const columns = {
    ...need,
    close_time: 'ct',
    notional: 'n',
    trade_count: 'k',
    taker_buy_volume: 'b',
  }
  const lines = [
    '1582329660000,9681.930,9683.50,9666.66,9673.15,7E1,1582329719999,0685362.52798,176,',
    '1582329660000,1,1,1,1,1,1582333259999,1,1,1',
    '1582329660000,1,1,x,1,1,1582329719999,1,1,1',
    '1582329660000,1,1,1,1,,1582329719999,1,1,1',
    '1582329660000,1,1,1,1,1,1582329719999,1,1.5,1',
  ]
  const over = { dialect: 'any/klines', channel: 'candles_1m', header, columns }
  const found = decode(lines.join('\n'), over)
  expect(found.candles).toEqual([
    {
      item: 0,
      symbol: 'BTC-USD',
      openTimeUs: 1_582_329_660_000_000,
      intervalUs: 60_000_000,
      open: '9681.93',
      high: '9683.5',
      low: '9666.66',
      close: '9673.15',
      volume: '70',
      notional: '685362.52798',
      takerBuyVolume: null,
      vwap: null,
      tradeCount: 176,
      closed: true,
    },
  ])
  expect(found.rejections.map(({ reason }) => reason)).toEqual([
    'bad_time',
    'bad_decimal',
    'missing_field',
    'malformed',
  ])
})

test('refuses a record that does not say how to read it', () => {
  const columns = { time: 'when', price: 'price', size: 'amount' }
  expect(decode('1,2,3,4,5', { columns }).kind).toBe('rejected')
  expect(decode('1,2,3,4,5', { symbol: null }).rejections[0]?.detail).toBe('no symbol is given')
  expect(decode(' \n\n').kind).toBe('raw_only')
})

test('refuses a line that was cut at a mebibyte', () => {
  const found = decode(`1,1582329602111000,1,1,${'x'.repeat(1_048_576)}`)
  expect(found.rejections[0]).toMatchObject({ item: 0, reason: 'malformed', offset: 0 })
})

test('gives back what any CSV writer wrote', () => {
  const plain = fc.stringMatching(/^[^",\r\n]{0,12}$/)
  const note = fc.oneof(plain, fc.string({ unit: 'grapheme', maxLength: 12 }))
  const decimal = fc.stringMatching(/^[0-9]{1,9}(\.[0-9]{1,9})?([eE][+-]?[0-9])?$/)
  const line = fc.record({
    id: fc.nat(),
    ts: fc.integer({ min: 1e12, max: 2e12 }),
    price: decimal,
    size: decimal,
    side: fc.constantFrom('buy', 'sell'),
    note,
    quoted: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  })
  const newline = fc.constantFrom('\n', '\r\n')
  const header = [...HEADER, 'note']
  const columns = { ...COLUMNS, time: 'ts:ms' }
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), newline, fc.boolean(), (lines, end, last) => {
      const rows = lines.map(({ id, ts, price, size, side, note: text, quoted }) =>
        [`${id}`, `${ts}`, price, size, side, text]
          .map((value, at) => {
            // A lone carriage return is no line break to us; quoted, it is safe anyway.
            const must = quoted[at] === true || /[",\r\n]/.test(value) || value.trim() !== value
            return must ? `"${value.replaceAll('"', '""')}"` : value
          })
          .join(','),
      )
      const found = decode(rows.join(end) + (last ? end : ''), { header, columns })
      expect(found.rejections).toEqual([])
      const seen = found.trades.map((t) => [t.tradeId, t.eventTimeUs, t.price, t.size, t.side])
      const sent = lines.map((t) => [t.id, t.ts * 1000, t.price, t.size, t.side])
      expect(seen).toEqual(sent)
    }),
  )
})

test('answers for any bytes at all without throwing', () => {
  const dialect = fc.constantFrom('any/csv', 'any/jsonl')
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.constantFrom(...'{}[]",:\\\n 1aeE+-.n'), { maxLength: 60 })
      .map((chars) => new TextEncoder().encode(chars.join(''))),
    fc.json().map((text) => new TextEncoder().encode(text)),
  )
  fc.assert(
    fc.property(bytes, dialect, (payload, as) => {
      const { rejections, trades, kind } = decode(payload, { dialect: as })
      expect(kind === 'event').toBe(trades.length > 0)
      for (const { offset, detail } of rejections) {
        expect(offset >= 0 && offset <= payload.length && detail.length <= 200).toBe(true)
      }
    }),
  )
})
