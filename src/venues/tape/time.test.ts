import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TimeUnit } from './time.ts'
import { dateUs, readTapeTimeUs } from './time.ts'

function read(text: string, unit?: TimeUnit): number {
  const bytes = new TextEncoder().encode(`<${text}>`)
  return readTapeTimeUs(bytes, 1, bytes.length - 1, unit)
}

test('tells the unit of a plain number by its size', () => {
  expect(read('1672531436')).toBe(1_672_531_436_000_000)
  expect(read('1672531436000')).toBe(1_672_531_436_000_000)
  expect(read('1672531436000001')).toBe(1_672_531_436_000_001)
  expect(read('1672531436000001999')).toBe(1_672_531_436_000_001)
  expect(read('0')).toBe(0)
})

test('reads decimal seconds from their digits, floored to the microsecond', () => {
  expect(read('1762795433.9261429', 's')).toBe(1_762_795_433_926_142)
  expect(read('1762795433.9', 's')).toBe(1_762_795_433_900_000)
  expect(read('1.762795433926e9')).toBe(1_762_795_433_926_000)
  expect(read('1.5823296021110004E+18', 'ns')).toBe(1_582_329_602_111_000)
  expect(read('4000', 'ms')).toBe(4_000_000)
  expect(read('999', 'ns')).toBe(0)
})

test('reads ISO 8601 in the shapes that files have', () => {
  const noon = 1_677_672_000_000_000
  expect(read('2023-03-01T12:00:00Z')).toBe(noon)
  expect(read('2023-03-01 12:00:00+00:00')).toBe(noon)
  expect(read('2023-03-01 14:00:00.000001+02')).toBe(noon + 1)
  expect(read('2023-03-01T09:30-0230')).toBe(noon)
  expect(read('2023-03-01 12:00:00 UTC')).toBe(noon)
  expect(read('2023-03-01 12:00:00.1234569')).toBe(noon + 123_456)
  expect(read('2023-03-01', 'iso')).toBe(noon - 43_200_000_000)
  expect(dateUs('2016-10-07')).toBe(1_475_798_400_000_000)
})

test.each([
  '',
  '-1',
  '1e',
  '.5',
  '5.',
  'NaN',
  '1e400',
  '1 2',
  '0x10',
  '2023-02-30',
  '2023-13-01',
  '1969-12-31T23:59:59Z',
  '1970-01-01T00:00:00+01:00',
  '2023-03-01T25:00',
  '2023/03/01',
  'yesterday',
  '99999999999999999999999',
])('refuses "%s"', (text) => {
  expect(read(text)).toBe(-1)
})

test('agrees with integer arithmetic for every unit and fraction', () => {
  const units = { s: 6n, ms: 3n, us: 0n, ns: -3n } as const
  fc.assert(
    fc.property(
      fc.bigInt(0n, 9_007_199_254n),
      fc.stringMatching(/^[0-9]{0,12}$/),
      fc.constantFrom('s', 'ms', 'us', 'ns'),
      (whole, fraction, unit) => {
        const text = fraction === '' ? String(whole) : `${whole}.${fraction}`
        const scaled = BigInt(`${whole}${fraction}`) * 10n ** (units[unit] + 3n)
        const exact = Number(scaled / 10n ** (BigInt(fraction.length) + 3n))
        expect(read(text, unit)).toBe(Number.isSafeInteger(exact) ? exact : -1)
      },
    ),
  )
})
