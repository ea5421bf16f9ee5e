import { expect, test } from 'vitest'
import { showBytes, showCount, showDurationMs, showSome, showTime } from './format.ts'
import { visible } from './style.ts'

test('counts, sizes and times are written for people', () => {
  expect(showCount(1_234_567)).toBe('1,234,567')
  expect([showSome(1, 'hour'), showSome(2, 'batch', 'batches')]).toEqual(['1 hour', '2 batches'])
  expect([0, 1023, 1536, 123_456_789].map(showBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '118 MiB',
  ])
  expect(showTime('2026-09-29T13:45:58.500Z')).toBe('2026-09-29 13:45:58.500')
  expect(showTime('2026-09-29T13:45:00.000Z')).toBe('2026-09-29 13:45:00')
})

test.each([
  [450, '450 ms'],
  [3_240, '3.2 s'],
  [59_400, '59 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [180_000_000, '2 d 2 h'],
])('%d milliseconds are told as %s', (ms, text) => {
  expect(showDurationMs(ms)).toBe(text)
})

test('what could move a terminal’s cursor is written as an escape', () => {
  expect(visible('a\u001b[2Jb\n\tc\u0007é')).toBe('a\\x1b[2Jb\\n\\tc\\x07é')
})
