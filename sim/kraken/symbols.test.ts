import { expect, test } from 'vitest'
import { resolveProducts } from '../market/catalogue.ts'
import { fixedText, numberText } from './numbers.ts'
import { pairNames } from './symbols.ts'
import { tradeNanos, tradeSeconds } from './trade-facts.ts'

test('a pair has four names, and only old pairs have a key that is not the altname', () => {
  const ids = ['BTC-USD', 'ETH-USD', 'BTC-USDT', 'DOGE-USD', 'SOL-USD', 'USDT-USD', 'ETH-BTC']
  const names = resolveProducts(ids).map(pairNames)
  expect(names.map(({ symbol, wsname }) => [symbol, wsname])).toEqual([
    ['BTC/USD', 'XBT/USD'],
    ['ETH/USD', 'ETH/USD'],
    ['BTC/USDT', 'XBT/USDT'],
    ['DOGE/USD', 'XDG/USD'],
    ['SOL/USD', 'SOL/USD'],
    ['USDT/USD', 'USDT/USD'],
    ['ETH/BTC', 'ETH/XBT'],
  ])
  expect(names.map(({ altname, key }) => [altname, key])).toEqual([
    ['XBTUSD', 'XXBTZUSD'],
    ['ETHUSD', 'XETHZUSD'],
    ['XBTUSDT', 'XBTUSDT'],
    ['XDGUSD', 'XDGUSD'],
    ['SOLUSD', 'SOLUSD'],
    ['USDTUSD', 'USDTZUSD'],
    ['ETHXBT', 'XETHXXBT'],
  ])
})

test.each([
  ['0.00009417', '9.417e-05'],
  ['0.00000001', '1e-08'],
  ['0.0000000012', '1.2e-09'],
  ['0.0001', '0.0001'],
  ['0.00009999', '9.999e-05'],
  ['40', '40.0'],
  ['63348.4', '63348.4'],
  ['0', '0.0'],
])('%s is the JSON number %s', (canonical, text) => {
  expect(numberText(canonical)).toBe(text)
  expect(Number(text)).toBe(Number(canonical))
})

test('a fixed number keeps its zeros', () => {
  expect(fixedText('45285.2', 1)).toBe('45285.2')
  expect(fixedText('0.001', 8)).toBe('0.00100000')
  expect(fixedText('105433.6', 5)).toBe('105433.60000')
  expect(fixedText('12', 0)).toBe('12')
})

test('a trade has nanoseconds of its own that agree with its microsecond', () => {
  for (const timeUs of [1_762_820_035_982_277, 1_762_820_035_000_000, 1_762_820_035_982_278]) {
    const nanos = tradeNanos(timeUs)
    expect(nanos / 1000n).toBe(BigInt(timeUs))
    const [whole, fraction = ''] = tradeSeconds(timeUs).split('.')
    expect(`${whole}${fraction.padEnd(7, '0')}`).toBe(String(nanos / 100n))
  }
})
