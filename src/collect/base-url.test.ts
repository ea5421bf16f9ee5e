import { expect, test } from 'vitest'
import { baseUrl } from './base-url.ts'

test('an address keeps its path and loses the slashes at its end', () => {
  expect(baseUrl('ws://127.0.0.1:9/feed//', ['ws:', 'wss:'])).toBe('ws://127.0.0.1:9/feed')
})

test('what is no address, or one of another kind, is refused by name', () => {
  for (const url of ['', 'localhost:80', 'http://a', 'ws://a/#part']) {
    expect(() => baseUrl(url, ['ws:', 'wss:'])).toThrow(
      expect.objectContaining({ code: 'ASSAY_USAGE', message: expect.stringContaining('wss://') }),
    )
  }
})

test('a refusal does not tell the password in an address', () => {
  expect(() => baseUrl('http://me:secret@a', ['ws:'])).toThrow(/me:\*\*\*@a/)
})
