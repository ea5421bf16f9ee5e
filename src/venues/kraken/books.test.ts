import { describe, expect, test } from 'vitest'
import { recordOf } from '../decoded.ts'
import { readBook } from '../read-book.ts'
import { books } from './books.ts'

const read = (text: string, dialect = 'kraken/v2') => readBook(books, recordOf(text, { dialect }))

const MESSAGE = { firstId: null, lastId: null, depth: null }

describe('books of Kraken, version 2', () => {
  test('are told in bare numbers whose digits are kept, an exponent too', () => {
    const frame =
      '{"channel":"book","type":"update","data":[{"symbol":"ETH/USD",' +
      '"bids":[{"price":0.0280,"qty":0.00000000}],' +
      '"asks":[{"qty":9.417e-05,"price":1873.590},{"price":1873.590,"qty":1}],' +
      '"checksum":2839908831,"timestamp":"2026-08-02T05:43:31.066741Z"}]}'
    expect(read(frame)).toEqual([
      {
        ...MESSAGE,
        symbol: 'ETH/USD',
        kind: 'update',
        checksum: 2_839_908_831,
        levels: ['bid 0.0280 0.00000000', 'ask 1873.590 9.417e-05', 'ask 1873.590 1'],
      },
    ])
  })

  test('begin with a snapshot, which in older recordings has no time', () => {
    const data = '[{"symbol":"A/USD","bids":[],"asks":[{"price":1,"qty":2}],"checksum":7}]'
    expect(read(`{"channel":"book","type":"snapshot","data":${data}}`)).toEqual([
      { ...MESSAGE, symbol: 'A/USD', kind: 'snapshot', checksum: 7, levels: ['ask 1 2'] },
    ])
  })

  test('are no acks, heartbeats or states of the engine', () => {
    expect(read('{"channel":"heartbeat"}')).toEqual([])
    expect(
      read('{"method":"subscribe","result":{"channel":"book","depth":10},"success":true}'),
    ).toEqual([])
  })

  test.each([
    ['no checksum', '{"symbol":"A/USD","bids":[],"asks":[]}'],
    ['a checksum of 33 bits', '{"symbol":"A/USD","bids":[],"asks":[],"checksum":4294967296}'],
    ['numbers as text', '{"symbol":"A/USD","bids":[{"price":"1","qty":1}],"asks":[],"checksum":1}'],
    ['a level without a size', '{"symbol":"A/USD","bids":[{"price":1}],"asks":[],"checksum":1}'],
    ['no asks', '{"symbol":"A/USD","bids":[],"checksum":1}'],
    ['no symbol', '{"bids":[],"asks":[],"checksum":1}'],
  ])('cannot be read with %s', (_, data) => {
    expect(read(`{"channel":"book","type":"update","data":[${data}]}`)).toBeNull()
  })
})

describe('books of Kraken, version 1', () => {
  const readV1 = (text: string) => read(text, 'kraken/v1')

  test('begin with both sides and no checksum', () => {
    const frame =
      '[320,{"as":[["39090.60000","0.00007039","1622714245.847093"]],' +
      '"bs":[["39071.40000","7.93106570","1622714255.963942","r"]]},"book-25","XBT/USD"]'
    expect(readV1(frame)).toEqual([
      {
        ...MESSAGE,
        symbol: 'BTC/USD',
        kind: 'snapshot',
        checksum: null,
        depth: 25,
        levels: ['ask 39090.60000 0.00007039', 'bid 39071.40000 7.93106570'],
      },
    ])
  })

  test('change in two objects, one after the other, of which the last has the checksum', () => {
    const frame =
      '[1920,{"a":[["0.042990","364630.28272081","1618678145.920470"]]},' +
      '{"b":[["0.042990","0.00000000","1618678145.920708"]],"c":"4105471083"},' +
      '"book-1000","SC/EUR"]'
    expect(readV1(frame)).toEqual([
      {
        ...MESSAGE,
        symbol: 'SC/EUR',
        kind: 'update',
        checksum: 4_105_471_083,
        depth: 1000,
        levels: ['ask 0.042990 364630.28272081', 'bid 0.042990 0.00000000'],
      },
    ])
  })

  test('may be empty at the beginning, and are no acks', () => {
    expect(readV1('[6304,{"as":[],"bs":[]},"book-25","PERP/EUR"]')).toMatchObject([{ levels: [] }])
    expect(readV1('{"event":"subscriptionStatus","channelName":"book-25"}')).toEqual([])
  })

  test.each([
    ['a change without a checksum', '[1,{"a":[["1","1","1"]]},"book-10","A/B"]'],
    ['a checksum that is none', '[1,{"a":[],"c":"12x"},"book-10","A/B"]'],
    ['a checksum of eleven digits', '[1,{"a":[],"c":"00000000001"},"book-10","A/B"]'],
    ['a checksum of 33 bits', '[1,{"a":[],"c":"4294967296"},"book-10","A/B"]'],
    ['a depth that is none', '[1,{"a":[],"c":"1"},"book-7","A/B"]'],
    ['no pair', '[1,{"a":[],"c":"1"},"book-10"]'],
    ['three parts', '[1,{"a":[]},{"b":[]},{"c":"1"},"book-10","A/B"]'],
  ])('cannot be read with %s', (_, frame) => {
    expect(readV1(frame)).toBeNull()
  })
})
