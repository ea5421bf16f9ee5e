import { expect, test } from 'vitest'
import { isAssayError } from '../core/errors.ts'
import { parseCountArgument, parseSpan, parseTimeArgument } from './time-argument.ts'

const NOW = 1_790_689_558_500_000

test.each([
  ['2026-09-29T13:45:58.5Z', NOW],
  ['2026-09-29T15:45:58.5+02:00', NOW],
  ['2026-09-29 13:45:58.500', NOW],
  ['2026-09-29T13:45', NOW - 58_500_000],
  ['2026-09-29 13:45Z', NOW - 58_500_000],
  ['2026-09-29T13', 1_790_686_800_000_000],
  ['2026-09-29', 1_790_640_000_000_000],
  ['1790689558', NOW - 500_000],
  ['1790689558.5', NOW],
  ['1790689558500', NOW],
  ['1790689558500000', NOW],
  ['1790689558500000000', NOW],
  ['0', 0],
  ['now', NOW],
  ['-90s', NOW - 90e6],
  ['-1h', NOW - 3600e6],
  ['+2d', NOW + 172_800e6],
])('%s is a time', (text, timeUs) => {
  expect(parseTimeArgument(text, '--from', NOW)).toBe(timeUs)
})

test.each(['', 'yesterday', '2026-13-01', '2026-02-30T00:00:00Z', '-1y', '1h', '-5'])(
  '%j is none, and the flag is named',
  (text) => {
    expect(failure(() => parseTimeArgument(text, '--from', NOW))).toMatch(/^--from: /)
  },
)

test('a span is open where a flag is left out, and must not end before it begins', () => {
  const { fromUs, toUs } = parseSpan({}, NOW)
  expect(fromUs).toBe(0)
  expect(toUs).toBeGreaterThan(4 * NOW)
  expect(parseSpan({ from: '-1h', to: 'now' }, NOW)).toEqual({ fromUs: NOW - 3600e6, toUs: NOW })
  expect(failure(() => parseSpan({ from: 'now', to: '-1h' }, NOW))).toBe('--to is before --from')
})

test('a count is a whole number that is not too small', () => {
  expect(parseCountArgument('12', '--limit')).toBe(12)
  expect(parseCountArgument('0', '--port', 0)).toBe(0)
  for (const text of ['0', '-1', '1.5', '1e3', '', 'all']) {
    expect(failure(() => parseCountArgument(text, '--limit'))).toMatch(/^--limit takes a whole/)
  }
})

function failure(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    expect(isAssayError(error, 'ASSAY_USAGE')).toBe(true)
    return (error as Error).message
  }
  return 'no failure'
}
