import { describe, expect, test } from 'vitest'
import { createDecimal } from '../market/decimal.ts'
import { changePctText, differenceText, meanText, sharePctText, shareText } from './ratios.ts'

describe('ratios', () => {
  test('are rounded half-even to eighteen decimals', () => {
    expect(changePctText('3', '4')).toBe('33.333333333333333333')
    expect(changePctText('3', '1')).toBe('-66.666666666666666667')
    expect(shareText('1', '4')).toBe('0.25')
    expect(sharePctText('2', '3')).toBe('66.666666666666666667')
    // Halves of the last place: to the even neighbour, either way.
    expect(shareText('1', '2000000000000000000')).toBe('0')
    expect(shareText('3', '2000000000000000000')).toBe('0.000000000000000002')
    expect(meanText(createDecimal(10n, 0), 4)).toBe('2.5')
  })

  test('are absent where there is nothing to divide by, or nothing to divide', () => {
    expect(changePctText('0', '4')).toBeNull()
    expect(shareText('1', '0')).toBeNull()
    expect(shareText(null, '2')).toBeNull()
    expect(sharePctText('1', null)).toBeNull()
    expect(meanText(createDecimal(0n, 0), 0)).toBeNull()
  })

  test('stand beside exact differences', () => {
    expect(differenceText('0.1', '0.3')).toBe('0.2')
    expect(differenceText('1.5', '1.25')).toBe('-0.25')
  })
})
