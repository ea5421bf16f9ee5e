import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Decimal } from './decimal.ts'
import {
  addDecimal,
  canonicalDecimal,
  compareDecimal,
  createDecimal,
  decimalText,
  divideDecimal,
  fitsDecimal,
  multiplyDecimal,
  parseDecimal,
  roundDecimal,
  subtractDecimal,
} from './decimal.ts'

/** Oracle: a value as a fraction over 10^120, which every operand here divides into. */
const ONE = 10n ** 120n

function units(decimal: Decimal): bigint {
  return (decimal.mantissa * ONE) / 10n ** BigInt(decimal.scale)
}

const mantissas = fc.oneof(
  fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
  fc
    .tuple(fc.bigInt({ min: -99n, max: 99n }), fc.integer({ min: 0, max: 30 }))
    .map(([m, zeros]) => m * 10n ** BigInt(zeros)),
)
const decimals = fc
  .tuple(mantissas, fc.integer({ min: 0, max: 30 }))
  .map(([mantissa, scale]) => createDecimal(mantissa, scale))

describe('parseDecimal', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['0e12', '0'],
    ['84149.24', '84149.24'],
    ['10.50', '10.5'],
    ['100', '100'],
    ['100.00', '100'],
    ['007.10', '7.1'],
    ['3.844E-5', '0.00003844'],
    ['1e-08', '0.00000001'],
    ['1E+2', '100'],
    ['-1.5e3', '-1500'],
    ['4.727521520000001', '4.727521520000001'],
    ['1e60', `1${'0'.repeat(60)}`],
    ['9'.repeat(60), '9'.repeat(60)],
  ])('reads %s as %s', (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical)
  })

  test.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '-',
    '.',
    '.5',
    '5.',
    '1.2.3',
    '1e',
    '1e+',
    'e5',
    '1e400',
    '1e-400',
    '1e61',
    '1e-61',
    '1e99999999999',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '1_000',
    '1,5',
    '--1',
    '٣',
    '9'.repeat(61),
    `0.${'0'.repeat(60)}1`,
    '1'.repeat(1_000_000),
  ])('refuses %j', (text) => {
    expect(parseDecimal(text)).toBeNull()
  })

  test('is undone by decimalText, whatever the number', () => {
    fc.assert(
      fc.property(decimals, (decimal) => {
        expect(parseDecimal(decimalText(decimal))).toEqual(decimal)
      }),
    )
  })

  test('reads every finite number of JSON as that number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const canonical = canonicalDecimal(JSON.stringify(number))
        if (Math.abs(number) < 1e40 && (number === 0 || Math.abs(number) > 1e-40)) {
          expect(canonical).not.toBeNull()
          expect(Number(canonical)).toBe(number === 0 ? 0 : number)
        }
      }),
    )
  })
})

describe('canonical form', () => {
  test('gives equal numbers equal parts', () => {
    fc.assert(
      fc.property(decimals, fc.integer({ min: 0, max: 25 }), (decimal, zeros) => {
        const padded = createDecimal(decimal.mantissa * 10n ** BigInt(zeros), decimal.scale + zeros)
        expect(padded).toEqual(decimal)
      }),
    )
  })

  test('has no exponent, padding or negative zero', () => {
    fc.assert(
      fc.property(decimals, (decimal) => {
        expect(decimalText(decimal)).toMatch(/^(0|-?(0\.[0-9]*[1-9]|[1-9][0-9]*(\.[0-9]*[1-9])?))$/)
      }),
    )
  })
})

describe('arithmetic', () => {
  test('adds, subtracts, multiplies and compares as whole numbers do', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(units(addDecimal(a, b))).toBe(units(a) + units(b))
        expect(units(subtractDecimal(a, b))).toBe(units(a) - units(b))
        expect(units(multiplyDecimal(a, b)) * ONE).toBe(units(a) * units(b))
        const order = units(a) < units(b) ? -1 : units(a) > units(b) ? 1 : 0
        expect(compareDecimal(a, b)).toBe(order)
      }),
    )
  })

  test('rounds to the nearest and ties to even', () => {
    const rounded = (text: string, scale: number) =>
      decimalText(roundDecimal(parseDecimal(text) as Decimal, scale))
    expect(['0.5', '1.5', '2.5', '-0.5', '-1.5', '-2.5', '2.51'].map((x) => rounded(x, 0))).toEqual(
      ['0', '2', '2', '0', '-2', '-2', '3'],
    )
    expect(rounded('0.125', 2)).toBe('0.12')
    expect(rounded('0.135', 2)).toBe('0.14')
    expect(rounded('9.995', 2)).toBe('10')
  })

  test('rounds by at most half of the last place, never to an odd neighbour on a tie', () => {
    fc.assert(
      fc.property(decimals, fc.integer({ min: 0, max: 30 }), (decimal, scale) => {
        const rounded = roundDecimal(decimal, scale)
        const step = ONE / 10n ** BigInt(scale)
        const off = units(rounded) - units(decimal)
        const distance = 2n * (off < 0n ? -off : off)
        expect(rounded.scale).toBeLessThanOrEqual(scale)
        expect(distance <= step).toBe(true)
        if (distance === step) expect((units(rounded) / step) % 2n).toBe(0n)
      }),
    )
  })

  test('divides to within half of the last place', () => {
    fc.assert(
      fc.property(decimals, decimals, fc.integer({ min: 0, max: 24 }), (a, b, scale) => {
        fc.pre(b.mantissa !== 0n)
        const quotient = divideDecimal(a, b, scale)
        const step = ONE / 10n ** BigInt(scale)
        // |q - a/b| * 2 <= step, multiplied through by b.
        const off = units(quotient) * units(b) - units(a) * ONE
        const distance = 2n * (off < 0n ? -off : off)
        const divisor = units(b) < 0n ? -units(b) : units(b)
        expect(distance <= step * divisor).toBe(true)
        if (distance === step * divisor) expect((units(quotient) / step) % 2n).toBe(0n)
      }),
    )
  })

  test('refuses to divide by zero', () => {
    expect(() => divideDecimal(createDecimal(1n, 0), createDecimal(0n, 0), 2)).toThrow(/divisor/)
  })
})

describe('fitsDecimal', () => {
  test.each([
    ['123.45', 5, 2, true],
    ['1234.5', 5, 2, false],
    ['123.456', 5, 2, false],
    ['-999.99', 5, 2, true],
    ['0', 5, 5, true],
    ['0.00001', 5, 5, true],
    ['1', 5, 5, false],
    [`${'9'.repeat(20)}.${'9'.repeat(18)}`, 38, 18, true],
    ['9'.repeat(21), 38, 18, false],
    ['0.0000000000000000001', 38, 18, false],
  ])('of %s in decimal(%i, %i) is %s', (text, digits, scale, fits) => {
    expect(fitsDecimal(parseDecimal(text) as Decimal, digits, scale)).toBe(fits)
  })
})
