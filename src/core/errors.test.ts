import { expect, test } from 'vitest'
import { AssayError, ERROR_CODES, isAssayError, systemCode } from './errors.ts'

test('an error carries its code, its advice on retrying, its context and its cause', () => {
  const cause = new Error('socket hang up')
  const error = new AssayError('ASSAY_RATE_LIMITED', 'coinbase asks for a pause of 2 s', {
    retry: 'after',
    context: { afterMs: 2000 },
    cause,
  })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    name: 'AssayError',
    code: 'ASSAY_RATE_LIMITED',
    retry: 'after',
    context: { afterMs: 2000 },
    cause,
  })
})

test('without advice an error is not worth retrying, and has no cause of its own', () => {
  const error = new AssayError('ASSAY_USAGE', 'no such flag')
  expect(error.retry).toBe('never')
  expect(error.context).toEqual({})
  expect('cause' in error).toBe(false)
})

test('isAssayError tells ours from others, and one code from another', () => {
  const error: unknown = new AssayError('ASSAY_LOCKED', 'held')
  expect(isAssayError(error)).toBe(true)
  expect(isAssayError(error, 'ASSAY_LOCKED')).toBe(true)
  expect(isAssayError(error, 'ASSAY_TIMEOUT')).toBe(false)
  expect(isAssayError(new Error('held'))).toBe(false)
})

test('systemCode reads the code of a system failure and nothing else', () => {
  expect(systemCode(Object.assign(new Error('full'), { code: 'ENOSPC' }))).toBe('ENOSPC')
  expect(systemCode(Object.assign(new Error('odd'), { code: 5 }))).toBe('')
  expect(systemCode('ENOSPC')).toBe('')
  expect(systemCode(null)).toBe('')
})

test('codes are listed once each', () => {
  expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length)
})
