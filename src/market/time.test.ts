import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTimeUs, parseEpochUs, parseTimeUs } from './time.ts'

describe('parseTimeUs', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2026-09-29T13:45:58.467935Z', 1_790_689_558_467_935],
    ['2026-09-29T13:45:58.4Z', 1_790_689_558_400_000],
    ['2026-09-29T13:45:58.467935999Z', 1_790_689_558_467_935],
    ['2026-09-29T13:45:58.46793599999999Z', 1_790_689_558_467_935],
    ['2026-09-29t13:45:58z', 1_790_689_558_000_000],
    ['2026-09-29 13:45:58Z', 1_790_689_558_000_000],
    ['2026-09-29T15:45:58.5+02:00', 1_790_689_558_500_000],
    ['2026-09-29T08:15:58.5-05:30', 1_790_689_558_500_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000],
    ['1969-12-31T23:59:59.9999999Z', -1],
    ['1700-01-01T00:00:00Z', -8_520_336_000_000_000],
    ['2255-06-05T23:47:34.740991Z', Number.MAX_SAFE_INTEGER],
  ])('reads %s', (text, timeUs) => {
    expect(parseTimeUs(text)).toBe(timeUs)
  })

  test.each([
    '',
    '2026-09-29',
    '2026-09-29T13:45:58',
    '2026-09-29T13:45:58.Z',
    '2026-09-29T13:45:58.5',
    '2026-09-29T13:45:58,5Z',
    '2026-09-29T13:45Z',
    '0001-01-01T00:00:00.000000Z',
    '2255-06-05T23:47:34.740992Z',
    '9026-01-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-04-00T00:00:00Z',
    '2026-09-29T24:00:00Z',
    '2026-09-29T13:60:00Z',
    '2026-09-29T13:45:61Z',
    '2026-09-29T13:45:58ZZ',
    '2026-09-29T13:45:58+0200',
    '2026-09-29T13:45:58+24:00',
    '2026-09-29T13:4a:58Z',
    '2026-09-29T13:45:5\u0660Z',
    '2026/09/29T13:45:58Z',
    ' 2026-09-29T13:45:58Z',
    `2026-09-29T13:45:58.${'0'.repeat(100)}Z`,
  ])('refuses %j', (text) => {
    expect(parseTimeUs(text)).toBeNull()
  })

  test('agrees with the calendar on every day of six centuries', () => {
    const days = fc.date({
      min: new Date('1685-01-01T00:00:00Z'),
      max: new Date('2254-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(days, (date) => {
        expect(parseTimeUs(date.toISOString())).toBe(date.getTime() * 1000)
      }),
      { numRuns: 2000 },
    )
  })

  test('undoes formatTimeUs', () => {
    const times = fc.integer({ min: -62_135_596_800_000_000 / 10, max: 9_007_199_254_740_991 })
    fc.assert(
      fc.property(times, (timeUs) => {
        expect(parseTimeUs(formatTimeUs(timeUs))).toBe(timeUs)
      }),
    )
  })
})

describe('formatTimeUs', () => {
  test('gives milliseconds, or microseconds where they are needed', () => {
    expect(formatTimeUs(1_790_689_558_500_000)).toBe('2026-09-29T13:45:58.500Z')
    expect(formatTimeUs(1_790_689_558_000_000)).toBe('2026-09-29T13:45:58.000Z')
    expect(formatTimeUs(1_790_689_558_500_007)).toBe('2026-09-29T13:45:58.500007Z')
    expect(formatTimeUs(-1)).toBe('1969-12-31T23:59:59.999999Z')
  })
})

describe('parseEpochUs', () => {
  test.each([
    ['1693929601', 's', 1_693_929_601_000_000],
    ['1693929601.2817195', 's', 1_693_929_601_281_719],
    ['1693929601281', 'ms', 1_693_929_601_281_000],
    ['1693929601281719', 'us', 1_693_929_601_281_719],
    ['1693929601281719', 'ns', 1_693_929_601_281],
    ['1693929601281719999', 'ns', 1_693_929_601_281_719],
    ['0', 's', 0],
    ['-0.0000001', 's', -1],
  ] as const)('reads %s %s', (text, unit, timeUs) => {
    expect(parseEpochUs(text, unit)).toBe(timeUs)
  })

  test.each(['', '-', '1e9', '1.', '.1', ' 1', 'NaN', '9'.repeat(20), '9'.repeat(100)])(
    'refuses %j',
    (text) => {
      expect(parseEpochUs(text, 'us')).toBeNull()
    },
  )
})
