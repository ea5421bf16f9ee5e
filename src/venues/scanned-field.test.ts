import { expect, test } from 'vitest'
import { createFieldScanner, scanObject } from '../core/json/scan.ts'
import { readWhole, wholeOf } from './scanned-field.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

test.each([
  ['0', 0],
  ['007', 7],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ['0000000000000001', 1],
])('%s is the whole number %d', (text, whole) => {
  const bytes = bytesOf(`x${text}x`)
  expect(readWhole(bytes, 1, bytes.length - 1)).toBe(whole)
})

test.each(['', '9007199254740992', '00000000000000001', '-1', '1.0', '1e3', ' 1', '1x', '/', ':'])(
  '%j is no whole number',
  (text) => {
    const bytes = bytesOf(text)
    expect(readWhole(bytes, 0, bytes.length)).toBeNaN()
  },
)

test('a field is a whole number only where it is bare', () => {
  const scanner = createFieldScanner(['a', 'b', 'c'])
  const bytes = bytesOf('{"a":12,"b":"12"}')
  scanObject(scanner, bytes, 0, bytes.length)
  expect([0, 1, 2].map((field) => wholeOf(scanner, bytes, field))).toEqual([12, NaN, NaN])
})
