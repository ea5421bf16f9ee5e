import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOneLineJson } from '../../core/json/scan.ts'
import { parseTimeUs } from '../../market/time.ts'
import { createTradeSlot } from '../../market/trade.ts'
import { type Decoded, decodeAll, recordOf } from '../decoded.ts'
import { decodeExchange } from './decode-exchange.ts'
import { readMatch } from './decode-match.ts'

const MATCH =
  '{"type":"match","trade_id":1099995624,"maker_order_id":"886cfa0b-c186-48d7-872c-21e24e710159",' +
  '"taker_order_id":"398a1ee7-48a9-407d-abe5-98fe31687336","side":"buy","size":"0.00000021",' +
  '"price":"84149.24","product_id":"BTC-USD","sequence":136967653295,' +
  '"time":"2026-09-29T13:45:58.467935Z"}'

const encoder = new TextEncoder()

function isFast(frame: string): boolean {
  const bytes = encoder.encode(frame)
  return readMatch(bytes, 0, bytes.length, createTradeSlot())
}

function decode(frame: string): Decoded {
  return decodeAll(decodeExchange, recordOf(frame, { dialect: 'coinbase/exchange' }))
}

/** What JSON.parse says the trade of a frame is, or `null` where there is none to take. */
function oracle(frame: string): object | null {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown
  let value: Record<string, unknown>
  try {
    value = parse(frame, (_key, item, { source }) =>
      typeof item === 'number' ? { digits: source } : item,
    ) as Record<string, unknown>
  } catch {
    return null
  }
  const isText = (item: unknown): item is string =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point.
    typeof item === 'string' && !/["\\\u0000-\u001f]/.test(item) && item.isWellFormed()
  const field = (name: string): string | null => {
    const item = typeof value === 'object' && value !== null ? value[name] : undefined
    if (isText(item)) return item
    const digits = (item as { digits?: unknown } | null | undefined)?.digits
    return typeof digits === 'string' ? digits : null
  }
  const [id, price, size] = [field('trade_id'), field('price'), field('size')]
  if (value?.type !== 'match' && value?.type !== 'last_match') return null
  if (id === null || !/^[0-9]{1,16}$/.test(id)) return null
  const tradeId = Number(id)
  if (tradeId === 0 || !Number.isSafeInteger(tradeId) || price === null || size === null)
    return null
  const { side, product_id: symbol, time } = value
  const taker = { buy: 'sell', BUY: 'sell', sell: 'buy', SELL: 'buy' }[String(side)]
  if (taker === undefined) return null
  if (typeof symbol !== 'string' || !/^[!#-[\]-~]{1,64}$/.test(symbol)) return null
  const eventTimeUs = typeof time === 'string' ? parseTimeUs(time) : null
  if (eventTimeUs === null || eventTimeUs <= 0) return null
  const ids = { tradeId, firstId: tradeId, lastId: tradeId, tradeCount: 1 }
  return { item: 0, symbol, tape: '', ...ids, eventTimeUs, side: taker, price, size }
}

function agree(frame: string): void {
  const direct = decode(frame)
  // A space before the frame is enough to turn the fast path away.
  const scanned = decode(` ${frame}`)
  const moved = scanned.rejections.map((r) => ({ ...r, offset: Math.max(0, r.offset - 1) }))
  expect(direct).toEqual({ ...scanned, rejections: moved })
  const trade = oracle(frame)
  expect(direct.trades).toEqual(trade === null ? [] : [trade])
}

test('the frame as Coinbase writes it goes by the fast path', () => {
  expect(isFast(MATCH)).toBe(true)
  expect(decode(MATCH).trades).toEqual([oracle(MATCH)])
  expect(isFast(MATCH.replace('"buy"', '"sell"'))).toBe(true)
  expect(isFast(MATCH.replace('1099995624', '7'))).toBe(true)
  expect(isFast(MATCH.replace('1099995624', '123456789012345'))).toBe(true)
  expect(isFast(MATCH.replace('.467935Z', 'Z'))).toBe(true)
})

test.each([
  MATCH.replace('1099995624', '1234567890123456'),
  MATCH.replace('1099995624', '0'),
  MATCH.replace('1099995624', '-1'),
  MATCH.replace('1099995624', '1e3'),
  MATCH.replace('match', 'last_match'),
  MATCH.replace('"side"', ' "side"'),
  MATCH.replace('886cfa0b-c186', '886cfa"b-c186'),
  MATCH.replace('c186-48d7-872c-21e24e710159', 'c186-48d7-872c-21e24e71015\\'),
  MATCH.replace('"0.00000021"', '0.00000021'),
  MATCH.replace('84149.24', '8414\\u0039.24'),
  MATCH.replace('84149.24', '1e5'),
  MATCH.replace('136967653295', '1.5'),
  MATCH.replace('Z"}', 'Z","time":"x"}'),
  MATCH.replace('2026-09', '2026-13'),
  `${MATCH} `,
  MATCH.slice(0, -1),
  '{"type":"match","trade_id":123456789012345678901234567890123456789012345678901234567890',
])('%s does not', (frame) => {
  expect(isFast(frame)).toBe(false)
})

test('reads nothing beyond the end of a buffer, wherever the frame is cut', () => {
  for (let length = 0; length < MATCH.length; length += 1) {
    // A buffer of its own, so that a read past the end would throw.
    const bytes = new Uint8Array(encoder.encode(MATCH.slice(0, length)))
    expect(readMatch(bytes, 0, length, createTradeSlot())).toBe(false)
  }
})

const digits = fc.stringMatching(/^[0-9]{1,17}$/)
const decimals = fc.oneof(
  fc.stringMatching(/^[0-9]{1,6}\.[0-9]{1,10}$/),
  fc.constantFrom('0', '-1', '1e-8', '', 'NaN', '.', '1..2', 'é'),
)
const members = fc.record({
  type: fc.constantFrom('"match"', '"match"', '"match"', '"last_match"', '"m\\u0061tch"', '1'),
  trade_id: fc.oneof(
    fc.nat().map(String),
    digits.map((d) => `"${d}"`),
    fc.constant('null'),
  ),
  maker_order_id: fc.oneof(
    fc.uuid().map((id) => `"${id}"`),
    fc.constantFrom('"x"', `"${'\\"'.repeat(18)}"`, 'null', '{"side":"sell"}'),
  ),
  taker_order_id: fc.uuid().map((id) => `"${id}"`),
  side: fc.constantFrom('"buy"', '"sell"', '"sell"', '"SELL"', '"BUY"', '"hold"', '"bu\\u0079"'),
  size: fc.oneof(
    decimals.map((d) => `"${d}"`),
    fc.nat().map(String),
  ),
  price: fc.oneof(
    decimals.map((d) => `"${d}"`),
    fc.constantFrom('"8\\u0031.5"', 'true', '"1\\""'),
  ),
  product_id: fc.constantFrom('"BTC-USD"', '"ETH-USD"', '"A/B"', '"é"', '""', '"a\\\\b"', '1'),
  sequence: fc.oneof(fc.nat().map(String), fc.constantFrom('1e5', '-3', '"7"')),
  time: fc.oneof(
    fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((date) => `"${date.toISOString()}"`),
    fc.constantFrom('"2026-09-29T13:45:58Z"', '"0001-01-01T00:00:00.000000Z"', '"now"', '5'),
  ),
})

const frames = fc
  .tuple(
    members,
    fc.constantFrom('plain', 'plain', 'plain', 'reversed', 'doubled', 'spaced', 'fewer'),
    fc.nat(),
  )
  .map(([fields, how, where]) => {
    const list = Object.entries(fields).map(([key, value]) => `"${key}":${value}`)
    if (how === 'reversed') list.reverse()
    if (how === 'doubled') list.push(list[where % list.length] as string, '"side":"sell"')
    if (how === 'fewer') list.splice(where % list.length, 1)
    return how === 'spaced' ? `{ ${list.join(' ,\t')} }` : `{${list.join(',')}}`
  })

test('fast path, scanner and JSON.parse see the same trade in any frame', () => {
  fc.assert(fc.property(frames, agree), { numRuns: 5000 })
})

test('and in a frame with bytes changed, so long as it is JSON', () => {
  const change = fc.tuple(
    fc.nat(MATCH.length - 1),
    fc.constantFrom(...'0123456789.,:"\\{}[] -eTZ', 'buy'),
  )
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let frame = MATCH
      for (const [at, put] of changes) frame = frame.slice(0, at) + put + frame.slice(at + 1)
      const bytes = encoder.encode(frame)
      if (isOneLineJson(bytes, 0, bytes.length)) agree(frame)
      else expect(decode(frame).rejections).toMatchObject([{ reason: 'not_json' }])
    }),
    { numRuns: 5000 },
  )
})
