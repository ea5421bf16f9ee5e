import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalDecimal } from '../market/decimal.ts'
import type { VenueCandle } from '../market/event.ts'
import { createTradeSlot } from '../market/trade.ts'
import { TradeColumns } from '../market/trade-columns.ts'
import { admitTrade, roundSums, weighCandle } from './validate.ts'

const RECEIVED_US = 1_790_000_000_000_000

/** Admits one trade and tells its canonical price and size, or why it was refused. */
function admit(price: string, size: string, eventTimeUs = RECEIVED_US): string {
  const columns = new TradeColumns(2)
  const slot = createTradeSlot()
  slot.eventTimeUs = eventTimeUs
  slot.bytes = new TextEncoder().encode(`${price} ${size}`)
  slot.priceStart = 0
  slot.priceEnd = price.length
  slot.sizeStart = price.length + 1
  slot.sizeEnd = slot.bytes.length
  const refusal = admitTrade(columns, slot, RECEIVED_US)
  if (refusal !== null) return refusal.reason
  const text = Buffer.from(columns.text).toString('latin1')
  const [start, middle, end] = [columns.priceStart[0], columns.priceEnd[0], columns.sizeEnd[0]]
  return `${text.slice(start, middle)} x ${text.slice(middle, end)}`
}

describe('admitting a trade', () => {
  test.each([
    ['1e400', 'bad_decimal'],
    ['NaN', 'bad_decimal'],
    ['Infinity', 'bad_decimal'],
    ['', 'bad_decimal'],
    ['.', 'bad_decimal'],
    ['1.', 'bad_decimal'],
    ['+1', 'bad_decimal'],
    ['0x10', 'bad_decimal'],
    ['1,000', 'bad_decimal'],
    ['1 ', 'bad_decimal'],
    ['-1.5', 'not_positive'],
    ['-0', 'not_positive'],
    ['0', 'not_positive'],
    ['0.000', 'not_positive'],
    ['0e5', 'not_positive'],
    ['1'.repeat(39), 'too_precise'],
    ['9'.repeat(21), 'too_precise'],
    ['0.0000000000000000001', 'too_precise'],
    ['1e-19', 'too_precise'],
    ['9'.repeat(4000), 'bad_decimal'],
  ])('refuses %s as a price or a size', (text, reason) => {
    expect(admit(text, '1')).toBe(reason)
    expect(admit('1', text)).toBe(reason)
  })

  test.each([
    ['1.10', '0.50', '1.1 x 0.5'],
    ['007', '10.', 'bad_decimal'],
    ['0007.50', '1', '7.5 x 1'],
    ['100', '1000.000', '100 x 1000'],
    ['3.844E-5', '1e3', '0.00003844 x 1000'],
    ['0.000000000000000001', '123456', '0.000000000000000001 x 123456'],
    [`${'9'.repeat(20)}.${'9'.repeat(18)}`, '1', `${'9'.repeat(20)}.${'9'.repeat(18)} x 1`],
  ])('writes %s x %s canonically', (price, size, written) => {
    expect(admit(price, size)).toBe(written)
  })

  test('refuses a product of more than 24 decimals, however each is written', () => {
    expect(admit('1.000000000001', '1.000000000001')).toBe('1.000000000001 x 1.000000000001')
    expect(admit('1.000000000001', '1.0000000000001')).toBe('too_precise')
    expect(admit('1234567890123456.000000000001', '1.0000000000001')).toBe('too_precise')
    // What counts is the value, not the padding.
    expect(admit('1.50000000000000000', '1.50000000000000000')).toBe('1.5 x 1.5')
  })

  test('refuses a product that no notional holds: more than 26 digits before the point', () => {
    expect(admit('1'.repeat(13), '9'.repeat(13))).toBe(`${'1'.repeat(13)} x ${'9'.repeat(13)}`)
    expect(admit('9'.repeat(14), '9'.repeat(14))).toBe('too_precise')
    expect(admit('9'.repeat(20), '9'.repeat(7))).toBe('too_precise')
    expect(admit(`${'9'.repeat(14)}.5`, `1.${'5'.repeat(14)}`)).toContain(' x ')
  })

  test.each([
    [RECEIVED_US + 60_000_000, '1 x 1'],
    [RECEIVED_US + 60_000_001, 'time_implausible'],
    [1_230_940_800_000_000, '1 x 1'],
    [1_230_940_799_999_999, 'time_implausible'],
    [0, 'time_implausible'],
    [Number.NaN, 'time_implausible'],
  ])('weighs the time %d against its receipt', (timeUs, answer) => {
    expect(admit('1', '1', timeUs)).toBe(answer)
  })

  test('writes what the house’s decimals write, for any text that it admits', () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`))
    const text = fc.oneof(
      digits(20),
      fc.tuple(digits(18), digits(12)).map(([whole, part]) => `${whole}.${part}`),
      fc.tuple(digits(6), fc.integer({ min: -9, max: 9 })).map(([a, e]) => `${a}e${e}`),
    )
    fc.assert(
      fc.property(text, text, (price, size) => {
        const answer = admit(price, size)
        if (!answer.includes(' x ')) {
          expect(['not_positive', 'too_precise']).toContain(answer)
          return
        }
        expect(answer).toBe(`${canonicalDecimal(price)} x ${canonicalDecimal(size)}`)
      }),
    )
  })
})

describe('weighing a candle', () => {
  const plain = { open: '2', high: '2', low: '2', close: '2', volume: '1', vwap: null }
  const sums = { notional: null, takerBuyVolume: null }
  const openTimeUs = RECEIVED_US - (RECEIVED_US % 60_000_000)
  const weigh = (fields: Partial<VenueCandle>) => {
    const candle = { ...plain, ...sums, openTimeUs, ...fields } as VenueCandle
    return weighCandle(candle, RECEIVED_US)?.reason ?? 'taken'
  }

  test.each([
    ['1', 'taken', 'taken'],
    ['0.5', 'taken', 'taken'],
    ['0.00001041827', 'taken', 'taken'],
    ['0.0000000000000001', 'taken', 'taken'],
    ['0.000000000000000001', 'taken', 'taken'],
    ['0.0000000000000000001', 'too_precise', 'too_precise'],
    ['9'.repeat(20), 'taken', 'taken'],
    ['9'.repeat(21), 'too_precise', 'too_precise'],
    ['0', 'not_positive', 'taken'],
    ['0.000', 'not_positive', 'taken'],
    ['-1', 'not_positive', 'not_positive'],
    ['1.', 'bad_decimal', 'bad_decimal'],
    ['0.', 'bad_decimal', 'bad_decimal'],
    ['.5', 'bad_decimal', 'bad_decimal'],
    ['1.2.3', 'bad_decimal', 'bad_decimal'],
    ['1\n', 'bad_decimal', 'bad_decimal'],
    ['', 'bad_decimal', 'bad_decimal'],
  ])('answers of %j as a price: %s, and as a volume: %s', (text, price, volume) => {
    expect(weigh({ close: text })).toBe(price)
    expect(weigh({ vwap: text })).toBe(price)
    expect(weigh({ volume: text })).toBe(volume)
  })
})

test('the sums of a candle are rounded half-even to the decimals of their columns', () => {
  const candle = { volume: '0.0038773799999999997', notional: '1.5', takerBuyVolume: null }
  const rounded = roundSums(candle as VenueCandle)
  expect(rounded).toMatchObject({ volume: '0.00387738', notional: '1.5', takerBuyVolume: null })
  const sums = (volume: string) => roundSums({ ...candle, volume } as VenueCandle).volume
  expect(sums('0.0000000000000000005')).toBe('0')
  expect(sums('0.0000000000000000015')).toBe('0.000000000000000002')
  expect(sums('no decimal, and longer than eighteen')).toBe('no decimal, and longer than eighteen')
})
