import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isOneLineJson } from '../../core/json/scan.ts'
import { canonicalDecimal, compareDecimal, parseDecimal } from '../../market/decimal.ts'
import { parseTimeUs } from '../../market/time.ts'
import { type Decoded, decodeAll, recordOf } from '../decoded.ts'
import { createCandleFrame, readCandleFrame } from './decode-candle.ts'
import { createTradeBatch, readTrades } from './decode-trade.ts'
import { decodeV2 } from './decode-v2.ts'

const TRADE =
  '{"symbol":"BTC/USD","side":"sell","price":63348.4,"qty":9.417e-05,"ord_type":"limit",' +
  '"trade_id":104622323,"timestamp":"2026-08-02T05:43:39.154709Z"}'
const TRADES = `{"channel":"trade","type":"update","data":[${TRADE}]}`
const CANDLE =
  '{"channel":"ohlc","type":"update","timestamp":"2026-09-10T17:35:52.114514810Z","data":[' +
  '{"symbol":"BTC/USDT","open":77499.9,"high":77509.2,"low":77467.5,"close":77509.2,"trades":15,' +
  '"volume":0.58051276,"vwap":77482.2,"interval_begin":"2026-09-10T17:35:00.000000000Z",' +
  '"interval":1,"timestamp":"2026-09-10T17:36:00.000000Z"}]}'

const encoder = new TextEncoder()
const batch = createTradeBatch()
const candle = createCandleFrame()

function isFast(frame: string): boolean {
  const bytes = encoder.encode(frame)
  const { length } = bytes
  return readTrades(bytes, 0, length, batch) || readCandleFrame(bytes, 0, length, candle)
}

function decode(frame: string): Decoded {
  return decodeAll(decodeV2, recordOf(frame, { dialect: 'kraken/v2' }))
}

/** A number as its digits, so that none is made a float. */
interface Digits {
  readonly digits: string
}

type Value = string | Digits | readonly Value[] | { readonly [key: string]: Value } | null

function parse(frame: string): Value {
  const json = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown
  return json(frame, (_key, item, { source }) =>
    typeof item === 'number' ? { digits: source } : item,
  ) as Value
}

function digitsOf(value: Value | undefined): string | null {
  const digits = (value as Partial<Digits> | null | undefined)?.digits
  return typeof digits === 'string' ? digits : null
}

function fieldsOf(value: Value | undefined): { readonly [key: string]: Value } {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as { readonly [key: string]: Value }) : {}
}

function wholeOf(value: Value | undefined): number | null {
  const digits = digitsOf(value)
  const isWhole = digits !== null && /^[0-9]{1,16}$/.test(digits)
  return isWhole && Number.isSafeInteger(Number(digits)) ? Number(digits) : null
}

function timeOf(value: Value | undefined): number | null {
  const timeUs = typeof value === 'string' ? parseTimeUs(value) : null
  return timeUs !== null && timeUs > 0 ? timeUs : null
}

function symbolOf(value: Value | undefined): string | null {
  const isSymbol = typeof value === 'string' && /^[^\s"'`\\;<>]{1,64}$/.test(value)
  const isPrintable = isSymbol && !/[^\u0021-\u007e]/.test(value)
  return isPrintable && !value.includes('..') ? value : null
}

/** What JSON.parse says a frame's trades and candles are. */
function oracle(frame: string): { trades: object[]; candles: object[] } {
  const { channel, data } = fieldsOf(parse(frame))
  const rows = Array.isArray(data) ? (data as readonly Value[]) : []
  if (channel === 'trade') {
    return { trades: rows.flatMap((row, item) => tradeOf(fieldsOf(row), item)), candles: [] }
  }
  if (channel !== 'ohlc') return { trades: [], candles: [] }
  return { trades: [], candles: rows.flatMap((row, item) => candleOf(fieldsOf(row), item)) }
}

function tradeOf(row: { readonly [key: string]: Value }, item: number): object[] {
  const [price, size] = [digitsOf(row.price), digitsOf(row.qty)]
  const { side } = row
  const [tradeId, symbol] = [wholeOf(row.trade_id), symbolOf(row.symbol)]
  const eventTimeUs = timeOf(row.timestamp)
  const isSide = side === 'buy' || side === 'sell'
  if (!tradeId || price === null || size === null || !isSide) return []
  if (symbol === null || eventTimeUs === null) return []
  const ids = { tradeId, firstId: tradeId, lastId: tradeId, tradeCount: 1 }
  return [{ item, symbol, tape: '', ...ids, eventTimeUs, side, price, size }]
}

function candleOf(row: { readonly [key: string]: Value }, item: number): object[] {
  const names = ['open', 'high', 'low', 'close', 'volume', 'vwap'] as const
  const texts = names.map((name) => canonicalDecimal(digitsOf(row[name]) ?? ''))
  const [minutes, tradeCount] = [wholeOf(row.interval), wholeOf(row.trades)]
  const [symbol, openTimeUs] = [symbolOf(row.symbol), timeOf(row.interval_begin)]
  if (texts.some((text) => text === null) || symbol === null || tradeCount === null) return []
  if (!minutes || minutes > 21_600 || openTimeUs === null || openTimeUs % 60_000_000 !== 0)
    return []
  const decimals = texts.map((text) => parseDecimal(text as string))
  const [open, high, low, close, volume, vwap] = texts as string[]
  const isLess = (a: number, b: number) => compareDecimal(decimals[a]!, decimals[b]!) < 0
  if (decimals.slice(0, 4).some((price) => price!.mantissa <= 0n)) return []
  if (decimals[4]!.mantissa < 0n || decimals.some((each) => each!.scale > 18)) return []
  if (isLess(0, 2) || isLess(3, 2) || isLess(1, 0) || isLess(1, 3) || isLess(1, 2)) return []
  const isTraded = decimals[5]!.mantissa > 0n
  const amounts = { notional: null, takerBuyVolume: null, tradeCount }
  const intervalUs = minutes * 60_000_000
  const prices = { open, high, low, close, volume, ...amounts, vwap: isTraded ? vwap : null }
  return [{ item, symbol, openTimeUs, intervalUs, ...prices, closed: false }]
}

function agree(frame: string): void {
  const direct = decode(frame)
  // A space before the frame is enough to turn the fast paths away.
  const scanned = decode(` ${frame}`)
  const moved = scanned.rejections.map((r) => ({ ...r, offset: Math.max(0, r.offset - 1) }))
  expect(direct).toEqual({ ...scanned, rejections: moved })
  const expected = oracle(frame)
  expect(direct.trades).toEqual(expected.trades)
  const open = direct.candles.map((each) => ({ ...each, closed: false }))
  expect(open).toEqual(expected.candles)
}

describe('the fast path', () => {
  test.each([
    TRADES,
    TRADES.replace('update', 'snapshot'),
    TRADES.replace('"sell"', '"buy"').replace('limit', 'market'),
    TRADES.replace('63348.4', '1E+5').replace('104622323', '123456789012345'),
    TRADES.replace(TRADE, Array(64).fill(TRADE).join()),
    CANDLE,
    CANDLE.replace('0.58051276', '5.8e-07').replace('17:35:52.114514810Z', '17:35:52Z'),
  ])('reads a frame as Kraken writes it, case %#', (frame) => {
    expect(isFast(frame)).toBe(true)
    agree(frame)
    const { trades, candles } = decode(frame)
    expect(trades.length + candles.length).toBeGreaterThan(0)
  })

  test.each([
    TRADES.replace('104622323', '1234567890123456'),
    TRADES.replace('104622323', '0'),
    TRADES.replace('104622323', '1e3'),
    TRADES.replace('"side"', ' "side"'),
    TRADES.replace('BTC/USD', 'BTC\\/USD'),
    TRADES.replace('63348.4', '"63348.4"'),
    TRADES.replace('limit', 'stop'),
    TRADES.replace('.154709Z', 'Z'),
    TRADES.replace('2026-08', '2026-13'),
    TRADES.replace(']}', '],"data":[]}'),
    TRADES.replace(']}', '],"channel":"ticker"}'),
    TRADES.replace(TRADE, ''),
    TRADES.replace(TRADE, `${TRADE},${TRADE.replace('sell', 'hold')}`),
    TRADES.replace(TRADE, Array(65).fill(TRADE).join()),
    CANDLE.replace('update', 'snapshot'),
    CANDLE.replace('"interval":1', '"interval":5'),
    CANDLE.replace('"trades":15', '"trades":1.5'),
    CANDLE.replace('17:35:00.000000000Z', '17:35:01.000000000Z'),
    CANDLE.replace('17:36:00.000000Z"', '17:36:00.000000Z","open":1,"x":"'),
    CANDLE.replace('"timestamp":"2026', '"timestamp":"\\u0032026'),
    CANDLE.replace('0.58051276', 'null'),
    `${TRADES} `,
    `${CANDLE} `,
    TRADES.slice(0, -1),
    CANDLE.slice(0, -1),
  ])('leaves all else to the scanner, case %#', (frame) => {
    expect(isFast(frame)).toBe(false)
    const bytes = encoder.encode(frame)
    if (isOneLineJson(bytes, 0, bytes.length)) agree(frame)
  })

  test('reads nothing beyond the end of a frame, wherever it is cut', () => {
    for (const whole of [TRADES, CANDLE]) {
      for (let length = 0; length < whole.length; length += 1) {
        // What follows in the buffer is the rest, which must not be read as the frame's.
        const bytes = encoder.encode(whole)
        expect(readTrades(bytes, 0, length, batch)).toBe(false)
        expect(readCandleFrame(bytes, 0, length, candle)).toBe(false)
      }
    }
  })
})

const numbers = fc.oneof(
  fc.stringMatching(/^(0|[1-9][0-9]{0,6})\.[0-9]{1,10}$/),
  fc.constantFrom('0', '-1', '1e-8', '9.417e-05', '2.5E+7', '0.0', '"1"', 'null', '77509.2'),
  fc.stringMatching(/^[1-9][0-9]{10,18}\.[0-9]{1,19}$/),
)
const wholes = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('0', '1.5', '"7"', '12345678901234567', '-3', '1e3'),
)
const times = fc.oneof(
  fc
    .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
    .map((date) => date.toISOString().replace('Z', '000Z')),
  fc.constantFrom('2026-09-29T13:45:00.000000Z', '2026-09-29T13:45:00Z', 'now', 'a\\"b'),
)
const symbols = fc.constantFrom('"BTC/USD"', '"BTC\\/USD"', '"A..B"', '""', '"é"', '1', '"X"')

const trades = fc
  .record({
    symbol: symbols,
    side: fc.constantFrom('"buy"', '"sell"', '"sell"', '"BUY"', '"s\\u0065ll"'),
    price: numbers,
    qty: numbers,
    ord_type: fc.constantFrom('"limit"', '"market"', '"x"', '{"trade_id":5}'),
    trade_id: wholes,
    timestamp: times.map((time) => `"${time}"`),
  })
  .map((fields) => Object.entries(fields).map(([key, value]) => `"${key}":${value}`))

const minutes = fc
  .integer({ min: 20_000_000, max: 35_000_000 })
  .map((minute) => new Date(minute * 60_000).toISOString().replace('.000Z', '.000000000Z'))

const candles = fc
  .record({
    symbol: symbols,
    open: numbers,
    high: numbers,
    low: numbers,
    close: numbers,
    trades: wholes,
    volume: numbers,
    vwap: numbers,
    interval_begin: fc.oneof(minutes, minutes, times).map((time) => `"${time}"`),
    interval: fc.constantFrom('1', '1', '5', '0', '21601'),
    timestamp: times.map((time) => `"${time}"`),
  })
  .map((fields) => Object.entries(fields).map(([key, value]) => `"${key}":${value}`))

const how = fc.constantFrom('plain', 'plain', 'plain', 'reversed', 'doubled', 'spaced', 'fewer')

function write(members: readonly string[], style: string, where: number): string {
  const list = [...members]
  if (style === 'reversed') list.reverse()
  if (style === 'doubled') list.push(list[where % list.length] as string)
  if (style === 'fewer') list.splice(where % list.length, 1)
  return style === 'spaced' ? `{ ${list.join(' ,\t')} }` : `{${list.join(',')}}`
}

const frames = fc
  .record({
    rows: fc.oneof(
      fc.array(trades, { maxLength: 3 }).map((rows) => ({ channel: 'trade', rows })),
      fc.array(candles, { maxLength: 2 }).map((rows) => ({ channel: 'ohlc', rows })),
    ),
    type: fc.constantFrom('update', 'update', 'snapshot'),
    style: how,
    where: fc.nat(),
  })
  .map(({ rows: { channel, rows }, type, style, where }) => {
    const sent = channel === 'ohlc' ? '"timestamp":"2026-09-10T17:35:52.114514810Z",' : ''
    const data = rows.map((row) => write(row, style, where)).join()
    return `{"channel":"${channel}","type":"${type}",${sent}"data":[${data}]}`
  })

test('fast path, scanner and JSON.parse see the same in any frame', () => {
  fc.assert(fc.property(frames, agree), { numRuns: 3000 })
})

test('and in a frame with bytes changed, so long as it is JSON', () => {
  const whole = fc.constantFrom(TRADES, CANDLE, TRADES.replace(TRADE, `${TRADE},${TRADE}`))
  const change = fc.tuple(fc.nat(), fc.constantFrom(...'0123456789.,:"\\{}[] -eTZ', 'buy'))
  const changes = fc.array(change, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(whole, changes, (frame, list) => {
      let changed = frame
      for (const [place, put] of list) {
        const at = place % changed.length
        changed = changed.slice(0, at) + put + changed.slice(at + 1)
      }
      const bytes = encoder.encode(changed)
      if (isOneLineJson(bytes, 0, bytes.length)) agree(changed)
      else expect(decode(changed).rejections).toMatchObject([{ reason: 'not_json' }])
    }),
    { numRuns: 3000 },
  )
})
