import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDecimal,
  addDecimalToSum,
  compareDecimal,
  createDecimal,
  createSum,
  type Decimal,
  decimalText,
} from './decimal.ts'
import { addTextToSum, compareDecimalText, exactDecimal, sumText } from './decimal-text.ts'

const DECIMALS = fc
  .tuple(fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }), fc.integer({ min: 0, max: 24 }))
  .map(([mantissa, scale]) => createDecimal(mantissa, scale))
const SHORT = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 16n }), fc.integer({ min: 0, max: 12 }))
  .map(([mantissa, scale]) => createDecimal(mantissa, scale))
const ANY = fc.oneof(SHORT, DECIMALS)

describe('decimal text', () => {
  test('adds up to the same as decimals do, of any length and sign', () => {
    fc.assert(
      fc.property(fc.array(ANY, { maxLength: 40 }), (decimals) => {
        const sum = createSum()
        for (const decimal of decimals) addTextToSum(sum, decimalText(decimal))
        const total = decimals.reduce<Decimal>(addDecimal, createDecimal(0n, 0))
        expect(sumText(sum)).toBe(decimalText(total))
      }),
    )
  })

  test.each([
    ['9007199254740993', '9007199254740993'],
    ['999999999999999', '999999999999999'],
    ['99999999999999.9', '99999999999999.9'],
    ['-0.5', '-0.5'],
    ['3.844E-5', '0.00003844'],
    ['1.50', '1.5'],
    ['0.0', '0'],
  ])('%s is added as %s', (text, wanted) => {
    const sum = createSum()
    addTextToSum(sum, text)
    expect(sumText(sum)).toBe(wanted)
  })

  test.each(['', '.', '1.', '.5', '1.2.3', 'x', '1,5', ' 1', 'NaN'])('%j is none', (text) => {
    expect(() => addTextToSum(createSum(), text)).toThrow('decimal text')
    expect(() => exactDecimal(text)).toThrow('decimal text')
  })

  test('is ordered as its values are', () => {
    fc.assert(
      fc.property(ANY, ANY, (a, b) => {
        expect(compareDecimalText(decimalText(a), decimalText(b))).toBe(compareDecimal(a, b))
      }),
    )
    const order = ['-10.5', '-9', '0', '0.09', '0.1', '9', '9.45', '9.5', '10', '10.01']
    const mixed = [...order].reverse()
    expect(mixed.sort(compareDecimalText)).toEqual(order)
  })

  test('of a sum is canonical, however its digits came to be', () => {
    const sum = createSum()
    for (const text of ['0.25', '0.75', '99']) addTextToSum(sum, text)
    expect(sumText(sum)).toBe('100')
    addDecimalToSum(sum, createDecimal(-100n, 0))
    expect(sumText(sum)).toBe('0')
  })
})
