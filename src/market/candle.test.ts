import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Candle } from './candle.ts'
import { checkCandle, vwapText } from './candle.ts'
import {
  addDecimalToSum,
  compareDecimal,
  createDecimal,
  createSum,
  decimalText,
  multiplyDecimal,
  sumDecimal,
} from './decimal.ts'

const TRADED: Candle = {
  open_time: '2026-09-29T13:45:00.000Z',
  open: '10',
  high: '12',
  low: '9.5',
  close: '11',
  volume: '3',
  notional: '32',
  vwap: '10.666666666666666667',
  trade_count: 4,
  taker_buy_volume: '1.5',
  status: 'traded',
  complete: true,
  revision: 0,
}

const EMPTY: Candle = {
  ...TRADED,
  open: null,
  high: null,
  low: null,
  close: null,
  vwap: null,
  volume: '0',
  notional: '0',
  trade_count: 0,
  taker_buy_volume: '0',
  status: 'no_trades',
}

describe('vwapText', () => {
  test('rounds half-even to eighteen decimals', () => {
    expect(vwapText('32', '3')).toBe('10.666666666666666667')
    expect(vwapText('1', '3')).toBe('0.333333333333333333')
    expect(vwapText('0.0000000000000000005', '1')).toBe('0')
    expect(vwapText('0.0000000000000000015', '1')).toBe('0.000000000000000002')
  })

  test('is null without volume, or without notional', () => {
    expect(vwapText('0', '0')).toBeNull()
    expect(vwapText(null, '1')).toBeNull()
  })
})

describe('checkCandle', () => {
  test('finds nothing wrong with sound candles', () => {
    expect(checkCandle(TRADED)).toEqual([])
    expect(checkCandle(EMPTY)).toEqual([])
    const venues = { notional: null, vwap: null, trade_count: null, taker_buy_volume: null }
    expect(checkCandle({ ...TRADED, ...venues })).toEqual([])
  })

  test.each<[string, Partial<Candle>]>([
    ['low exceeds high', { low: '13', high: '12' }],
    ['open is outside', { open: '12.5' }],
    ['close is outside', { close: '9' }],
    ['open is not a decimal above 0', { open: '0' }],
    ['high is not canonical', { high: '12.0' }],
    ['volume is not a decimal of at least 0', { volume: '-3' }],
    ['taker_buy_volume exceeds volume', { taker_buy_volume: '3.1' }],
    ['vwap is not notional / volume', { vwap: '10.6' }],
    ['vwap is outside', { notional: '60', vwap: '20' }],
    ['a traded candle counts no trade', { trade_count: 0 }],
    ['trade_count is not a whole number', { trade_count: 1.5 }],
    ['revision is not a whole number', { revision: -1 }],
    ['open_time is not RFC 3339', { open_time: 'yesterday' }],
    ['a candle without trades has prices', { status: 'unknown' }],
  ])('says that %s', (breach, change) => {
    expect(checkCandle({ ...TRADED, ...change })).toContain(breach)
  })

  test.each<[string, Partial<Candle>]>([
    ['a candle without trades counts some', { trade_count: 1 }],
    ['a candle without trades has volume', { volume: '1' }],
    ['a candle without trades has notional', { notional: '1' }],
    ['a candle without trades has prices', { vwap: '1' }],
  ])('says of an empty one that %s', (breach, change) => {
    expect(checkCandle({ ...EMPTY, ...change })).toEqual([breach])
  })

  test('holds for every candle folded from trades', () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: 1n, max: 10n ** 15n }), fc.integer({ min: 0, max: 12 }))
      .map(([mantissa, scale]) => createDecimal(mantissa, scale))
    const trades = fc.array(fc.record({ price: decimal, size: decimal, buy: fc.boolean() }), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(trades, (list) => {
        const [volume, notional, bought] = [createSum(), createSum(), createSum()]
        for (const { price, size, buy } of list) {
          addDecimalToSum(volume, size)
          addDecimalToSum(notional, multiplyDecimal(price, size))
          if (buy) addDecimalToSum(bought, size)
        }
        const prices = list.map((trade) => trade.price)
        const sorted = prices.toSorted(compareDecimal).map(decimalText)
        const sums = [volume, notional, bought].map((sum) => decimalText(sumDecimal(sum)))
        const [volumeText = '', notionalText = '', boughtText = ''] = sums
        const candle: Candle = {
          ...TRADED,
          open: decimalText(prices[0] as never),
          high: sorted.at(-1) ?? null,
          low: sorted[0] ?? null,
          close: decimalText(prices.at(-1) as never),
          volume: volumeText,
          notional: notionalText,
          vwap: vwapText(notionalText, volumeText),
          trade_count: list.length,
          taker_buy_volume: boughtText,
        }
        expect(checkCandle(candle)).toEqual([])
      }),
    )
  })
})
