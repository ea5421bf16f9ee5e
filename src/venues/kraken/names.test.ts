import { describe, expect, test } from 'vitest'
import { altnameOf, assetName, symbolOfPair } from './names.ts'

describe('the symbol of a pair', () => {
  test.each([
    ['BTC/USD', 'BTC/USD'],
    ['XBT/USD', 'BTC/USD'],
    ['XDG/XBT', 'DOGE/BTC'],
    ['XBTUSD', 'BTC/USD'],
    ['XXBTZUSD', 'BTC/USD'],
    ['XETHXXBT', 'ETH/BTC'],
    ['XXRPZEUR', 'XRP/EUR'],
    ['XXDGZUSD', 'DOGE/USD'],
    ['XBTUSDT', 'BTC/USDT'],
    ['USDTZUSD', 'USDT/USD'],
    ['ZEURZUSD', 'EUR/USD'],
    ['USDCUSDT', 'USDC/USDT'],
    ['SOLUSD', 'SOL/USD'],
    // A name that ends like a coded quote: what would be left is no coded asset.
    ['XTZUSD', 'XTZ/USD'],
    ['PENGUUSD', 'PENGU/USD'],
    ['1INCHEUR', '1INCH/EUR'],
  ])('%s is %s', (pair, symbol) => {
    expect(symbolOfPair(pair)).toBe(symbol)
  })

  test.each(['', 'USD', '/USD', 'BTC/', 'A/B/C', 'BTC USD', 'toString', `${'A'.repeat(70)}USD`])(
    'is not to be had of %j',
    (pair) => {
      expect(symbolOfPair(pair)).toBeNull()
    },
  )
})

test('REST is asked by the older names, without the slash', () => {
  expect(altnameOf('BTC/USD')).toBe('XBTUSD')
  expect(altnameOf('DOGE/BTC')).toBe('XDGXBT')
  expect(altnameOf('PENGU/USD')).toBe('PENGUUSD')
  expect(altnameOf('constructor/USD')).toBe('constructorUSD')
})

test('what REST is asked by leads back to the symbol', () => {
  for (const symbol of ['BTC/USD', 'ETH/BTC', 'DOGE/EUR', 'KSM/USD', 'USDT/USD', 'REKT/USD']) {
    expect(symbolOfPair(altnameOf(symbol))).toBe(symbol)
  }
})

test('an asset has one name, whichever of its names is given', () => {
  expect(['XXBT', 'XBT', 'BTC'].map(assetName)).toEqual(['BTC', 'BTC', 'BTC'])
  expect(['XXDG', 'XDG', 'ZUSD', 'SOL'].map(assetName)).toEqual(['DOGE', 'DOGE', 'USD', 'SOL'])
  // A new asset that merely looks like a coded one keeps its name.
  expect(assetName('ZETA')).toBe('ZETA')
})
