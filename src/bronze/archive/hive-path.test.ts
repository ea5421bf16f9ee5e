import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hiveValue } from '../../core/hive-value.ts'
import { createRecordSlot } from '../codec/slot.ts'
import { hivePath } from './hive-path.ts'

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
})

describe('the folder of an archived record', () => {
  test('is named by channel, venue, symbol and hour of receipt', () => {
    const record = {
      ...createRecordSlot(),
      dialect: 'coinbase/exchange',
      channel: 'matches',
      symbol: 'BTC-USD',
      receivedTimeUs: Date.UTC(2026, 0, 31, 7, 59, 59, 999) * 1000 + 999,
    }
    expect(hivePath(record)).toBe(
      'dataset=matches/exchange=coinbase/symbol=BTC-USD/year=2026/month=01/day=31/hour=07',
    )
    expect(hivePath({ ...record, symbol: null })).toContain('/symbol=_none/')
  })

  test('stays inside the archive whatever the symbol is', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constantFrom('../../etc', '/', '..', '\0')), (text) => {
        const value = hiveValue(text)
        expect(value).toMatch(/^[A-Za-z0-9._%~-]+$/)
        expect(value.length).toBeLessThanOrEqual(160)
      }),
    )
    expect(hiveValue('../../etc')).toBe('..%2F..%2Fetc')
  })

  test('is another for another symbol, long ones and our own words included', () => {
    const symbols = [
      '',
      '_none',
      '_empty',
      '%5Fnone',
      'a',
      'A',
      'x'.repeat(1e6),
      `${'x'.repeat(1e6)}y`,
    ]
    expect(new Set(symbols.map(hiveValue)).size).toBe(symbols.length)
    expect(symbols.map(hiveValue)).not.toContain('_none')
  })
})
