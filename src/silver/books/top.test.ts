import { describe, expect, test } from 'vitest'
import { createRandom } from '../../core/random.ts'
import { decimalText, parseDecimal } from '../../market/decimal.ts'
import { summarize } from './top.ts'

describe('a summary of a book', () => {
  test('tells the best levels, depth, spread, imbalance and microprice exactly', () => {
    const bids = { prices: [100, 99.5], sizes: [1, 2.5] }
    const asks = { prices: [100.1, 101], sizes: [2, '12345678901234567.5'] }
    expect(summarize(bids, asks, 7)).toEqual({
      bid: '100',
      bid_size: '1',
      ask: '100.1',
      ask_size: '2',
      bid_depth: '3.5',
      ask_depth: '12345678901234569.5',
      spread: '0.1',
      imbalance: '-0.333333333333333333',
      microprice: '100.033333333333333333',
      updates: 7,
    })
  })

  test('leaves open what an empty side leaves open', () => {
    expect(summarize({ prices: [], sizes: [] }, { prices: [1e-9], sizes: [3] }, 1)).toEqual({
      bid: null,
      bid_size: null,
      ask: '0.000000001',
      ask_size: '3',
      bid_depth: '0',
      ask_depth: '3',
      spread: null,
      imbalance: null,
      microprice: null,
      updates: 1,
    })
  })

  test('gives back every decimal of up to 15 digits and 18 places as it was', () => {
    const random = createRandom(7)
    for (let step = 0; step < 5000; step += 1) {
      const mantissa = random.int(1, 10 ** random.int(1, 15) - 1)
      const scale = random.int(0, 18)
      const price = mantissa / 10 ** scale
      const text = decimalText(parseDecimal(`${mantissa}e-${scale}`)!)
      const side = { prices: [price], sizes: [price] }
      expect(summarize(side, { prices: [], sizes: [] }, 1)).toMatchObject({
        bid: text,
        bid_size: text,
      })
    }
  })
})
