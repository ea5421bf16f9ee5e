import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bucketEnd,
  bucketStart,
  INTERVAL_NAMES,
  INTERVALS,
  intervalName,
  parseInterval,
} from './bucket.ts'

const times = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1e12 })
const widths = fc.oneof(
  fc.constantFrom(...Object.values(INTERVALS)),
  fc.integer({ min: 1, max: 1e12 }),
)

test('a time lies in its own bucket, and the bucket is aligned to the epoch', () => {
  fc.assert(
    fc.property(times, widths, (timeUs, widthUs) => {
      const start = bucketStart(timeUs, widthUs)
      expect(start).toBeLessThanOrEqual(timeUs)
      expect(bucketEnd(timeUs, widthUs)).toBeGreaterThan(timeUs)
      expect(bucketEnd(timeUs, widthUs) - start).toBe(widthUs)
      expect(BigInt(start) % BigInt(widthUs)).toBe(0n)
    }),
  )
})

test('a time on a boundary opens the next bucket', () => {
  expect(bucketStart(59_999_999, 60_000_000)).toBe(0)
  expect(bucketStart(60_000_000, 60_000_000)).toBe(60_000_000)
})

test('buckets of a longer interval are whole numbers of shorter ones, and all divide a day', () => {
  fc.assert(
    fc.property(times, (timeUs) => {
      for (const name of INTERVAL_NAMES) {
        const minute = bucketStart(timeUs, INTERVALS['1m'])
        expect(bucketStart(minute, INTERVALS[name])).toBe(bucketStart(timeUs, INTERVALS[name]))
        expect(INTERVALS['1d'] % INTERVALS[name]).toBe(0)
      }
    }),
  )
})

test('refuses times that are not whole, negative times and empty widths', () => {
  expect(() => bucketStart(0.5, 60)).toThrow(/whole/)
  expect(() => bucketStart(-1, 60)).toThrow(/whole/)
  expect(() => bucketStart(Number.NaN, 60)).toThrow(/whole/)
  expect(() => bucketStart(1, 0)).toThrow(/width/)
})

test('knows its intervals by name and by width, and no others', () => {
  for (const name of INTERVAL_NAMES) expect(intervalName(parseInterval(name) as number)).toBe(name)
  expect(parseInterval('4h')).toBe(14_400_000_000)
  for (const text of ['', '2m', '60', '1M', 'toString', '__proto__']) {
    expect(parseInterval(text)).toBeNull()
  }
  expect(intervalName(1)).toBeNull()
})
