import { expect, test } from 'vitest'
import { AssertionFailure, assert } from './assert.ts'

test('what holds passes in silence', () => {
  expect(() => assert(1 + 1 === 2, 'sums are sums')).not.toThrow()
})

test('what does not hold throws an AssertionFailure that says what should have been true', () => {
  expect(() => assert(false, 'width is positive')).toThrow(AssertionFailure)
  expect(() => assert(null, 'width is positive')).toThrow('width is positive')
})
