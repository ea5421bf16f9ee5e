import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CandlePart, foldCandles } from './fold-candles.ts'

/** A candle part of whole numbers, which a test can add and compare without decimals. */
const numbers = fc.record({
  prices: fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 6 }),
  volume: fc.integer({ min: 1, max: 1000 }),
  complete: fc.boolean(),
})

function partOf(
  at: { prices: readonly number[]; volume: number; complete: boolean },
  index: number,
): CandlePart {
  const { prices, volume } = at
  return {
    open_time_us: index,
    open: String(prices[0]),
    high: String(Math.max(...prices)),
    low: String(Math.min(...prices)),
    close: String(prices.at(-1)),
    volume: String(volume),
    notional: String(volume * 3),
    taker_buy_volume: String(volume - 1),
    trade_count: prices.length,
    status: 'traded',
    complete: at.complete ? 1 : 0,
    repaired: 0,
    minutes_traded: 1,
    minutes_known: 1,
  }
}

const quiet: CandlePart = {
  open_time_us: 0,
  open: null,
  high: null,
  low: null,
  close: null,
  volume: '0',
  notional: '0',
  taker_buy_volume: '0',
  trade_count: 0,
  status: 'no_trades',
  complete: 1,
  repaired: 0,
  minutes_traded: 0,
  minutes_known: 1,
}

describe('folding candles', () => {
  test('adds up sums, opens with the first and closes with the last, high above, low below', () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 20 }), (list) => {
        const folded = foldCandles(list.map(partOf), list.length)
        const prices = list.flatMap((one) => one.prices)
        const sum = list.reduce((total, one) => total + one.volume, 0)
        expect(folded).toMatchObject({
          open: String(prices[0]),
          high: String(Math.max(...prices)),
          low: String(Math.min(...prices)),
          close: String(prices.at(-1)),
          volume: String(sum),
          notional: String(sum * 3),
          taker_buy_volume: String(sum - list.length),
          trade_count: prices.length,
          minutes_traded: list.length,
          complete: list.every((one) => one.complete) ? 1 : 0,
        })
      }),
    )
  })

  test('is the same in one step or in two', () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 4, maxLength: 4 }), (list) => {
        const parts = list.map(partOf)
        const halves = [parts.slice(0, 2), parts.slice(2)].map((half, index) => ({
          open_time_us: index,
          ...foldCandles(half, 2),
        }))
        expect(foldCandles(halves, 2)).toEqual(foldCandles(parts, 4))
      }),
    )
  })

  test('passes over quiet parts for prices, and keeps them for completeness', () => {
    const traded = partOf({ prices: [5], volume: 2, complete: true }, 1)
    const folded = foldCandles([quiet, traded, quiet], 3)
    expect(folded).toMatchObject({ open: '5', close: '5', volume: '2', complete: 1 })
    expect(folded).toMatchObject({ minutes_traded: 1, minutes_known: 3 })
    expect(foldCandles([quiet, traded], 3).complete).toBe(0)
  })

  test('has no price and a typed absence where nothing traded', () => {
    expect(foldCandles([quiet, quiet], 2)).toMatchObject({
      open: null,
      volume: '0',
      status: 'no_trades',
      complete: 1,
    })
    const unknown: CandlePart = { ...quiet, status: 'unknown', complete: 0 }
    const down: CandlePart = { ...quiet, status: 'venue_down', complete: 0 }
    expect(foldCandles([quiet, unknown], 2).status).toBe('unknown')
    expect(foldCandles([quiet], 2).status).toBe('unknown')
    expect(foldCandles([down, down], 2).status).toBe('venue_down')
    expect(foldCandles([down, quiet], 2).status).toBe('no_trades')
  })

  test('does not add up what a venue’s own candle leaves out', () => {
    const traded = partOf({ prices: [5], volume: 2, complete: true }, 0)
    const venues: CandlePart = { ...traded, notional: null, trade_count: null }
    const folded = foldCandles([traded, venues], 2)
    expect(folded).toMatchObject({ volume: '4', notional: null, trade_count: null })
  })
})
