import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createFieldScanner,
  FIELD,
  firstElement,
  NO_ELEMENT,
  NOT_SCANNED,
  nextElement,
  plainJson,
  scanFields,
  scanObject,
  skipValue,
} from './scan.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const NAMES = ['type', 'trade_id', 'side', 'size', 'price', 'time', 'a', '__proto__', 'product_id']

/** A string written with as many escapes as chance likes, all of which mean the same. */
function writeString(text: string, escapes: () => boolean): string {
  let out = ''
  for (const unit of text.split('')) {
    const code = unit.charCodeAt(0)
    const surrogate = code >= 0xd800 && code <= 0xdfff
    if (surrogate || escapes()) out += `\\u${code.toString(16).padStart(4, '0')}`
    else out += JSON.stringify(unit).slice(1, -1)
  }
  return `"${out}"`
}

/** One JSON object as text, with duplicate keys, white space and escapes. */
const objects = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 12 })),
        fc.oneof(
          fc.json({ maxDepth: 3 }),
          fc.string({ unit: 'binary', maxLength: 20 }).map((s) => writeString(s, () => false)),
          fc.constantFrom(
            '1e400',
            '-0',
            '0.10',
            '12345678901234567890',
            'true',
            'null',
            '{}',
            '[]',
          ),
        ),
      ),
      { maxLength: 12 },
    ),
    fc.infiniteStream(fc.constantFrom('', '', '', ' ', '\t', '\n', ' \r\n ')),
    fc.infiniteStream(fc.integer({ min: 0, max: 40 })),
  )
  .map(([members, spaces, dice]) => {
    const space = () => spaces.next().value as string
    const rarely = () => dice.next().value === 0
    const body = members.map(
      ([key, value]) =>
        `${space()}${writeString(key, rarely)}${space()}:${space()}${value}${space()}`,
    )
    return `${space()}{${body.join(',')}${body.length === 0 ? space() : ''}}${space()}`
  })

/** What JSON.parse says of each wanted field: its source text for numbers, else its value. */
function oracle(text: string): Map<string, string> {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => Record<string, unknown>
  const whole = JSON.parse(text) as Record<string, unknown>
  const sourced = parse(text, (_key, value, { source }) =>
    typeof value === 'number' ? `number ${source}` : value,
  )
  const fields = new Map<string, string>()
  for (const name of NAMES) {
    if (!Object.hasOwn(whole, name)) continue
    const value = whole[name]
    if (typeof value === 'number') fields.set(name, String(sourced[name]))
    else fields.set(name, JSON.stringify(value))
  }
  return fields
}

function scanned(text: string): Map<string, string> | null {
  const prefix = '[1,'
  const bytes = encoder.encode(`${prefix}${text}]`)
  const scanner = createFieldScanner(NAMES)
  const after = scanFields(scanner, bytes, prefix.length, bytes.length - 1)
  if (after === NOT_SCANNED) return null
  expect(decoder.decode(bytes.subarray(after, bytes.length - 1)).trim()).toBe('')
  const fields = new Map<string, string>()
  NAMES.forEach((name, i) => {
    const source = decoder.decode(bytes.subarray(scanner.starts[i], scanner.ends[i]))
    const kind = scanner.kinds[i]
    if (kind === FIELD.absent) return
    if (kind === FIELD.number) fields.set(name, `number ${source}`)
    else if (kind === FIELD.string) fields.set(name, JSON.stringify(source))
    else if (kind === FIELD.escaped) fields.set(name, JSON.stringify(JSON.parse(`"${source}"`)))
    else fields.set(name, JSON.stringify(JSON.parse(source)))
  })
  return fields
}

describe('scanFields', () => {
  test('agrees with JSON.parse on every wanted field of any object', () => {
    fc.assert(
      fc.property(objects, (text) => {
        const fields = scanned(text)
        if (fields !== null) expect(fields).toEqual(oracle(text))
        else expect(text).toContain('\\')
      }),
      { numRuns: 3000 },
    )
  })

  test('agrees with JSON.parse on the plain form of every object', () => {
    fc.assert(
      fc.property(objects, (text) => {
        const bytes = encoder.encode(text)
        const plain = decoder.decode(plainJson(bytes, 0, bytes.length) as Uint8Array)
        expect(scanned(plain)).toEqual(oracle(text))
      }),
      { numRuns: 1000 },
    )
  })

  test('takes the last of two equal keys, and __proto__ for a key like any other', () => {
    expect(scanned('{"a":1,"__proto__":{"a":9},"a":2}')).toEqual(
      new Map([
        ['a', 'number 2'],
        ['__proto__', '{"a":9}'],
      ]),
    )
  })

  test('does not look inside nested values', () => {
    expect(scanned('{"x":{"a":1,"y":"}{"},"z":[{"a":2}],"a":"]"}')).toEqual(new Map([['a', '"]"']]))
  })

  test('passes over 200,000 levels of nesting', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(scanned(`{"x":${deep},"a":7}`)).toEqual(new Map([['a', 'number 7']]))
  })

  test('leaves a key with an escape to JSON.parse', () => {
    expect(scanned('{"\\u0061":1}')).toBeNull()
  })

  test('answers damaged text with no scan or with ranges inside it, and never throws', () => {
    const scanner = createFieldScanner(NAMES)
    fc.assert(
      fc.property(objects, fc.nat(), fc.nat(255), fc.nat(), (text, where, byte, cut) => {
        const bytes = encoder.encode(text)
        bytes[where % bytes.length] = byte
        const end = bytes.length - (cut % 3)
        const after = scanFields(scanner, bytes, 0, end)
        expect(after).toBeLessThanOrEqual(end)
        if (after === NOT_SCANNED) return
        NAMES.forEach((_, i) => {
          if (scanner.kinds[i] === FIELD.absent) return
          expect(scanner.starts[i]).toBeGreaterThan(0)
          expect(scanner.starts[i]).toBeLessThanOrEqual(scanner.ends[i] as number)
          expect(scanner.ends[i]).toBeLessThan(end)
        })
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    '',
    ' ',
    '[]',
    '"a"',
    '1',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a" 1}',
    '{a:1}',
  ])('finds no object in %j', (text) => {
    const bytes = encoder.encode(text)
    const scanner = createFieldScanner(NAMES)
    expect(scanFields(scanner, bytes, 0, bytes.length)).toBe(NOT_SCANNED)
  })
})

describe('scanObject', () => {
  test('finds every field of any object, and the end of the object', () => {
    fc.assert(
      fc.property(objects, fc.constantFrom('', ',"\\u0041"]', ' {"a":0}'), (text, rest) => {
        const bytes = encoder.encode(text + rest)
        const scanner = createFieldScanner(NAMES)
        const scannedBytes = scanObject(scanner, bytes, 0, bytes.length)
        const length = encoder.encode(text.trimEnd()).length
        expect(scanner.after).toBe(length)
        const wanted = oracle(text)
        NAMES.forEach((name, i) => {
          const kind = scanner.kinds[i]
          expect(kind === FIELD.absent).toBe(!wanted.has(name))
          if (kind !== FIELD.string) return
          const source = scannedBytes?.subarray(scanner.starts[i], scanner.ends[i])
          expect(JSON.stringify(decoder.decode(source))).toBe(wanted.get(name))
        })
      }),
      { numRuns: 1000 },
    )
  })

  test('finds no object where there is none, or half of one', () => {
    for (const text of ['', '[]', '5', '{"a":"\\u0041"', '{"\\u0041":']) {
      const bytes = encoder.encode(text)
      expect(scanObject(createFieldScanner(NAMES), bytes, 0, bytes.length)).toBeNull()
    }
  })
})

describe('elements', () => {
  test('are the elements of the array, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.json({ maxDepth: 2 }), { maxLength: 8 }),
        fc.constantFrom('', ' ', '\n\t'),
        (list, space) => {
          const text = `${space}[${space}${list.join(`${space},${space}`)}${space}]`
          const bytes = encoder.encode(text)
          const found: unknown[] = []
          let at = firstElement(bytes, 0, bytes.length)
          while (at >= 0) {
            const after = skipValue(bytes, at, bytes.length)
            found.push(JSON.parse(decoder.decode(bytes.subarray(at, after))))
            at = nextElement(bytes, after, bytes.length)
          }
          expect(at).toBe(NO_ELEMENT)
          expect(found).toEqual(JSON.parse(text))
        },
      ),
    )
  })

  test.each(['', '{}', '1', '[', '[ ', '[1', '[1 2]', '[1,'])('of %j are not to be had', (text) => {
    const bytes = encoder.encode(text)
    let at = firstElement(bytes, 0, bytes.length)
    while (at >= 0) {
      const after = skipValue(bytes, at, bytes.length)
      at = after < 0 ? after : nextElement(bytes, after, bytes.length)
    }
    expect(at).toBe(NOT_SCANNED)
  })
})

describe('plainJson', () => {
  test('keeps the digits of numbers', () => {
    const bytes = encoder.encode(' { "a" : 0.10 , "b":1e400,\n"c":12345678901234567890 }')
    expect(decoder.decode(plainJson(bytes, 0, bytes.length) as Uint8Array)).toBe(
      '{"a":0.10,"b":1e400,"c":12345678901234567890}',
    )
  })

  test('is null for what is no JSON', () => {
    for (const text of ['', '{', '{"a":1}x', '\ufeff1', 'NaN']) {
      const bytes = encoder.encode(text)
      expect(plainJson(bytes, 0, bytes.length)).toBeNull()
    }
  })
})

test('names that share a hash are told apart, as long ones that differ by a digit do', () => {
  const names = ['change_percentage_1h_in_currency', 'change_percentage_7d_in_currency']
  const scanner = createFieldScanner([...names, 'price'])
  const bytes = new TextEncoder().encode(`{"${names[1]}":7,"change_percentage_3h_in_currency":3}`)
  expect(scanFields(scanner, bytes, 0, bytes.length)).toBe(bytes.length)
  expect([...scanner.kinds]).toEqual([FIELD.absent, FIELD.number, FIELD.absent])
  expect(bytes[scanner.starts[1] as number]).toBe(0x37)
})

test('a scanner refuses names it could not tell apart', () => {
  expect(() => createFieldScanner([])).toThrow()
  expect(() => createFieldScanner(['a', 'a'])).toThrow()
  expect(() => createFieldScanner(['é'])).toThrow()
})
