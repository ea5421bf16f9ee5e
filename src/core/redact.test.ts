import { expect, test } from 'vitest'
import { redact } from './redact.ts'

test('passwords in URLs and secret query parameters are masked, and nothing else', () => {
  expect(redact('postgresql://u:p:w@h:5432/db?sslmode=require')).toBe(
    'postgresql://u:***@h:5432/db?sslmode=require',
  )
  expect(redact('see redis://:pw@h and https://h/a?x=1&api_key=k1&y=2')).toBe(
    'see redis://:***@h and https://h/a?x=1&api_key=***&y=2',
  )
  expect(redact('wss://ws-feed.exchange.example/path?a=b mail me@host')).toBe(
    'wss://ws-feed.exchange.example/path?a=b mail me@host',
  )
})
