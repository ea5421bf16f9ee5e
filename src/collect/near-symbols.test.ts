import { expect, test } from 'vitest'
import { nearSymbols } from './near-symbols.ts'

const SYMBOLS = ['BTC-USD', 'BTC-EUR', 'ETH-USD', 'ETH-BTC', 'SOL-USD', 'DOGE-USD']

test('separators and case are no difference', () => {
  expect(nearSymbols('btcusd', SYMBOLS, 5)[0]).toBe('BTC-USD')
})

test('a mistyped letter is forgiven', () => {
  expect(nearSymbols('BTV-USD', SYMBOLS, 1)).toEqual(['BTC-USD'])
})

test('a base alone names its pairs', () => {
  expect(nearSymbols('ETH', SYMBOLS, 5)).toEqual(['ETH-BTC', 'ETH-USD'])
})

test('nothing is near to what is nothing like it, however long', () => {
  expect(nearSymbols('XYZW-FOO', SYMBOLS, 5)).toEqual([])
  expect(nearSymbols('', SYMBOLS, 5)).toEqual([])
  expect(nearSymbols('A'.repeat(1_000_000), SYMBOLS, 5)).toEqual([])
})
