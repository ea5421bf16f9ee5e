import { expect, test } from 'vitest'
import { heed } from './heed.ts'

// 13:45:58.5 of some day: 1.5 s before the minute ends.
const NOW_US = 1_790_689_558_500_000
const NOW_MS = NOW_US / 1000

function read(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return heed({ status, headers, body: new TextEncoder().encode(text), nowUs: NOW_US })
}

const weighs = (used: number) => ({ 'x-mbx-used-weight-1m': String(used) })

test('429 and 418 are pauses, for as many seconds as the header says', () => {
  const body = { code: -1003, msg: 'Too many requests' }
  expect(read(429, body, { 'retry-after': '17' })).toEqual({
    kind: 'limited',
    afterMs: 17_000,
    message: 'Too many requests (-1003)',
  })
  expect(read(418, 'banned', { 'retry-after': '120' })).toMatchObject({ afterMs: 120_000 })
  expect(read(429, body)).toMatchObject({ kind: 'limited', afterMs: null })
})

test('a ban lasts until the moment in its words, the header notwithstanding', () => {
  const msg = `Way too many requests; IP banned until ${NOW_MS + 60_000}.`
  const body = { code: -1003, msg }
  expect(read(418, body)).toMatchObject({ kind: 'limited', afterMs: 61_000 })
  expect(read(418, body, { 'retry-after': '5' })).toMatchObject({ afterMs: 61_000 })
  expect(read(418, body, { 'retry-after': '90' })).toMatchObject({ afterMs: 90_000 })
  // Whatever the status says.
  expect(read(200, body)).toMatchObject({ kind: 'limited', afterMs: 61_000 })
})

test('a ban that is over, or lasts for ever, is neither', () => {
  const until = (ms: number) => ({ code: -1003, msg: `IP banned until ${ms}` })
  expect(read(418, until(NOW_MS - 1))).toMatchObject({ afterMs: null })
  expect(read(418, until(9_999_999_999_999))).toMatchObject({ afterMs: 3 * 86_400_000 })
  expect(read(418, '', { 'retry-after': '999999999' })).toMatchObject({ afterMs: 3 * 86_400_000 })
  expect(read(418, '', { 'retry-after': 'soon' })).toMatchObject({ afterMs: null })
})

test('the firewall is given five minutes', () => {
  const page = '<html>403 Forbidden</html>'
  expect(read(403, page)).toMatchObject({ kind: 'limited', afterMs: 300_000 })
  expect(read(403, page, { 'retry-after': '7' })).toMatchObject({ afterMs: 7000 })
})

test('faults of the venue are asked about again, a definite no is not', () => {
  expect(read(502, '<html>')?.kind).toBe('unavailable')
  expect(read(400, { code: -1001, msg: 'DISCONNECTED' })?.kind).toBe('unavailable')
  expect(read(400, { code: -1121, msg: 'Invalid symbol.' })).toEqual({
    kind: 'refused',
    message: 'Invalid symbol. (-1121)',
  })
  expect(read(404, 'nothing here')).toEqual({ kind: 'refused', message: 'status 404' })
  expect(read(451, { code: 0, msg: 'restricted location' })?.kind).toBe('refused')
})

test('an allowance that is nearly used up is left alone until the next minute', () => {
  expect(read(200, [], weighs(900))).toBeNull()
  expect(read(200, [], weighs(1000))).toEqual({ kind: 'slow_down', afterMs: 2500 })
  expect(read(200, {}, { 'x-mbx-used-weight': '1200' })?.kind).toBe('slow_down')
  expect(read(200, [], { 'x-mbx-used-weight-1m': 'many' })).toBeNull()
  expect(read(200, { serverTime: 1 })).toBeNull()
})
