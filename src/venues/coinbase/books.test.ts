import { describe, expect, test } from 'vitest'
import { recordOf } from '../decoded.ts'
import { readBook } from '../read-book.ts'
import { books } from './books.ts'

const read = (payload: unknown) =>
  readBook(books, recordOf(JSON.stringify(payload), { dialect: 'coinbase/exchange' }))

const MESSAGE = { symbol: 'BTC-USD', firstId: null, lastId: null, checksum: null, depth: null }

describe('books of Coinbase', () => {
  test('begin with every level there is', () => {
    const payload = {
      type: 'snapshot',
      product_id: 'BTC-USD',
      bids: [
        ['84138.41', '0.02880000'],
        ['84138.40', '1'],
      ],
      asks: [['84146.91', '0.00949200']],
      time: '2026-08-02T05:43:31.066741Z',
    }
    const levels = ['bid 84138.41 0.02880000', 'bid 84138.40 1', 'ask 84146.91 0.00949200']
    expect(read(payload)).toEqual([{ ...MESSAGE, kind: 'snapshot', levels }])
    const { time: _, ...without } = payload
    expect(read(without)).toEqual(read(payload))
  })

  test('go on with changes in the order sent, buys as bids and sells as asks', () => {
    const payload = {
      type: 'l2update',
      product_id: 'BTC-USD',
      changes: [
        ['buy', '84138.41', '0.00000000'],
        ['sell', '84146.91', '2.5'],
        ['buy', '84138.41', '1'],
      ],
      time: '2026-08-02T05:43:31.066741Z',
    }
    const levels = ['bid 84138.41 0.00000000', 'ask 84146.91 2.5', 'bid 84138.41 1']
    expect(read(payload)).toEqual([{ ...MESSAGE, kind: 'update', levels }])
  })

  test("are read where the venue's time is the zero value of its language", () => {
    const time = '0001-01-01T00:00:00.000000Z'
    const changes = [['buy', '1', '1']]
    expect(read({ type: 'l2update', product_id: 'BTC-USD', changes, time })).toHaveLength(1)
  })

  test('are no other frames', () => {
    expect(read({ type: 'match', trade_id: 1 })).toEqual([])
    expect(read({ type: 'subscriptions', channels: [] })).toEqual([])
  })

  test.each([
    ['no object', []],
    ['no type', { product_id: 'BTC-USD' }],
    ['no product', { type: 'l2update', changes: [] }],
    ['no changes', { type: 'l2update', product_id: 'BTC-USD' }],
    ['a side that is none', { type: 'l2update', product_id: 'B-U', changes: [['bid', '1', '1']] }],
    ['no asks', { type: 'snapshot', product_id: 'B-U', bids: [] }],
    ['a level cut short', { type: 'l2update', product_id: 'B-U', changes: [['buy', '1']] }],
    ['a level that is none', { type: 'snapshot', product_id: 'B-U', bids: ['1'], asks: [] }],
  ])('cannot be read with %s', (_, payload) => {
    expect(read(payload)).toBeNull()
  })

  test('cannot be read from what is not JSON', () => {
    const record = recordOf('{"type":"l2update","product_id"', { dialect: 'coinbase/exchange' })
    expect(readBook(books, record)).toBeNull()
  })
})
