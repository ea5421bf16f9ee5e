import { expect, test } from 'vitest'
import { bigDecimalText, decimalText, microsText, paddedText, trimmedText } from './text.ts'

test('decimal text is canonical: no padding, no exponent', () => {
  expect(decimalText(8_414_090, 2)).toBe('84140.9')
  expect(decimalText(8_414_000, 2)).toBe('84140')
  expect(decimalText(21, 8)).toBe('0.00000021')
  expect(decimalText(137, 0)).toBe('137')
  expect(bigDecimalText(1_894_284_263_375_842_469n, 10)).toBe('189428426.3375842469')
  expect(bigDecimalText(5n, 3)).toBe('0.005')
})

test('book sizes are padded to eight decimals', () => {
  expect(paddedText(2_880_000, 8, 8)).toBe('0.02880000')
  expect(paddedText(35, 0, 8)).toBe('35.00000000')
})

test('times have six fraction digits on Exchange and no trailing zeros on Advanced Trade', () => {
  expect(microsText(1_790_689_558_467_930)).toBe('2026-09-29T13:45:58.467930Z')
  expect(trimmedText(1_790_689_558_467_930)).toBe('2026-09-29T13:45:58.46793Z')
  expect(trimmedText(1_790_689_558_000_000)).toBe('2026-09-29T13:45:58Z')
  expect(trimmedText(1_790_689_558_000_000, 12)).toBe('2026-09-29T13:45:58.000000012Z')
})
