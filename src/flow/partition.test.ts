import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  overlapping,
  type Partitioning,
  parsePartition,
  partitionAt,
  partitionsIn,
  WHOLE,
} from './partition.ts'

const us = (text: string) => Date.parse(text) * 1000
const keys = (parts: Iterable<{ readonly key: string }>) => [...parts].map(({ key }) => key)

test('a time on a boundary belongs to the later part', () => {
  expect(partitionAt('hourly', us('2026-01-31T07:00:00Z')).key).toBe('2026-01-31T07')
  expect(partitionAt('hourly', us('2026-01-31T07:00:00Z') - 1).key).toBe('2026-01-31T06')
  expect(partitionAt('daily', us('2026-02-01T00:00:00Z') - 1).key).toBe('2026-01-31')
  expect(partitionAt('none', 5)).toBe(WHOLE)
})

test('keys are read back, whatever the part', () => {
  const cut = fc.constantFrom<Partitioning>('hourly', 'daily')
  const time = fc.integer({ min: 0, max: us('2250-01-01') })
  fc.assert(
    fc.property(cut, time, (partitioning, timeUs) => {
      const part = partitionAt(partitioning, timeUs)
      expect(part.fromUs <= timeUs && timeUs < part.toUs).toBe(true)
      expect(parsePartition(partitioning, part.key)).toEqual(part)
    }),
  )
})

test.each([
  ['hourly', '2026-01-31'],
  ['hourly', '2026-01-31T24'],
  ['hourly', '2026-02-30T00'],
  ['hourly', '2026-1-31T07'],
  ['hourly', '2026-01-31T07:00'],
  ['hourly', ''],
  ['daily', '2026-13-01'],
  ['daily', '2026-01-31T07'],
  ['daily', '1969-12-31'],
  ['none', '2026-01-31'],
] as const)('of %s parts none is called %j', (partitioning, key) => {
  expect(() => parsePartition(partitioning, key)).toThrowError(
    expect.objectContaining({ code: 'ASSAY_USAGE' }),
  )
})

test('the parts of a span are those that begin in it', () => {
  const [from, to] = [us('2026-03-08T05:30:00Z'), us('2026-03-08T08:00:00Z')]
  expect(keys(partitionsIn('hourly', from, to))).toEqual(['2026-03-08T06', '2026-03-08T07'])
  expect(keys(partitionsIn('daily', from, to))).toEqual([])
  expect(keys(partitionsIn('none', from, to))).toEqual([''])
  expect(keys(partitionsIn('hourly', to, from))).toEqual([])
})

test('parts overlap that share time', () => {
  const day = partitionAt('daily', us('2026-03-08'))
  const hour = partitionAt('hourly', us('2026-03-08T23:59:00Z'))
  expect(overlapping(day, 'hourly')).toHaveLength(24)
  expect(keys(overlapping(hour, 'daily'))).toEqual(['2026-03-08'])
  expect(keys(overlapping(hour, 'hourly'))).toEqual(['2026-03-08T23'])
  expect(overlapping(hour, 'none')).toEqual([WHOLE])
  expect(overlapping(WHOLE, 'hourly')).toEqual([])
})
