import { expect, test } from 'vitest'
import type { RawRecord } from '../market/record.ts'
import { rawElement, rawEvent } from './raw-event.ts'

function record(change: Partial<RawRecord> & { readonly payload: string }): RawRecord {
  // In the middle of a longer buffer, as readers give them.
  const bytes = Buffer.from(`{"data":${change.payload}}`)
  return {
    pos: 0,
    dialect: 'coinbase/exchange',
    channel: 'matches',
    symbol: 'BTC-USD',
    origin: 'ws',
    receivedTimeUs: 1_790_689_558_500_000,
    conn: 'c',
    frame: 0,
    request: null,
    form: 'json',
    bytes,
    start: 8,
    end: bytes.length - 1,
    ...change,
  }
}

const trade = (id: number) =>
  `{"trade_id":${id},"side":"sell","size":"0.10","price":"64000.010","time":"2026-09-29T13:45:58Z"}`

test('of a frame it is the whole frame, verbatim', () => {
  const payload =
    '{"type":"match","trade_id":7,"maker_order_id":"a{b","taker_order_id":"c","side":"buy",' +
    '"size":"0.5","price":"64000.01","product_id":"BTC-USD","sequence":9,' +
    '"time":"2026-09-29T13:45:58.500000Z"}'
  expect(rawEvent(record({ payload }), 0)).toBe(payload)
})

test('of a page it is the one element of its list', () => {
  const payload = `[${trade(9)}, ${trade(8)},${trade(7)}]`
  const page = { dialect: 'coinbase/rest', channel: 'trades', origin: 'rest' as const, payload }
  expect(rawEvent(record(page), 1)).toBe(trade(8))
  expect(rawEvent(record(page), 2)).toBe(trade(7))
})

test('of a file it is the line', () => {
  const payload = '1790689558000,64000,0.1,buy\n\n1790689559000,64001,0.2,sell\n'
  const block = record({
    payload,
    dialect: 'somewhere/csv',
    channel: 'trades',
    origin: 'import',
    form: 'text',
    request: {
      url: 'tape.csv',
      columns: { time: 'time:ms', price: 'price', size: 'size', side: 'side' },
      header: ['time', 'price', 'size', 'side'],
      firstLine: 1,
      file: 'ab'.repeat(32),
    },
  })
  expect(rawEvent(block, 1)).toBe('1790689559000,64001,0.2,sell')
})

test('where the trade is not found it is all there is', () => {
  expect(rawEvent(record({ payload: '{"type":"error"}' }), 0)).toBe('{"type":"error"}')
})

test('of a snapshot or a candle it is the element at its place, or the line', () => {
  const page = record({ payload: '[{"id":"a,[b"},  [1,"x]"] ,3]' })
  expect([0, 1, 2].map((item) => rawElement(page, item))).toEqual([
    '{"id":"a,[b"}',
    '[1,"x]"]',
    '3',
  ])
  expect(rawElement(page, 3)).toBe('[{"id":"a,[b"},  [1,"x]"] ,3]')
  const lines = Buffer.from('1,2\n3,4')
  const text = { form: 'text' as const, bytes: lines, start: 0, end: lines.length }
  expect(rawElement(record({ payload: '', ...text }), 1)).toBe('3,4')
  expect(rawElement(record({ payload: '{"prices":[]}' }), 1)).toBe('{"prices":[]}')
})
