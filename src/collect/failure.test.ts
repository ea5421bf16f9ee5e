import { describe, expect, test } from 'vitest'
import { blameOf, joinBlame } from './blame.ts'
import { replyFailure } from './http-reply.ts'
import { retryAfterMs } from './retry-after.ts'

describe('blame', () => {
  test('a name that does not resolve is the network, a refused port the venue', () => {
    expect(blameOf({ code: 'ENOTFOUND' })).toBe('network')
    expect(blameOf({ code: 'ECONNREFUSED' })).toBe('venue')
    expect(blameOf({ code: 'ECONNRESET' })).toBe('unknown')
  })

  test('a broken upgrade is the venue, a refused one nobody', () => {
    expect(blameOf({ status: 503 })).toBe('venue')
    expect(blameOf({ status: 403 })).toBe('unknown')
  })

  test('failures that disagree blame nobody', () => {
    expect(joinBlame(null, 'venue')).toBe('venue')
    expect(joinBlame('venue', 'venue')).toBe('venue')
    expect(joinBlame('venue', 'network')).toBe('unknown')
  })
})

describe('Retry-After', () => {
  test('is read as seconds or as a date, and never trusted beyond three days', () => {
    expect(retryAfterMs('2', 0)).toBe(2000)
    expect(retryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 30_000_000)).toBe(30_000)
    expect(retryAfterMs('999999999', 0)).toBe(3 * 86_400_000)
    expect(retryAfterMs('soon', 0)).toBeNull()
    expect(retryAfterMs(undefined, 0)).toBeNull()
  })
})

describe('an answer', () => {
  const about = { venue: 'Test', nowUs: 0, json: true }
  const reply = (status: number, headers = {}) => ({ status, headers, body: Buffer.alloc(0) })

  test('is definite when it is whole or refused', () => {
    expect(replyFailure(reply(200), about)).toBeNull()
    expect(replyFailure(reply(404), { ...about, json: false })).toBeNull()
  })

  test('is asked for again when it is broken or cut', () => {
    expect(replyFailure(reply(500), about)).toMatchObject({ code: 'ASSAY_HTTP_STATUS' })
    expect(replyFailure(reply(200), { ...about, json: false })).toMatchObject({ retry: 'backoff' })
  })

  test('asks for a pause by 429, 418, or 503 with a time', () => {
    const later = { 'retry-after': '3' }
    for (const status of [429, 418, 503]) {
      const failure = replyFailure(reply(status, later), about)
      expect(failure).toMatchObject({ code: 'ASSAY_RATE_LIMITED', context: { afterMs: 3000 } })
    }
    expect(replyFailure(reply(429), about)?.context).toEqual({ status: 429 })
    // Whoever is banned without being told for how long stays away for two minutes.
    expect(replyFailure(reply(418), about)?.context).toEqual({ status: 418, afterMs: 120_000 })
  })
})
