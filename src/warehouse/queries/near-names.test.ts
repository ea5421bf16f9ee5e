import { expect, test } from 'vitest'
import { nearNames } from './near-names.ts'

const NAMES = ['coinbase:BTC-USD', 'coinbase:ETH-USD', 'kraken:XBT/USD', 'binance-us:BTCUSDT']

test('a slip is forgiven, with the venue or without, in any case', () => {
  expect(nearNames('btc-usf', NAMES)[0]).toBe('coinbase:BTC-USD')
  expect(nearNames('coinbse:BTC-USD', NAMES)[0]).toBe('coinbase:BTC-USD')
  expect(nearNames('BTCUSDTT', NAMES)[0]).toBe('binance-us:BTCUSDT')
})

test('what is like nothing is like nothing', () => {
  expect(nearNames('DOGECOIN-EUR', NAMES)).toEqual([])
  expect(nearNames('', NAMES)).toEqual([])
})

test('no more than five names are told, the nearest first', () => {
  const many = Array.from({ length: 30 }, (_, index) => `v:AAA-${index}`)
  expect(nearNames('AAA-3', many)).toHaveLength(5)
  expect(nearNames('AAA-3', many)[0]).toBe('v:AAA-3')
})
