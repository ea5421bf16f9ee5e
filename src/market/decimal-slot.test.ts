import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalDecimal, decimalText, parseDecimal } from './decimal.ts'
import {
  copyDecimal,
  createDecimalSlot,
  readDecimal,
  SLOT_DIGITS_MAX,
  scaledText,
} from './decimal-slot.ts'

const encoder = new TextEncoder()

/** Reads text out of the middle of a longer buffer, as decoders do. */
function read(text: string) {
  const bytes = encoder.encode(`7${text}7`)
  const slot = createDecimalSlot()
  const could = readDecimal(bytes, 1, bytes.length - 1, slot)
  return could ? slot : null
}

test.each([
  ['0', 0, 0, 0],
  ['-0', 0, 0, 0],
  ['0.000', 0, 0, 0],
  ['84149.24', 8414924, 2, 7],
  ['0.00000021', 21, 8, 2],
  ['-1.50', -15, 1, 2],
  ['100.00', 100, 0, 3],
  ['100', 100, 0, 3],
  ['000123.0450', 123045, 3, 6],
  ['999999999999999', 999999999999999, 0, 15],
  ['0.00000000000123456789012345', 123456789012345, 26, 15],
])('reads %s', (text, mantissa, scale, digits) => {
  expect(read(text)).toEqual({ mantissa, scale, digits })
})

test.each(['', '-', '.', '1.', '.1', '1e5', '1E5', '1.2.3', '+1', ' 1', '1 ', 'NaN', '1-', '--1'])(
  'leaves %j to the caller',
  (text) => {
    expect(read(text)).toBeNull()
  },
)

test('leaves more than fifteen significant digits to the caller', () => {
  expect(read('1234567890123456')).toBeNull()
  expect(read('12345678.90123456')).toBeNull()
  expect(read('1'.repeat(1_000_000))).toBeNull()
})

test('never makes a negative zero', () => {
  expect(Object.is(read('-0.00')?.mantissa, 0)).toBe(true)
})

const digitsOf = (max: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map((d) => d.join(''))
const plain = fc
  .tuple(fc.boolean(), digitsOf(18), fc.option(digitsOf(18)))
  .map(([minus, whole, part]) => `${minus ? '-' : ''}${whole}${part === null ? '' : `.${part}`}`)

test('agrees with parseDecimal on plain text, and takes all of up to fifteen digits', () => {
  fc.assert(
    fc.property(plain, (text) => {
      const slot = read(text)
      const decimal = parseDecimal(text)
      const significant = decimal === null ? 0 : decimalText(decimal).replace(/^-?0?\.?0*|\./g, '')
      if (slot === null) {
        expect(String(significant).length).toBeGreaterThan(SLOT_DIGITS_MAX)
      } else {
        expect({ mantissa: BigInt(slot.mantissa), scale: slot.scale }).toEqual(decimal)
        expect(scaledText(slot.mantissa, slot.scale)).toBe(decimalText(decimal as never))
      }
    }),
    { numRuns: 2000 },
  )
})

test('never reads what parseDecimal refuses', () => {
  const junk = fc.string({ unit: fc.constantFrom(...'0123456789.-+eE "'), maxLength: 12 })
  fc.assert(
    fc.property(junk, (text) => {
      const slot = read(text)
      if (slot === null) return
      expect({ mantissa: BigInt(slot.mantissa), scale: slot.scale }).toEqual(parseDecimal(text))
    }),
    { numRuns: 5000 },
  )
})

describe('copying a decimal', () => {
  const part = fc.stringMatching(/^[0-9]{1,12}$/)
  const plain = fc
    .tuple(part, fc.option(part, { nil: null }))
    .map(([whole, fraction]) => (fraction === null ? whole : `${whole}.${fraction}`))
  const odd = fc.constantFrom('', '.', '1.', '.5', '1..2', '-1', '+1', '1e3', '00', '1 ', 'NaN')

  test('gives the canonical text and the number, or leaves it to the slow way', () => {
    fc.assert(
      fc.property(fc.oneof(plain, odd), (text) => {
        const bytes = Buffer.from(`"${text}"`)
        const copy = { mantissa: 0, scale: 0, text: new Uint8Array(64), length: 5 }
        const could = copyDecimal(bytes, 1, bytes.length - 1, copy)
        if (!could) {
          expect(copy.length).toBe(5)
          return
        }
        const written = Buffer.from(copy.text.subarray(5, copy.length)).toString('latin1')
        expect(written).toBe(canonicalDecimal(text))
        expect(scaledText(copy.mantissa, copy.scale)).toBe(canonicalDecimal(text))
      }),
    )
  })

  test('takes the decimals that venues send', () => {
    for (const text of ['84149.24', '0.00000021', '1', '100', '0.5000', '64000.00', '0.1']) {
      const bytes = Buffer.from(text)
      const copy = { mantissa: 0, scale: 0, text: new Uint8Array(64), length: 0 }
      expect(copyDecimal(bytes, 0, bytes.length, copy)).toBe(true)
    }
  })
})
