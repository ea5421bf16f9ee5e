import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NewRecord, Origin, RawRecord } from '../../market/record.ts'
import { createLineEncoder, payloadForm } from './encode.ts'
import { parseLine } from './parse-line.ts'
import { forEachRecord, readRecord } from './read-record.ts'
import { copyRecord, createRecordSlot } from './slot.ts'

function lineOf(record: NewRecord, pos: number): Buffer {
  const encoder = createLineEncoder()
  const target = Buffer.alloc(encoder.prepare(record, pos))
  return target.subarray(0, encoder.write(target, 0))
}

function payloadOf(record: RawRecord): Buffer {
  return Buffer.from(record.bytes.subarray(record.start, record.end))
}

/** Reads one line both ways, as plain values. */
function readBothWays(line: Buffer): { fast: unknown; slow: unknown } {
  const read = (how: typeof readRecord) => {
    const slot = createRecordSlot()
    const end = line.at(-1) === 0x0a ? line.length - 1 : line.length
    if (!how(line, 0, end, slot)) return null
    return { ...slot, bytes: null, start: 0, end: 0, payload: payloadOf(slot).toString('latin1') }
  }
  return { fast: read(readRecord), slow: read(parseLine) }
}

const anyText = fc.oneof(
  fc.string(),
  // Any code point, half a surrogate pair included.
  fc.string({ unit: fc.integer({ min: 0, max: 0x10ffff }).map((n) => String.fromCodePoint(n)) }),
  fc.constantFrom('', 'BTC-USD', '"', '\\', 'a\nb', '\u2028', '../../etc', '__proto__', ':1'),
)
const anyJson = fc.json().map((text) => Buffer.from(text))
const anyPayload = fc.oneof(
  anyJson,
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  anyText.map((text) => Buffer.from(text)),
  fc
    .constantFrom('{"a":1}\n', ' {"a":1} ', '[1e400]', '{"a":}', 'null', '{"commit":{}}')
    .map((text) => Buffer.from(text)),
)
const anyRequest = fc.oneof(
  fc.constant(null),
  fc.record(
    {
      url: anyText,
      status: fc.nat(),
      headers: fc.dictionary(fc.constantFrom('cb-after', 'date'), anyText),
    },
    { requiredKeys: ['url'] },
  ),
)
const anyRecord: fc.Arbitrary<NewRecord> = fc.record({
  dialect: fc.constantFrom('coinbase/exchange', 'coinbase/advanced', 'assay/self'),
  channel: fc.oneof(fc.constantFrom('matches', 'heartbeat'), anyText),
  symbol: fc.oneof(fc.constant(null), fc.constantFrom('BTC-USD', 'BTC-USDT'), anyText),
  origin: fc.constantFrom<Origin>('ws', 'rest', 'import', 'self'),
  receivedTimeUs: fc.maxSafeNat(),
  conn: fc.oneof(fc.constantFrom('c-1', 'c-2'), anyText),
  frame: fc.maxSafeNat(),
  request: anyRequest,
  payload: anyPayload,
})

describe('a log line', () => {
  test('gives back its record, payload byte for byte, whichever way it is read', () => {
    fc.assert(
      fc.property(anyRecord, fc.maxSafeNat(), (record, pos) => {
        const line = lineOf(record, pos)
        expect(line.indexOf(0x0a)).toBe(line.length - 1)
        const { payload, ...header } = record
        const { fast, slow } = readBothWays(line)
        const wellFormed = JSON.parse(JSON.stringify({ ...header, pos }))
        expect(fast).toMatchObject({
          ...wellFormed,
          payload: Buffer.from(payload).toString('latin1'),
        })
        expect(slow).toEqual(fast)
      }),
      { numRuns: 500 },
    )
  })

  test('is the same whatever its encoder wrote before it', () => {
    const few = fc.array(anyRecord, { maxLength: 3 })
    fc.assert(
      fc.property(few, fc.array(fc.nat(2), { maxLength: 12 }), (records, order) => {
        const encoder = createLineEncoder()
        for (const [pos, at] of order.entries()) {
          const record = records[at]
          if (record === undefined) continue
          const line = Buffer.alloc(encoder.prepare(record, pos))
          expect(line.subarray(0, encoder.write(line, 0))).toEqual(lineOf(record, pos))
        }
      }),
    )
  })

  test('is valid JSON that any tool reads', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const line = JSON.parse(lineOf(record, 7).toString()) as Record<string, unknown>
        expect(line.pos).toBe(7)
        expect(Object.keys(line).at(-1)).toMatch(/^(data|text|bytes)$/)
      }),
    )
  })

  test('is read the same once its keys are shuffled and blanks put between', () => {
    fc.assert(
      fc.property(
        anyRecord,
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        (record, order) => {
          const line = lineOf({ ...record, payload: Buffer.from('{"a":[1,"}",{}]}') }, 3)
          const members = Object.entries(JSON.parse(line.toString()) as Record<string, unknown>)
          const moved = order.map((index) => members[index] as [string, unknown])
          const rest = members.slice(8)
          const text = [...moved, ...rest]
            .map(([key, value]) => ` ${JSON.stringify(key)} :${JSON.stringify(value)}`)
            .join(' ,')
          expect(readBothWays(Buffer.from(`{${text}}`)).fast).toEqual(readBothWays(line).fast)
        },
      ),
    )
  })

  test('that is damaged anywhere is read without throwing', () => {
    const record = { ...base, request: { url: '/products/BTC-USD/trades', status: 200 } }
    const line = lineOf({ ...record, payload: Buffer.from('{"price":"1.5"}') }, 12)
    for (let at = 0; at < line.length - 1; at++) {
      for (const byte of [0x00, 0x22, 0x5c, 0x7d, 0xff]) {
        const hurt = Buffer.from(line)
        hurt[at] = byte
        expect(() => readBothWays(hurt)).not.toThrow()
        expect(() => readBothWays(hurt.subarray(0, at))).not.toThrow()
      }
    }
  })
})

const base: NewRecord = {
  dialect: 'coinbase/exchange',
  channel: 'matches',
  symbol: 'BTC-USD',
  origin: 'ws',
  receivedTimeUs: 1_790_689_558_500_123,
  conn: 'c-1',
  frame: 7,
  request: null,
  payload: Buffer.from('{}'),
}

describe('the form of a payload', () => {
  test.each([
    ['{"a":1}', 'json'],
    [' [1, 2] ', 'json'],
    ['', 'text'],
    ['{"a":1}\n', 'text'],
    ['{"a":\r1}', 'text'],
    ['{"a":NaN}', 'text'],
    ['time,price\n1,2', 'text'],
  ])('of %j is %s', (text, form) => {
    expect(payloadForm(Buffer.from(text))).toBe(form)
  })

  test('of bytes that are no UTF-8 is bytes, even where they would be JSON', () => {
    expect(payloadForm(Buffer.from([0x22, 0xff, 0x22]))).toBe('bytes')
    expect(payloadForm(Buffer.from([0x1f, 0x8b]))).toBe('bytes')
  })
})

describe('reading a block', () => {
  test('tells records with near-equal headers apart', () => {
    const symbols = ['BTC-USDT-1', 'BTC-USDT-2', 'BTC-USDT-LONG-1', 'BTC-USDT-LONG-2', null, 'null']
    const lines: Buffer[] = []
    const wanted: unknown[] = []
    for (let pos = 0; pos < 600; pos++) {
      const symbol = symbols[(pos * 5) % 6] ?? null
      const [channel, conn] = [pos % 7 === 0 ? 'ticker' : 'matches', `c-${pos % 40}`]
      lines.push(lineOf({ ...base, symbol, channel, conn, frame: pos }, pos))
      wanted.push([pos, symbol, channel, conn, pos])
    }
    const bytes = Buffer.concat(lines)
    const found: unknown[] = []
    forEachRecord({ bytes, start: 0, end: bytes.length }, (record) => {
      found.push([record.pos, record.symbol, record.channel, record.conn, record.frame])
    })
    expect(found).toEqual(wanted)
  })

  test('passes over commit lines and what is no record', () => {
    const bytes = Buffer.concat([
      lineOf(base, 0),
      Buffer.from('{"commit":{"pos":0,"count":1,"bytes":9,"crc32":"00000000"}}\nrubbish\n\n'),
      lineOf(base, 1),
    ])
    const found: number[] = []
    forEachRecord({ bytes, start: 0, end: bytes.length }, (record) => found.push(record.pos))
    expect(found).toEqual([0, 1])
  })

  test('lends one record, of which a copy can be kept', () => {
    const bytes = Buffer.concat([
      lineOf(base, 0),
      lineOf({ ...base, payload: Buffer.from('[1]') }, 1),
    ])
    const lent = new Set<RawRecord>()
    const kept: RawRecord[] = []
    forEachRecord({ bytes, start: 0, end: bytes.length }, (record) => {
      lent.add(record)
      kept.push(copyRecord(record))
    })
    bytes.fill(0)
    expect(lent.size).toBe(1)
    expect(kept.map((record) => payloadOf(record).toString())).toEqual(['{}', '[1]'])
  })
})
