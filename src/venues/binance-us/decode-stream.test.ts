import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFieldScanner, isOneLineJson } from '../../core/json/scan.ts'
import { canonicalDecimal } from '../../market/decimal.ts'
import { readSymbol } from '../../market/symbol.ts'
import { type Decoded, decodeAll, recordOf } from '../decoded.ts'
import { decodeStream } from './decode-stream.ts'
import { createTemplate, matchTemplate, NO_MATCH } from './template.ts'

const AGGREGATE =
  '{"e":"aggTrade","E":1790689558468,"s":"BTCUSD","a":425085,"p":"84149.24000000",' +
  '"q":"0.00210000","f":439577,"l":439579,"T":1790689558467,"m":false,"M":true}'
const KLINE =
  '{"e":"kline","E":1790689561755,"s":"BTCUSD","k":{"t":1790689500000,"T":1790689559999,' +
  '"s":"BTCUSD","i":"1m","f":439572,"L":439585,"o":"84100.00000000","c":"84149.24000000",' +
  '"h":"84150.50000000","l":"84099.00000000","v":"5.36510000","n":14,"x":true,' +
  '"q":"451350.12073500","V":"2.31600000","Q":"194757.43958000","B":"0"}}'

const encoder = new TextEncoder()

function decode(frame: string): Decoded {
  return decodeAll(decodeStream, recordOf(frame, { dialect: 'binance-us/stream' }))
}

/** A space before the frame, and one before its payload, are enough to turn templates away. */
function agree(frame: string): void {
  const direct = decode(frame)
  const scanned = decode(` ${frame}`)
  const moved = scanned.rejections.map((r) => ({ ...r, offset: Math.max(0, r.offset - 1) }))
  expect(direct).toEqual({ ...scanned, rejections: moved })
}

/** What JSON.parse says the aggregate of a payload is, or `null` where there is none to take. */
function oracle(payload: string): object | null {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown
  // Ids and times are taken only where they are spelled as plain digits.
  const value = parse(payload, (_key, item, { source = '' }) =>
    typeof item === 'number' && !/^[0-9]{1,16}$/.test(source) ? Number.NaN : item,
  ) as Record<string, unknown>
  const { e, s, f, l, T, m } = value
  if (e !== 'aggTrade' || typeof s !== 'string') return null
  const bytes = encoder.encode(s)
  if (readSymbol(bytes, 0, bytes.length) === null) return null
  if (!isId(f) || !isId(l) || l < f || l - f >= 1e6 || typeof m !== 'boolean') return null
  if (!isId(T) || T === 0 || T * 1000 > Number.MAX_SAFE_INTEGER) return null
  const [price, size] = [value.p, value.q].map((text) => (typeof text === 'string' ? text : null))
  if (price == null || size == null) return null
  const ids = { tradeId: f, firstId: f, lastId: l, tradeCount: l - f + 1 }
  const side = m ? 'sell' : 'buy'
  return { item: 0, symbol: s, tape: '', ...ids, eventTimeUs: T * 1000, side, price, size }
}

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

describe('a template', () => {
  const scanner = createFieldScanner(['a', 'b', 'c', 'd'])
  const template = createTemplate(scanner, '{"a":#,"b":"$","x":"$","c":?}')
  const match = (text: string) => {
    const bytes = encoder.encode(text)
    return matchTemplate(template, bytes, 0, bytes.length)
  }

  test('notes the values of the fields that are wanted', () => {
    expect(match('{"a":-12,"b":"","x":"y","c":false}')).toBe(34)
    const ranges = [0, 1, 2].map((i) => [scanner.kinds[i], scanner.starts[i], scanner.ends[i]])
    expect(ranges).toEqual([
      [3, 5, 8],
      [1, 14, 14],
      [4, 28, 33],
    ])
    expect(scanner.kinds[3]).toBe(0)
  })

  test.each([
    '{"a":,"b":"","x":"y","c":true}',
    '{"a":1.5,"b":"","x":"y","c":true}',
    '{"a":1,"b":"\\u0041","x":"y","c":true}',
    '{"a":1,"b":"1","x":"y","c":1}',
    '{"a":1,"b":"1","x":"y","c":true',
    '{"a":1, "b":"1","x":"y","c":true}',
    '',
  ])('does not match %j', (text) => {
    expect(match(text)).toBe(NO_MATCH)
  })

  test('reads nothing beyond the end of a buffer, wherever the frame is cut', () => {
    for (let length = 0; length < AGGREGATE.length; length += 1) {
      // A buffer of its own, so that a read past the end would throw.
      const bytes = new Uint8Array(encoder.encode(AGGREGATE.slice(0, length)))
      expect(matchTemplate(template, bytes, 0, length)).toBe(NO_MATCH)
    }
  })
})

const texts = fc.constantFrom(
  '"84149.24000000"',
  '"1"',
  '"0.00"',
  '"1e-8"',
  '""',
  '"x"',
  '7.5',
  '""',
)
const whole = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('0', '-1', '1e5', '1.0', '9007199254740993', '"7"', 'null', '1790689558467123'),
)
const times = fc.oneof(
  fc.constantFrom('1790689500000', '1790689559999', '1790689558467', '0', '-5', '1790689558467123'),
  whole,
)
const flags = fc.constantFrom('true', 'false', 'true', 'false', 'null', '"true"', '1')
const symbols = fc.constantFrom('"BTCUSD"', '"BTC\\u0055SD"', '"é"', '""', '"a\\"b"', '1')

const aggregates = fc.record({
  e: fc.constantFrom('"aggTrade"', '"aggTrade"', '"aggTr\\u0061de"', '"trade"'),
  E: times,
  s: symbols,
  a: whole,
  p: texts,
  q: texts,
  f: whole,
  l: whole,
  T: times,
  m: flags,
  M: flags,
})

const klines = fc.record({
  t: times,
  T: times,
  s: symbols,
  i: fc.constantFrom('"1m"', '"1m"', '"1m"', '"1h"', '"1M"', '"1\\u006d"', '5'),
  f: whole,
  L: whole,
  o: texts,
  c: texts,
  h: texts,
  l: texts,
  v: texts,
  n: whole,
  x: flags,
  q: texts,
  V: texts,
  Q: texts,
  B: texts,
})

/** Spells an object as Binance would, or in another way that JSON allows. */
function spelled(fields: Readonly<Record<string, string>>, how: string, where: number): string {
  const list = Object.entries(fields).map(([key, value]) => `"${key}":${value}`)
  if (how === 'reversed') list.reverse()
  if (how === 'doubled') list.push(list[where % list.length] as string, '"m":true')
  if (how === 'fewer') list.splice(where % list.length, 1)
  return how === 'spaced' ? `{ ${list.join(' ,\t')} }` : `{${list.join(',')}}`
}

const ways = fc.constantFrom('plain', 'plain', 'plain', 'reversed', 'doubled', 'spaced', 'fewer')

/** Puts a payload into its wrapper, or into none. */
const wrappers = fc.constantFrom(
  (payload: string) => payload,
  (payload: string) => `{"stream":"btcusd@x","data":${payload}}`,
  (payload: string) => `{"data":${payload},"stream":"btcusd@x"}`,
  (payload: string) => `{"stream":"btc\\u0075sd@x","data":${payload}}`,
  (payload: string) => `{"stream":"btcusd@x","data":${payload},"data":7}`,
  (payload: string) => `{"stream":5,"data":${payload}}`,
)

test('templates, scanner and JSON.parse see the same aggregate in any frame', () => {
  const cases = fc.tuple(aggregates, ways, fc.nat(), wrappers)
  fc.assert(
    fc.property(cases, ([fields, how, where, wrap]) => {
      const payload = spelled(fields, how, where)
      agree(wrap(payload))
      const { trades } = decode(payload)
      const trade = oracle(payload)
      // A bare number for a price is read too, by its digits; the oracle keeps to text.
      if (trade !== null) expect(trades).toEqual([trade])
      else if (!payload.includes('7.5')) expect(trades).toEqual([])
    }),
    { numRuns: 4000 },
  )
})

test('templates and scanner see the same kline in any frame', () => {
  const cases = fc.tuple(klines, ways, fc.nat(), wrappers)
  fc.assert(
    fc.property(cases, ([fields, how, where, wrap]) => {
      const kline = spelled(fields, how, where)
      agree(wrap(`{"e":"kline","E":1790689561755,"s":"BTCUSD","k":${kline}}`))
    }),
    { numRuns: 4000 },
  )
})

test('and in frames with bytes changed, so long as they are JSON', () => {
  const change = fc.tuple(fc.nat(), fc.constantFrom(...'0123456789.,:"\\{}[] -eTx', 'true'))
  const changes = fc.array(change, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(changes, fc.constantFrom(AGGREGATE, KLINE), wrappers, (list, payload, wrap) => {
      let frame = wrap(payload)
      for (const [where, put] of list) {
        const at = where % frame.length
        frame = frame.slice(0, at) + put + frame.slice(at + 1)
      }
      const bytes = encoder.encode(frame)
      if (isOneLineJson(bytes, 0, bytes.length)) agree(frame)
      else expect(decode(frame).rejections).toMatchObject([{ reason: 'not_json' }])
    }),
    { numRuns: 4000 },
  )
})

test('decimals of klines are canonical, or refused with their reason', () => {
  const digits = fc.tuple(fc.stringMatching(/^[0-9]{0,22}$/), fc.stringMatching(/^[0-9]{0,22}$/))
  const decimals = fc.oneof(
    digits.map(([whole, fraction]) => (fraction === '' ? whole : `${whole}.${fraction}`)),
    fc.constantFrom('-1', '-0', '1e3', '1E-7', '1.', '.5', '00.5', '+1', '1..2', 'NaN', '0.0'),
  )
  fc.assert(
    fc.property(decimals, (text) => {
      const { candles, rejections } = decode(KLINE.replace('5.36510000', text))
      const canonical = canonicalDecimal(text)
      const [whole = '', fraction = ''] = canonical?.split('.') ?? []
      if (canonical === null) expect(rejections).toMatchObject([{ reason: 'bad_decimal' }])
      else if (canonical.startsWith('-')) expect(rejections[0]?.reason).toBe('not_positive')
      else if (whole.length > 20 || fraction.length > 18) {
        expect(rejections[0]?.reason).toBe('too_precise')
      } else expect(candles).toMatchObject([{ volume: canonical }])
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['84149.24000000', '84149.24000000', '84149.24000000', true],
  ['9.5', '10', '9.4', true],
  ['10.05', '10.5', '9.99', true],
  ['10.5', '10.05', '9.99', false],
  ['9.98', '10.5', '9.99', false],
  ['100', '99.99', '9', false],
])('an open of %s, a high of %s and a low of %s are sound: %s', (open, high, low, sound) => {
  const frame = KLINE.replace('84100.00000000', open)
    .replace('84149.24000000', open)
    .replace('84150.50000000', high)
    .replace('84099.00000000', low)
  expect(decode(frame).candles.length).toBe(sound ? 1 : 0)
})

test('a kline tells of the last trade before its end only where it is closed', () => {
  const closed = decode(KLINE)
  expect(closed.witnesses).toEqual([
    { symbol: 'BTCUSD', lastId: 439585, timeUs: 1_790_689_560_000_000 },
  ])
  const open = decode(KLINE.replace('"x":true', '"x":false'))
  expect(open.candles).toMatchObject([{ closed: false, tradeCount: 14 }])
  expect(open.witnesses).toMatchObject([{ lastId: 439585, timeUs: 1_790_689_500_000_000 }])
  const empty = decode(KLINE.replace('"L":439585', '"L":-1'))
  expect([empty.candles.length, empty.witnesses.length]).toEqual([1, 0])
})

test('the futures’ aggregates, which have other keys in another order, are the same', () => {
  const frame =
    '{"stream":"btcusd_perp@aggTrade","data":{"e":"aggTrade","E":1790689558468,"a":41045788,' +
    '"s":"BTCUSD_PERP","p":"58570.1","q":"58","f":91864326,"l":91864327,' +
    '"T":1790689558467,"m":true}}'
  expect(decode(frame).trades).toMatchObject([
    { symbol: 'BTCUSD_PERP', tradeId: 91864326, lastId: 91864327, tradeCount: 2, side: 'sell' },
  ])
})
